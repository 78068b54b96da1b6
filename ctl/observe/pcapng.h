// SPDX-License-Identifier: BSD-2-Clause
// Captures of judged packets as pcapng (draft-ietf-opsawg-pcapng): each packet with its interface, direction, verdict,
// and a comment that says which rule or reason decided.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "observe/report.h"

namespace xdpctl::observe {

// At which layer a packet was judged: the verdict's number is that of its programs.
enum class JudgedAt : std::uint8_t { Xdp, Tc };

class PcapngWriter {
public:
    // "-" is standard output. `filter` is noted in the file, empty for none. Errors: those of the file.
    [[nodiscard]] static Result<PcapngWriter> create(const std::string& path, std::string_view version,
                                                     std::string_view filter, std::uint32_t snaplen);

    void write(const Report& report, JudgedAt layer);
    // What is written so far goes to the file. Errors: Failed when it could not.
    [[nodiscard]] Status flush();

    struct Totals {
        Time started;
        Time ended;
        std::uint64_t received = 0;  // asked for
        std::uint64_t lost = 0;
    };
    // Ends the file with the statistics of its interfaces.
    [[nodiscard]] Status finish(const Totals& totals);

private:
    struct Close {
        void operator()(std::FILE* file) const;
    };
    PcapngWriter(std::string path, std::unique_ptr<std::FILE, Close> file, std::string_view filter,
                 std::uint32_t snaplen)
        : path_(std::move(path)), file_(std::move(file)), filter_(filter), snaplen_(snaplen) {}

    void write_section(std::string_view version);
    std::uint32_t interface_of(const Report& report);
    void write_block(std::uint32_t type, const std::vector<std::byte>& body);

    std::string path_;
    std::unique_ptr<std::FILE, Close> file_;
    std::string filter_;
    std::uint32_t snaplen_;
    std::map<std::pair<std::string, ruleset::Hook>, std::uint32_t> interfaces_;
    int error_ = 0;  // errno of the first write that failed
};

}  // namespace xdpctl::observe
