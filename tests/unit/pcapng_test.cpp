// SPDX-License-Identifier: BSD-2-Clause
#include "observe/pcapng.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

namespace xdpctl::observe {
namespace {

std::uint32_t word(const std::string& bytes, std::size_t offset) {
    std::uint32_t out = 0;
    std::memcpy(&out, bytes.data() + offset, sizeof(out));
    return out;
}

// Types of the blocks in order; empty when their lengths do not lead from one to the next.
std::vector<std::uint32_t> blocks_of(const std::string& file) {
    std::vector<std::uint32_t> types;
    std::size_t at = 0;
    while (at + 12 <= file.size()) {
        const std::uint32_t length = word(file, at + 4);
        if (length % 4 != 0 || length < 12 || at + length > file.size() || word(file, at + length - 4) != length)
            return {};
        types.push_back(word(file, at));
        at += length;
    }
    return at == file.size() ? types : std::vector<std::uint32_t>{};
}

TEST(Pcapng, HasBlocksThatLeadToEachOther) {
    const auto path = std::filesystem::temp_directory_path() / ("xdpctl_pcapng_" + std::to_string(getpid()));
    auto writer = PcapngWriter::create(path.string(), "1", "udp", 64);
    ASSERT_TRUE(writer) << writer.error().text();
    ruleset::Table table;
    table.name = "t";
    ruleset::Chain chain;
    chain.name = "c";
    ruleset::Rule rule;
    rule.handle = Handle{5};
    rule.comment = "odd";
    xdpctl_packet packet{};
    packet.verdict = XDPCTL_DROP;
    const std::vector<std::byte> frame(61);
    for (const std::string_view interface : {"eth0", "eth1", "eth0"}) {
        Report report;
        report.interface = interface;
        report.table = &table;
        report.chain = &chain;
        report.packet = &packet;
        report.rule = &rule;
        report.length = 100;
        report.frame = frame;
        writer->write(report, JudgedAt::Xdp);
    }
    ASSERT_TRUE(writer->finish({}));
    std::ifstream in(path, std::ios::binary);
    const std::string file{std::istreambuf_iterator<char>(in), {}};
    std::filesystem::remove(path);
    EXPECT_EQ(blocks_of(file), (std::vector<std::uint32_t>{0x0a0d0d0a, 1, 6, 1, 6, 6, 5, 5}));
    EXPECT_NE(file.find("drop by rule 5 \"odd\""), std::string::npos);
}

TEST(Pcapng, SaysWhichFileItCannotWrite) {
    const auto writer = PcapngWriter::create("/does/not/exist", "1", "", 64);
    ASSERT_FALSE(writer);
    EXPECT_EQ(writer.error().what, "cannot write /does/not/exist");
}

}  // namespace
}  // namespace xdpctl::observe
