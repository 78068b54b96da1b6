// SPDX-License-Identifier: BSD-2-Clause
// Looks on while packets are judged: loads an observer for every chain and layer, follows the ruleset as it changes,
// and reads what they report.
#pragma once

#include <linux/bpf.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/types.h"
#include "kernel/live.h"
#include "kernel/observer_places.h"
#include "kernel/tally.h"
#include "maps/observe.h"
#include "ruleset/model.h"

struct ring_buffer;

namespace xdpctl::kernel {

struct ObserverRequest {
    std::uint32_t verdicts = 0;  // a bit for each enum xdpctl_verdict to report
    std::uint32_t reasons = ~0U;
    bool logs = false;
    std::string device;                 // empty: all
    std::optional<ruleset::Hook> hook;  // none: both
    std::vector<Handle> rules;          // empty: all
    std::uint32_t sample = 0;           // one packet in so many; 0: all
    std::uint32_t rate = 0;             // reports a second and rule; 0: no limit
    std::uint32_t snaplen = 0;          // bytes of a frame
    std::vector<bpf_insn> filter;       // of compile::packet_filter(); empty: none
    std::uint32_t buffer = 4U << 20;    // bytes of the ring buffer, a power of two
    TallyRequest tally;                 // instead of reports
};

// A chain as it was at one moment.
struct ObservedChain {
    const ruleset::Table* table = nullptr;
    const ruleset::Chain* chain = nullptr;
    std::vector<std::string> devices;         // by slot
    std::set<std::string> attached;           // of these
    std::vector<const ruleset::Rule*> rules;  // by slot; null where there is none
};

class Observer {
public:
    // Errors: NotFound when nothing is attached or a rule or device of the request does not exist, Limit when all
    // places are held, Unsupported, Rejected when the kernel refuses the filter.
    [[nodiscard]] static Result<Observer> start(const ObserverRequest& request, std::chrono::milliseconds lock_timeout);
    Observer(Observer&&) noexcept;
    Observer& operator=(Observer&&) noexcept;
    ~Observer();

    // Looks on no more; what was reported can still be read. So does the end of the object.
    void stop();

    // Follows the ruleset when it has changed; returns whether it had. While another command writes, it has not yet.
    [[nodiscard]] Result<bool> refresh();

    [[nodiscard]] const Generation& generation() const;
    [[nodiscard]] const std::map<ChainKey, ObservedChain>& chains() const;
    // Before the last change.
    [[nodiscard]] const std::map<ChainKey, ObservedChain>& chains_before() const;
    // By the number in an event; as it is now, or as it was before the last change. Null when it is in neither.
    [[nodiscard]] const ObservedChain* chain(std::uint32_t number) const;
    [[nodiscard]] const ruleset::Rule* rule(std::uint32_t number, std::uint32_t slot) const;
    [[nodiscard]] Layer layer(std::uint32_t number) const;
    [[nodiscard]] std::string_view device(std::uint32_t number, std::uint32_t slot) const;

    // Readable when much has been reported: wait for it no longer than some tens of milliseconds.
    [[nodiscard]] int descriptor() const;
    // Hands over what has been reported, until `take` returns false. What it gets is valid during the call.
    using Take = std::function<bool(const xdpctl_event&, std::span<const std::byte> frame)>;
    void read(const Take& take);
    // Since the start, of all CPUs.
    [[nodiscard]] Result<xdpctl_observed> counts() const;
    [[nodiscard]] const Tallies& tallies() const;

private:
    struct Impl;
    explicit Observer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace xdpctl::kernel
