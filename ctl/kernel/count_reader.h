// SPDX-License-Identifier: BSD-2-Clause
// What was counted, for those who need not understand the running rules: nothing of them is parsed. A reader takes no
// lock; the datapath counts into memory that is mapped here, and a writer goes on beside it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/types.h"
#include "kernel/device_count.h"
#include "kernel/device_status.h"
#include "lang/outline.h"

namespace xdpctl::kernel {

class CountReader {
public:
    // A namespace without state reads as an empty ruleset.
    [[nodiscard]] static Result<CountReader> open();
    CountReader(CountReader&&) noexcept;
    CountReader& operator=(CountReader&&) noexcept;
    ~CountReader();

    [[nodiscard]] std::uint64_t generation() const;
    [[nodiscard]] const lang::Outline& outline() const;

    [[nodiscard]] Result<std::vector<DeviceStatus>> devices() const;
    [[nodiscard]] Result<std::vector<DeviceCount>> device_counts() const;
    // Of each rule that counts, by its chain's handle and in the chain's order; start values included. None for a rule
    // that does not count.
    using RuleCounts = std::map<Handle, std::vector<std::optional<Count>>>;
    [[nodiscard]] RuleCounts rule_counts() const;

private:
    struct Running;
    explicit CountReader(std::unique_ptr<Running> running);
    std::unique_ptr<Running> running_;
};

}  // namespace xdpctl::kernel
