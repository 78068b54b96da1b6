// SPDX-License-Identifier: BSD-2-Clause
#include "observe/expression.h"

#include <fmt/format.h>

#include <algorithm>

#include "observe/libpcap.h"

namespace xdpctl::observe {

namespace {

constexpr int snapshot_length = 262144;  // all of every frame

struct ClosePcap {
    void operator()(pcap_t* pcap) const { libpcap().close(pcap); }
};

}  // namespace

void Expression::Free::operator()(bpf_program* program) const {
    libpcap().freecode(program);
    delete program;
}

Expression::Expression(std::string text, std::unique_ptr<bpf_program, Free> program)
    : text_(std::move(text)), program_(std::move(program)) {}

Result<Expression> Expression::compile(const std::string& text) {
    XDPCTL_TRY(load_libpcap());
    const std::unique_ptr<pcap_t, ClosePcap> pcap(libpcap().open_dead(DLT_EN10MB, snapshot_length));
    if (!pcap)
        return fail(ErrorKind::Failed, "cannot compile the filter", "out of memory");
    std::unique_ptr<bpf_program, Free> program(new bpf_program{});
    constexpr int optimize = 1;
    if (libpcap().compile(pcap.get(), program.get(), text.c_str(), optimize, PCAP_NETMASK_UNKNOWN) != 0)
        return fail(ErrorKind::Input, fmt::format("'{}' is no filter expression", text), libpcap().geterr(pcap.get()),
                    "pcap-filter(7) has the language, such as: host 192.0.2.1 and tcp port 22");
    return Expression(text, std::move(program));
}

std::vector<sock_filter> Expression::instructions() const {
    std::vector<sock_filter> out;
    const std::span<const struct bpf_insn> code(program_->bf_insns, program_->bf_len);
    std::ranges::transform(code, std::back_inserter(out), [](const struct bpf_insn& instruction) {
        return sock_filter{instruction.code, instruction.jt, instruction.jf, instruction.k};
    });
    return out;
}

bool Expression::matches(std::span<const std::byte> frame, std::uint32_t length) const {
    pcap_pkthdr header{};
    header.caplen = static_cast<bpf_u_int32>(frame.size());
    header.len = length;
    return libpcap().offline_filter(program_.get(), &header, reinterpret_cast<const u_char*>(frame.data())) != 0;
}

}  // namespace xdpctl::observe
