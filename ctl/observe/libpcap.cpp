// SPDX-License-Identifier: BSD-2-Clause
#include "observe/libpcap.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace xdpctl::observe {

namespace {

Result<Libpcap> load() {
    const auto failed = [] {
        const char* cause = dlerror();
        return fail(ErrorKind::Failed, "cannot load libpcap", cause == nullptr ? "" : cause,
                    "install it, Debian's package is libpcap0.8");
    };
    void* library = dlopen(XDPCTL_LIBPCAP, RTLD_NOW | RTLD_LOCAL);  // until the process ends
    if (library == nullptr)
        return failed();
    const auto find = [library](auto& function, const char* name) {
        function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
        return function != nullptr;
    };
    Libpcap out{};
    const bool complete =
        find(out.activate, "pcap_activate") && find(out.close, "pcap_close") && find(out.compile, "pcap_compile") &&
        find(out.create, "pcap_create") && find(out.datalink, "pcap_datalink") &&
        find(out.datalink_val_to_name, "pcap_datalink_val_to_name") && find(out.dump, "pcap_dump") &&
        find(out.dump_close, "pcap_dump_close") && find(out.dump_file, "pcap_dump_file") &&
        find(out.dump_flush, "pcap_dump_flush") && find(out.dump_open, "pcap_dump_open") &&
        find(out.fopen_offline_with_tstamp_precision, "pcap_fopen_offline_with_tstamp_precision") &&
        find(out.freecode, "pcap_freecode") && find(out.geterr, "pcap_geterr") &&
        find(out.get_selectable_fd, "pcap_get_selectable_fd") && find(out.next_ex, "pcap_next_ex") &&
        find(out.offline_filter, "pcap_offline_filter") && find(out.open_dead, "pcap_open_dead") &&
        find(out.open_dead_with_tstamp_precision, "pcap_open_dead_with_tstamp_precision") &&
        find(out.set_buffer_size, "pcap_set_buffer_size") && find(out.set_immediate_mode, "pcap_set_immediate_mode") &&
        find(out.set_snaplen, "pcap_set_snaplen") && find(out.setdirection, "pcap_setdirection") &&
        find(out.setfilter, "pcap_setfilter") && find(out.setnonblock, "pcap_setnonblock") &&
        find(out.stats, "pcap_stats") && find(out.statustostr, "pcap_statustostr");
    if (!complete)
        return failed();
    return out;
}

const Result<Libpcap>& loaded() {
    static const Result<Libpcap> library = load();
    return library;
}

}  // namespace

Status load_libpcap() {
    if (!loaded())
        return std::unexpected(loaded().error());
    return {};
}

const Libpcap& libpcap() {
    return *loaded();
}

}  // namespace xdpctl::observe
