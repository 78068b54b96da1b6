// SPDX-License-Identifier: BSD-2-Clause
// A classifier run alone: the packet is written where the entry would leave it, so packets need not pass the parser.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "kernel/datapath.h"
#include "maps/packet.h"

namespace xdpctl::test {

class ClassifierRun {
public:
    // `slots`: one more than the highest of a rule. The maps of `lookups` and `limits` stay with the caller.
    [[nodiscard]] static Result<ClassifierRun> create(kernel::Layer layer, const compile::Classifier& classifier,
                                                      std::uint32_t slots, const kernel::LookupMaps& lookups = {},
                                                      const kernel::LimitMap* limits = nullptr) {
        auto maps = kernel::ChainMaps::create();
        if (!maps)
            return std::unexpected(std::move(maps).error());
        ClassifierRun run;
        run.maps_ = std::make_unique<kernel::ChainMaps>(*std::move(maps));
        auto datapath = kernel::Datapath::create(layer, *run.maps_);
        if (!datapath)
            return std::unexpected(std::move(datapath).error());
        auto rules = kernel::RuleMaps::create(std::max(1U, slots));
        if (!rules)
            return std::unexpected(std::move(rules).error());
        run.rules_ = *std::move(rules);
        auto program = datapath->load_classifier(classifier, run.rules_, lookups, limits);
        if (!program)
            return std::unexpected(std::move(program).error());
        run.program_ = *std::move(program);
        XDPCTL_TRY(run.find_packet_map());
        return run;
    }

    // The packet as the classifier left it.
    [[nodiscard]] Result<xdpctl_packet> run(const xdpctl_packet& packet) const;
    // By slot.
    [[nodiscard]] std::vector<Count> rule_counts() const;
    [[nodiscard]] int program() const { return program_.get(); }

private:
    ClassifierRun() = default;
    Status find_packet_map();

    std::unique_ptr<kernel::ChainMaps> maps_;
    kernel::RuleMaps rules_;
    Fd program_;
    Fd packet_;
};

}  // namespace xdpctl::test
