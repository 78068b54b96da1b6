// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/count_reader.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "kernel/bpffs.h"
#include "kernel/generation.h"
#include "kernel/live.h"

namespace xdpctl::kernel {

struct CountReader::Running {
    explicit Running(const Layout& state) : layout(state) {}

    Layout layout;
    std::optional<StoredText> stored;  // none: nothing was ever committed
    lang::Outline outline;             // of its text
    LiveChains chains;
};

namespace {

// Rules of the table that a base chain may count: its own, and those of all chains that can be jumped to. A rule that
// it does not lead to has no slot there.
bool may_count(const ruleset::Chain& base, const ruleset::Chain& chain) {
    return &base == &chain || !chain.is_base;
}

}  // namespace

CountReader::CountReader(std::unique_ptr<Running> running) : running_(std::move(running)) {}
CountReader::CountReader(CountReader&&) noexcept = default;
CountReader& CountReader::operator=(CountReader&&) noexcept = default;
CountReader::~CountReader() = default;

Result<CountReader> CountReader::open() {
    Warnings none;
    const auto state = state_directory(false, none);
    if (!state)
        return std::unexpected(state.error());
    const Layout layout(*state);
    const auto read = [&]() -> Result<CountReader> {
        auto running = std::make_unique<Running>(layout);
        const auto directory = running_directory(layout);
        if (!directory)
            return std::unexpected(directory.error());
        if (!*directory)
            return CountReader(std::move(running));
        auto stored = StoredText::open(**directory);
        if (!stored)
            return std::unexpected(std::move(stored).error());
        running->stored = *std::move(stored);
        auto outline = lang::read_outline(running->stored->text(), StoredText::source);
        if (!outline)
            return running->stored->unreadable(ErrorKind::Failed, outline.error().text());
        running->outline = *std::move(outline);
        auto chains = open_chains(layout, running->outline.ruleset, **directory);
        if (!chains)
            return std::unexpected(std::move(chains).error());
        running->chains = *std::move(chains);
        return CountReader(std::move(running));
    };
    return read_running(read);
}

std::uint64_t CountReader::generation() const {
    return running_->stored ? running_->stored->head().number : 0;
}

const lang::Outline& CountReader::outline() const {
    return running_->outline;
}

Result<std::vector<DeviceStatus>> CountReader::devices() const {
    return device_statuses(running_->layout, running_->outline.ruleset, running_->chains);
}

Result<std::vector<DeviceCount>> CountReader::device_counts() const {
    return kernel::device_counts(running_->outline.ruleset, running_->chains);
}

CountReader::RuleCounts CountReader::rule_counts() const {
    const lang::Outline& outline = running_->outline;
    RuleCounts out;
    for (const auto& [chain, rules] : outline.rules)
        std::ranges::transform(rules, std::back_inserter(out[chain]), &lang::RuleLine::start);
    for (const NamedChain& base : chains_of(outline.ruleset)) {
        const LiveChain& live = *running_->chains.at(base.key());
        std::vector<Handle> handles;
        std::vector<Count*> sums;
        for (const ruleset::Chain& chain : base.table->chains) {
            if (!may_count(*base.chain, chain))
                continue;
            auto sum = out[chain.handle].begin();
            for (const lang::RuleLine& rule : outline.rules_of(chain)) {
                if (*sum) {
                    handles.push_back(rule.handle);
                    sums.push_back(&**sum);
                }
                ++sum;
            }
        }
        const auto counted = counts(live.rules(), live.former_rules(), handles);
        for (std::size_t i = 0; i < handles.size(); ++i)
            if (counted[i])
                *sums[i] += *counted[i];
    }
    return out;
}

}  // namespace xdpctl::kernel
