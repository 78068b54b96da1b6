// SPDX-License-Identifier: BSD-2-Clause
#include "cli/live_capture.h"

#include <fmt/format.h>

#include <array>

#include "kernel/interface.h"
#include "observe/libpcap.h"

namespace xdpctl::cli {

namespace {

using observe::libpcap;

constexpr int snapshot_length = 262144;
constexpr int buffer_size = 16 << 20;  // frames that wait to be read

Status set_filter(pcap_t* pcap, const std::string& expression) {
    bpf_program program{};
    if (libpcap().compile(pcap, &program, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
        return fail(ErrorKind::Input, fmt::format("'{}' is no expression that libpcap knows", expression),
                    libpcap().geterr(pcap), "pcap-filter(7) describes them: tcp port 22 and host 192.0.2.1");
    const int result = libpcap().setfilter(pcap, &program);
    libpcap().freecode(&program);
    if (result != 0)
        return fail(ErrorKind::Failed, "cannot set the filter", libpcap().geterr(pcap));
    return {};
}

Status activate(pcap_t* pcap, const std::string& what) {
    libpcap().set_snaplen(pcap, snapshot_length);
    libpcap().set_buffer_size(pcap, buffer_size);
    libpcap().set_immediate_mode(pcap, 1);
    const int result = libpcap().activate(pcap);
    if (result >= 0)
        return {};
    const ErrorKind kind = result == PCAP_ERROR_NO_SUCH_DEVICE ? ErrorKind::NotFound
                           : result == PCAP_ERROR_PERM_DENIED || result == PCAP_ERROR_PROMISC_PERM_DENIED
                               ? ErrorKind::Privilege
                               : ErrorKind::Failed;
    const std::string_view detail = libpcap().geterr(pcap);
    return fail(kind, what, detail.empty() ? libpcap().statustostr(result) : std::string(detail));
}

}  // namespace

Result<LiveCapture> LiveCapture::open(const std::string& interface, ruleset::Hook direction,
                                      const std::string& expression) {
    const std::string what = fmt::format("cannot capture on {}", interface);
    if (auto found = kernel::find_interface(interface); !found)
        return std::unexpected(std::move(found).error());
    XDPCTL_TRY(observe::load_libpcap());
    std::array<char, PCAP_ERRBUF_SIZE> message{};
    std::unique_ptr<pcap, ClosePcap> pcap(libpcap().create(interface.c_str(), message.data()));
    if (pcap == nullptr)
        return fail(ErrorKind::Failed, what, message.data());
    XDPCTL_TRY(activate(pcap.get(), what));
    if (libpcap().datalink(pcap.get()) != DLT_EN10MB)
        return fail(ErrorKind::Input, what, "it has no Ethernet frames");
    const auto frames = direction == ruleset::Hook::Egress ? PCAP_D_OUT : PCAP_D_IN;
    if (libpcap().setdirection(pcap.get(), frames) != 0 || libpcap().setnonblock(pcap.get(), 1, message.data()) != 0)
        return fail(ErrorKind::Failed, what, libpcap().geterr(pcap.get()));
    XDPCTL_TRY(set_filter(pcap.get(), expression));
    return LiveCapture(interface, std::move(pcap));
}

Result<std::optional<CapturedFrame>> LiveCapture::next() {
    pcap_pkthdr* header = nullptr;
    const u_char* data = nullptr;
    switch (libpcap().next_ex(pcap_.get(), &header, &data)) {
    case 1:
        return CapturedFrame{header->ts, header->len, std::as_bytes(std::span(data, header->caplen))};
    case 0:
        return std::nullopt;
    default:
        return fail(ErrorKind::Failed, fmt::format("cannot capture on {}", interface_), libpcap().geterr(pcap_.get()));
    }
}

int LiveCapture::descriptor() const {
    return libpcap().get_selectable_fd(pcap_.get());
}

std::uint64_t LiveCapture::lost() const {
    pcap_stat statistics{};
    return libpcap().stats(pcap_.get(), &statistics) == 0 ? statistics.ps_drop : 0;
}

}  // namespace xdpctl::cli
