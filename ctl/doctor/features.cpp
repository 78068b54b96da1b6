// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/features.h"

#include "doctor/examine.h"
#include "kernel/libxdp.h"
#include "kernel/load.h"
#include "kernel/tcx.h"

namespace xdpctl::doctor {

namespace {

// The loopback device is in every network namespace.
constexpr IfIndex loopback{1};

bool tcx_supported() {
    const auto programs = kernel::tcx_programs(loopback, ruleset::Hook::Ingress);
    return programs || programs.error().kind != ErrorKind::Unsupported;
}

struct Feature {
    const char* check;
    bool (*supported)();
    const char* present;
    Severity severity;  // of its absence
    const char* absent;
    const char* meaning;
};

constexpr Feature features[] = {
    {"frags", kernel::xdp_frags_supported, "XDP takes frames in several buffers", Severity::Note,
     "XDP takes frames in one buffer only", "an MTU above 3498 or so needs --mode tc or generic; Linux 5.18 has it"},
    {"may-goto", kernel::may_goto_supported, "programs may loop: large chains become tables", Severity::Note,
     "programs may not loop freely",
     "chains of more than 400 rules become tables only if every rule has a verdict; Linux 6.9 has it"},
    {"tcx", tcx_supported, "TCX", Severity::Note, "no TCX",
     "TC programs are filters of the clsact qdisc instead, which works as well; Linux 6.6 has it"},
    {"ring-buffer", kernel::ring_buffers_supported, "ring buffers", Severity::Warning, "no ring buffers",
     "events cannot be reported; Linux 5.8 has it"},
    {"batches", kernel::per_cpu_batches_supported, "counters are read in one call", Severity::Note,
     "counters are read one by one", "'xdpctl stats' takes longer; Linux 5.13 has it"},
    {"live-frames", kernel::live_frames_supported, "test runs can send frames", Severity::Note,
     "test runs cannot send frames", "only benchmarks need it; Linux 5.18 has it"},
    {"dispatcher", kernel::dispatcher_usable, "libxdp's dispatcher: the XDP hook can be shared", Severity::Note,
     "libxdp's dispatcher does not work here",
     "xdpctl needs the XDP hook for itself; other tools can use --mode tc beside it, or xdpctl can"},
};

}  // namespace

Section examine_features() {
    Section section{.subject = "kernel features", .findings = {}};
    for (const Feature& feature : features) {
        if (feature.supported())
            section.ok(feature.check, feature.present);
        else
            section.add(feature.severity, feature.check, feature.absent, feature.meaning);
    }
    return section;
}

}  // namespace xdpctl::doctor
