// SPDX-License-Identifier: BSD-2-Clause
// One table and the same frames before different judges: nft, xdpctl in test runs, xdpctl on a device.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/types.h"
#include "e2e/station.h"
#include "kernel/datapath.h"
#include "ruleset/model.h"
#include "support/packet.h"

namespace xdpctl::test {

// As text and as xdpctl reads it, every rule with a handle; one chain has a hook.
class JudgedTable {
public:
    [[nodiscard]] static Result<JudgedTable> read(std::string text);

    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] const ruleset::Table& table() const { return table_; }
    [[nodiscard]] const ruleset::Chain& base() const;
    // The rules that count, in the order that nft lists them.
    [[nodiscard]] std::vector<const ruleset::Rule*> counting() const;

private:
    JudgedTable(std::string text, ruleset::Table table) : text_(std::move(text)), table_(std::move(table)) {}

    std::string text_;
    ruleset::Table table_;
};

struct Judgement {
    std::vector<Count> counts;  // of JudgedTable::counting()
    std::vector<Bytes> passed;

    bool operator==(const Judgement&) const = default;
};

// Each adds a failure to the test, and returns nothing, when the judge does not take the table or a frame.
[[nodiscard]] std::optional<Judgement> judge_by_nft(Station& station, const JudgedTable& table,
                                                    std::span<const Bytes> frames);
[[nodiscard]] std::optional<Judgement> judge_in_test_runs(const JudgedTable& table, kernel::Layer layer,
                                                          std::span<const Bytes> frames);
// The command applies the table and attaches eth0 in this mode, and takes both away again.
[[nodiscard]] std::optional<Judgement> judge_on_device(Station& station, const JudgedTable& table,
                                                       const std::string& mode, std::span<const Bytes> frames);

// What the two say differently about the table, for a reader; empty when nothing.
[[nodiscard]] std::string differences(const JudgedTable& table, const Judgement& theirs, const Judgement& ours);

}  // namespace xdpctl::test
