// SPDX-License-Identifier: BSD-2-Clause
// Real lists of prefixes, each loaded into a set, against a search of the list's own ranges.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "import/element_list.h"
#include "lang/parse.h"
#include "sets/elements.h"
#include "sets/image.h"
#include "support/test_data.h"

namespace xdpctl::test {
namespace {

namespace fs = std::filesystem;

using ruleset::Interval;
using ruleset::Value;

std::vector<fs::path> lists() {
    const fs::path folder = fs::path(test_data()) / "prefix";
    std::vector<fs::path> out;
    if (!fs::exists(folder))
        return out;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file())
            out.push_back(entry.path());
    std::ranges::sort(out);
    return out;
}

// Those of one family. Of a long list every `step`th line: the whole one takes a build without optimisation too long.
std::vector<std::string> read_lines(const fs::path& path, bool is_ipv6, std::size_t step) {
    const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "r"), gzclose);
    std::vector<std::string> lines;
    std::array<char, 512> line{};
    for (std::size_t i = 0; gzgets(file.get(), line.data(), static_cast<int>(line.size())) != nullptr; ++i)
        if (const std::string_view text = line.data(); i % step == 0 && text.contains(':') == is_ipv6)
            lines.emplace_back(text);
    return lines;
}

// One line of the list, read without xdpctl's parser.
std::optional<Interval> interval_of(std::string line, bool is_ipv6) {
    line.erase(std::min(line.find_first_of(" #;\r\n"), line.size()));
    const std::size_t slash = line.find('/');
    const unsigned bits = is_ipv6 ? 128 : 32;
    const unsigned length =
        slash == std::string::npos ? bits : static_cast<unsigned>(std::stoul(line.substr(slash + 1)));
    std::array<unsigned char, 16> bytes{};
    if (inet_pton(is_ipv6 ? AF_INET6 : AF_INET, line.substr(0, slash).c_str(), bytes.data()) != 1)
        return std::nullopt;
    Value address = 0;
    for (unsigned byte = 0; byte < bits / 8; ++byte)
        address = address << 8U | bytes.at(byte);
    const Value host = length == 0 ? ~Value{0} >> (128 - bits) : (Value{1} << (bits - length)) - 1;
    return Interval{address & ~host, address | host};
}

std::vector<Interval> merged(std::vector<Interval> intervals) {
    std::ranges::sort(intervals, {}, &Interval::first);
    std::vector<Interval> out;
    for (const Interval& interval : intervals) {
        if (!out.empty() && interval.first <= out.back().last)
            out.back().last = std::max(out.back().last, interval.last);
        else
            out.push_back(interval);
    }
    return out;
}

bool contains(const std::vector<Interval>& intervals, Value value) {
    const auto behind = std::ranges::upper_bound(intervals, value, {}, &Interval::first);
    return behind != intervals.begin() && std::prev(behind)->last >= value;
}

class SetOfList {
public:
    SetOfList(const std::string& text, bool is_ipv6) : is_ipv6_(is_ipv6) {
        set_.name = "list";
        set_.key = {{.type = is_ipv6 ? ruleset::ValueType::Ipv6Addr : ruleset::ValueType::Ipv4Addr,
                     .bits = is_ipv6 ? 128U : 32U,
                     .field = std::nullopt}};
        set_.is_interval = true;
        set_.merges = true;
        auto elements = lang::parse_set_elements(importing::elements_text(text), "list", set_);
        if (!elements) {
            ADD_FAILURE() << elements.error().text().substr(0, 1'000);
            return;
        }
        set_.elements = ruleset::SharedElements(*std::move(elements));
        auto image = sets::image_of(set_);
        if (image)
            image_ = *std::move(image);
        else
            ADD_FAILURE() << image.error().text();
    }

    [[nodiscard]] bool valid() const { return !image_.empty(); }

    [[nodiscard]] bool holds(Value value) const {
        xdpctl_set_key key{};
        if (!is_ipv6_) {
            key.words[0] = static_cast<std::uint32_t>(value);
        } else {
            for (int word = 3; word >= 0; --word, value >>= 32U)
                key.words[word] = static_cast<std::uint32_t>(value);
        }
        return sets::holds(image_, key);
    }

private:
    bool is_ipv6_;
    ruleset::Set set_;
    sets::Bytes image_;
};

struct Tally {
    std::size_t checked = 0;
    std::size_t held = 0;
};

void check_list(const std::vector<std::string>& lines, bool is_ipv6, std::mt19937_64& random, Tally& tally) {
    std::string text;
    std::vector<Interval> intervals;
    for (const std::string& line : lines) {
        text += line;
        if (const auto interval = interval_of(line, is_ipv6))
            intervals.push_back(*interval);
    }
    intervals = merged(std::move(intervals));
    const SetOfList set(text, is_ipv6);
    ASSERT_TRUE(set.valid());
    const Value highest = is_ipv6 ? ~Value{0} : Value{0xffffffff};
    const auto check = [&](Value value) {
        const bool is_held = contains(intervals, value);
        ++tally.checked;
        tally.held += is_held ? 1 : 0;
        EXPECT_EQ(set.holds(value), is_held)
            << static_cast<std::uint64_t>(value >> 64U) << ' ' << static_cast<std::uint64_t>(value);
    };
    for (std::size_t i = 0; i < intervals.size(); i += 1 + intervals.size() / 500) {
        const Interval& interval = intervals[i];
        check(interval.first);
        check(interval.last);
        check((interval.first - 1) & highest);
        check((interval.last + 1) & highest);
        check(interval.first + static_cast<Value>(random()) % (interval.last - interval.first + 1));
    }
    for (int i = 0; i < 500; ++i)
        check((static_cast<Value>(random()) << 64U | random()) & highest);
}

TEST(SetLists, HoldWhatTheySay) {
    const auto paths = lists();
    if (paths.empty())
        GTEST_SKIP() << "XDPCTL_TEST_DATA names no folder with prefix/";
    std::mt19937_64 random(1);
    Tally tally;
    for (const fs::path& path : paths) {
        SCOPED_TRACE(path.filename().string());
        std::size_t found = 0;
        for (const bool is_ipv6 : {false, true}) {
            const auto lines = read_lines(path, is_ipv6, path.extension() == ".gz" ? 64 : 1);
            found += lines.size();
            if (!lines.empty())
                check_list(lines, is_ipv6, random, tally);
        }
        EXPECT_GT(found, 0U);
    }
    EXPECT_GT(tally.held, tally.checked / 4);
    EXPECT_GT(tally.checked - tally.held, tally.checked / 4);
}

}  // namespace
}  // namespace xdpctl::test
