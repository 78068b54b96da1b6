// SPDX-License-Identifier: BSD-2-Clause
#include "cli/traffic_sample.h"

#include <poll.h>

#include <algorithm>

namespace xdpctl::cli {

namespace {

using Clock = LiveCapture::Clock;
using std::chrono::milliseconds;

// An observer does not wake its reader for every packet.
constexpr milliseconds tick_interval(50);
// Frames that are read from an interface before it is the next one's turn.
constexpr std::size_t frames_each_turn = 256;

bool is_attached(const kernel::Observer& observer, const TrafficSample::Source& source) {
    return std::ranges::any_of(observer.chains(), [&](const auto& item) {
        return item.first.hook == source.hook && item.second.attached.contains(source.interface);
    });
}

}  // namespace

Result<TrafficSample> TrafficSample::open(std::vector<Source> sources, milliseconds lock_timeout) {
    TrafficSample out;
    out.sources_ = std::move(sources);
    out.observe(lock_timeout);
    for (std::size_t i = 0; i < out.sources_.size(); ++i) {
        const Source& source = out.sources_[i];
        if (out.observer_ && is_attached(*out.observer_, source))
            continue;
        auto capture = LiveCapture::open(source.interface, source.hook, {});
        if (!capture)
            return std::unexpected(std::move(capture).error());
        out.captured_.push_back({i, std::move(*capture)});
    }
    return out;
}

void TrafficSample::observe(milliseconds lock_timeout) {
    kernel::ObserverRequest request;
    request.verdicts = 1U << XDPCTL_ACCEPT | 1U << XDPCTL_DROP;
    request.snaplen = XDPCTL_FRAME_MAX;
    auto observer = kernel::Observer::start(request, lock_timeout);
    if (observer)
        observer_ = std::move(*observer);
    else if (observer.error().kind != ErrorKind::NotFound)  // something is attached
        blind_ = std::move(observer).error();
}

std::optional<std::size_t> TrafficSample::source_of(const xdpctl_event& event) const {
    const kernel::ObservedChain* chain = observer_->chain(event.chain);
    const std::string_view device = observer_->device(event.chain, event.packet.device);
    const auto found = std::ranges::find_if(sources_, [&](const Source& source) {
        return chain != nullptr && source.hook == chain->chain->hook && source.interface == device;
    });
    return found == sources_.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - sources_.begin()));
}

Result<bool> TrafficSample::read_observed(const Take& take) {
    Result<bool> goes_on = true;
    std::size_t left = frames_each_turn * sources_.size();
    observer_->read([&](const xdpctl_event& event, std::span<const std::byte> frame) {
        if (const auto source = source_of(event))
            goes_on = take(*source, frame, event.length);
        return goes_on && *goes_on && --left > 0;
    });
    return goes_on;
}

Result<bool> TrafficSample::read_captured(const Take& take) {
    for (Captured& captured : captured_) {
        for (std::size_t i = 0; i < frames_each_turn; ++i) {
            const auto frame = captured.capture.next();
            if (!frame)
                return std::unexpected(frame.error());
            if (!*frame)
                break;
            auto goes_on = take(captured.source, (*frame)->bytes, (*frame)->wire_length);
            if (!goes_on || !*goes_on)
                return goes_on;
        }
    }
    return true;
}

Status TrafficSample::run(Clock::duration time, const Take& take) {
    std::vector<pollfd> descriptors;
    for (const Captured& captured : captured_)
        descriptors.push_back({.fd = captured.capture.descriptor(), .events = POLLIN, .revents = 0});
    if (observer_)
        descriptors.push_back({.fd = observer_->descriptor(), .events = POLLIN, .revents = 0});
    const auto deadline = Clock::now() + time;
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
        if (left > milliseconds::zero())
            poll(descriptors.data(), descriptors.size(), static_cast<int>(std::min(left, tick_interval).count()));
        auto goes_on = read_captured(take);
        if (goes_on && *goes_on && observer_)
            goes_on = read_observed(take);
        if (!goes_on)
            return std::unexpected(std::move(goes_on).error());
        if (!*goes_on || left <= milliseconds::zero())
            return {};
    }
}

std::uint64_t TrafficSample::lost() const {
    std::uint64_t sum = 0;
    for (const Captured& captured : captured_)
        sum += captured.capture.lost();
    if (!observer_)
        return sum;
    const auto counts = observer_->counts();
    return counts ? sum + counts->lost : sum;
}

}  // namespace xdpctl::cli
