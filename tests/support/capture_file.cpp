// SPDX-License-Identifier: BSD-2-Clause
#include "support/capture_file.h"

#include <pcap/pcap.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>

namespace xdpctl::test {

CaptureFile::CaptureFile(const std::vector<Bytes>& frames)
    : path_((std::filesystem::temp_directory_path() / ("xdpctl-" + std::to_string(::getpid()) + ".pcap")).native()) {
    constexpr int snapshot_length = 65535;
    const std::unique_ptr<pcap_t, decltype(&pcap_close)> format(pcap_open_dead(DLT_EN10MB, snapshot_length),
                                                                pcap_close);
    const std::unique_ptr<pcap_dumper_t, decltype(&pcap_dump_close)> file(pcap_dump_open(format.get(), path_.c_str()),
                                                                          pcap_dump_close);
    if (!file)
        throw std::runtime_error(pcap_geterr(format.get()));
    for (const Bytes& frame : frames) {
        const auto size = static_cast<bpf_u_int32>(frame.size());
        const pcap_pkthdr header{.ts = {}, .caplen = size, .len = size};
        pcap_dump(reinterpret_cast<u_char*>(file.get()), &header, reinterpret_cast<const u_char*>(frame.data()));
    }
}

CaptureFile::~CaptureFile() {
    std::remove(path_.c_str());
}

}  // namespace xdpctl::test
