// SPDX-License-Identifier: BSD-2-Clause
#include "cli/capture.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "observe/libpcap.h"

namespace xdpctl::cli {

namespace {

using observe::libpcap;

constexpr int snapshot_length = 262144;  // the largest that libpcap accepts in a file

}  // namespace

void ClosePcap::operator()(pcap* capture) const {
    libpcap().close(capture);
}

void ClosePcap::operator()(pcap_dumper* dumper) const {
    libpcap().dump_close(dumper);
}

Result<CaptureReader> CaptureReader::open(const std::string& path) {
    XDPCTL_TRY(observe::load_libpcap());
    std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "re");
    if (file == nullptr)
        return fail_errno(errno, fmt::format("cannot open {}", path));
    std::array<char, PCAP_ERRBUF_SIZE> message{};
    pcap_t* pcap = libpcap().fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, message.data());
    if (pcap == nullptr) {
        if (file != stdin)
            std::fclose(file);
        return fail(ErrorKind::Input, fmt::format("cannot read {} as a capture", path), message.data());
    }
    CaptureReader reader(path, pcap);
    if (const int type = libpcap().datalink(pcap); type != DLT_EN10MB) {
        const char* name = libpcap().datalink_val_to_name(type);
        return fail(ErrorKind::Input, fmt::format("{} is no capture of Ethernet frames", path),
                    fmt::format("its link type is {}", name != nullptr ? name : std::to_string(type)),
                    "capture on an Ethernet interface rather than on 'any'");
    }
    return reader;
}

Result<std::optional<CapturedFrame>> CaptureReader::next() {
    pcap_pkthdr* header = nullptr;
    const u_char* data = nullptr;
    switch (libpcap().next_ex(pcap_.get(), &header, &data)) {
    case 1:
        return CapturedFrame{header->ts, header->len, std::as_bytes(std::span(data, header->caplen))};
    case PCAP_ERROR_BREAK:
        return std::nullopt;
    default:
        return fail(ErrorKind::Input, fmt::format("{} is damaged", path_), libpcap().geterr(pcap_.get()));
    }
}

Result<CaptureWriter> CaptureWriter::create(const std::string& path) {
    XDPCTL_TRY(observe::load_libpcap());
    pcap_t* pcap = libpcap().open_dead_with_tstamp_precision(DLT_EN10MB, snapshot_length, PCAP_TSTAMP_PRECISION_NANO);
    if (pcap == nullptr)
        return fail(ErrorKind::Failed, fmt::format("cannot write {}", path), "out of memory");
    std::unique_ptr<pcap_t, ClosePcap> owner(pcap);
    pcap_dumper_t* dumper = libpcap().dump_open(pcap, path.c_str());
    if (dumper == nullptr)
        return fail(ErrorKind::Failed, "cannot write the capture of accepted packets", libpcap().geterr(pcap));
    return CaptureWriter(path, owner.release(), dumper);
}

void CaptureWriter::write(const timeval& time, std::span<const std::byte> bytes) {
    const auto length = static_cast<bpf_u_int32>(bytes.size());
    const pcap_pkthdr header{.ts = time, .caplen = length, .len = length};
    libpcap().dump(reinterpret_cast<u_char*>(dumper_.get()), &header, reinterpret_cast<const u_char*>(bytes.data()));
}

Status CaptureWriter::finish() {
    const bool flushed = libpcap().dump_flush(dumper_.get()) == 0;
    if (!flushed || std::ferror(libpcap().dump_file(dumper_.get())) != 0)
        return fail_errno(errno, fmt::format("cannot write {}", path_));
    return {};
}

}  // namespace xdpctl::cli
