// SPDX-License-Identifier: BSD-2-Clause
#include "support/recorded.h"

#include <pcap/pcap.h>
#include <zlib.h>

#include <array>
#include <cstdio>
#include <memory>
#include <stdexcept>

namespace xdpctl::test {

namespace {

std::string decompressed(const std::string& path) {
    const std::unique_ptr<gzFile_s, decltype(&gzclose)> file(gzopen(path.c_str(), "r"), gzclose);
    std::string out;
    std::array<char, 65536> part{};
    for (int size = 0; file && (size = gzread(file.get(), part.data(), part.size())) > 0;)
        out.append(part.data(), static_cast<std::size_t>(size));
    return out;
}

}  // namespace

Recorded read_recorded(const std::string& path) {
    std::string content = decompressed(path);
    std::array<char, PCAP_ERRBUF_SIZE> error{};
    std::FILE* stream = content.empty() ? nullptr : fmemopen(content.data(), content.size(), "r");
    const std::unique_ptr<pcap_t, decltype(&pcap_close)> file(
        stream == nullptr ? nullptr : pcap_fopen_offline(stream, error.data()), pcap_close);
    if (!file)
        throw std::runtime_error(path + " is no capture: " + error.data());
    Recorded out{.link_type = pcap_datalink(file.get()), .frames = {}};
    pcap_pkthdr* header = nullptr;
    const u_char* data = nullptr;
    while (pcap_next_ex(file.get(), &header, &data) == 1) {
        const auto* first = reinterpret_cast<const std::byte*>(data);
        out.frames.push_back({.bytes = Bytes(first, first + header->caplen), .length = header->len});
    }
    return out;
}

}  // namespace xdpctl::test
