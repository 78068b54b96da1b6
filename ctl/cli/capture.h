// SPDX-License-Identifier: BSD-2-Clause
// Capture files of Ethernet frames, through libpcap.
#pragma once

#include <sys/time.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/error.h"

// libpcap's own header and the kernel's both define struct bpf_insn.
struct pcap;
struct pcap_dumper;

namespace xdpctl::cli {

struct ClosePcap {
    void operator()(pcap* capture) const;
    void operator()(pcap_dumper* dumper) const;
};

struct CapturedFrame {
    timeval time{};                    // with nanoseconds instead of microseconds
    std::uint32_t wire_length = 0;     // larger than the bytes when the capture cut the frame
    std::span<const std::byte> bytes;  // valid until the next one is read
};

class CaptureReader {
public:
    // "-" is standard input. Errors: NotFound, Input for what is no capture of Ethernet frames.
    [[nodiscard]] static Result<CaptureReader> open(const std::string& path);

    // None at the end. Errors: Input for a file that is damaged or cut off here.
    [[nodiscard]] Result<std::optional<CapturedFrame>> next();

private:
    CaptureReader(std::string path, pcap* pcap) : path_(std::move(path)), pcap_(pcap) {}

    std::string path_;
    std::unique_ptr<pcap, ClosePcap> pcap_;
};

class CaptureWriter {
public:
    [[nodiscard]] static Result<CaptureWriter> create(const std::string& path);

    void write(const timeval& time, std::span<const std::byte> bytes);
    // Errors: Failed when not everything could be written.
    [[nodiscard]] Status finish();

private:
    CaptureWriter(std::string path, pcap* pcap, pcap_dumper* dumper)
        : path_(std::move(path)), pcap_(pcap), dumper_(dumper) {}

    std::string path_;
    std::unique_ptr<pcap, ClosePcap> pcap_;
    std::unique_ptr<pcap_dumper, ClosePcap> dumper_;
};

}  // namespace xdpctl::cli
