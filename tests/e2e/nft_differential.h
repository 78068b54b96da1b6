// SPDX-License-Identifier: BSD-2-Clause
// The same table in nft and in xdpctl, and the same frames into both: every rule counts the same packets and bytes, and
// the same frames pass.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "e2e/judges.h"
#include "support/bpffs.h"

namespace xdpctl::test {

using Judge = std::function<std::optional<Judgement>(const JudgedTable&, std::span<const Bytes>)>;

// Near the values of one of the table's rules or of all, and judged by nft as the manual says that xdpctl judges.
[[nodiscard]] std::vector<Bytes> frames_for(std::mt19937& random, const JudgedTable& table, std::size_t count);

// What the text says, as a table. Throws std::logic_error when xdpctl does not take it.
[[nodiscard]] JudgedTable judged_table(std::string text);

class NftDifferential : public testing::Test {
protected:
    void SetUp() override;

    // All judge on the hook of the table.
    [[nodiscard]] Judge by_nft();
    [[nodiscard]] Judge on_device(const std::string& mode);
    // xdpctl at every layer of the hook, as fast as it goes: in test runs, and on a device for egress, whose tags lie
    // beside the frame, where a test run has none.
    [[nodiscard]] std::vector<Judge> at_layers(ruleset::Hook hook);

    // Adds a failure, with `source` and one frame that shows it, when one of them judges otherwise than nft. Returns
    // what nft says.
    std::optional<Judgement> compare(const JudgedTable& table, std::span<const Bytes> frames,
                                     const std::vector<Judge>& judges, const std::string& source);

private:
    Station& station(ruleset::Hook hook, const std::string& judge);

    Bpffs bpffs_;
    std::map<std::pair<ruleset::Hook, std::string>, Station> stations_;  // by hook, and nft or xdpctl's mode
};

}  // namespace xdpctl::test
