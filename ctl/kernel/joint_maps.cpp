// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/joint_maps.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "kernel/layout.h"
#include "kernel/map_info.h"
#include "kernel/pin.h"
#include "sets/joint.h"

namespace xdpctl::kernel {

namespace fs = std::filesystem;

namespace {

template <typename Range>
Result<sets::JointImage> join(std::span<const MappedImage> images) {
    std::vector<std::span<const Range>> elements;
    for (const MappedImage& image : images)
        elements.push_back(image.elements<Range>());
    return sets::make_joint(elements);
}

Result<sets::JointImage> join(std::span<const SetMaps* const> sets, std::uint32_t words) {
    std::vector<MappedImage> images;
    for (const SetMaps* set : sets) {
        auto image = MappedImage::open(set->image);
        if (!image)
            return std::unexpected(std::move(image).error());
        images.push_back(*std::move(image));
    }
    return words == 1 ? join<sets::Range32>(images) : join<sets::Range128>(images);
}

Result<std::vector<std::uint32_t>> image_ids(std::span<const SetMaps* const> sets) {
    std::vector<std::uint32_t> ids;
    for (const SetMaps* set : sets) {
        const auto info = map_info(set->image);
        if (!info)
            return std::unexpected(info.error());
        ids.push_back(info->id);
    }
    return ids;
}

}  // namespace

Result<JointMap> JointMap::create(std::span<const SetMaps* const> sets) {
    const auto shape = sets.front()->live_shape();
    if (!shape)
        return std::unexpected(shape.error());
    const auto ids = image_ids(sets);
    if (!ids)
        return std::unexpected(ids.error());
    auto joint = join(sets, shape->words);
    if (!joint)
        return std::unexpected(std::move(joint).error());
    xdpctl_joint_head& head = sets::joint_head(*joint);
    head.set_count = static_cast<std::uint32_t>(ids->size());
    for (std::uint32_t bit = 0; bit < sets.size(); ++bit) {
        const auto of_set = MappedHead::open(sets[bit]->image);
        if (!of_set)
            return std::unexpected(of_set.error());
        head.states |= (*of_set)->live != 0 ? XDPCTL_JOINT_CHANGED(bit) : XDPCTL_JOINT_KNOWN(bit);
    }
    std::ranges::copy(*ids, head.sets);
    auto map = create_image_map("set_joint", *joint);
    if (!map)
        return std::unexpected(std::move(map).error());
    return JointMap{*std::move(map)};
}

Result<xdpctl_joint_head> JointMap::head() const {
    const auto memory = Mapping::open_for_reading(image.get(), sizeof(xdpctl_joint_head));
    if (!memory)
        return std::unexpected(memory.error());
    return memory->as<const xdpctl_joint_head>().front();
}

Result<std::uint64_t> JointMap::form() const {
    const auto info = map_info(image);
    if (!info)
        return std::unexpected(info.error());
    const auto at_head = head();
    if (!at_head)
        return std::unexpected(at_head.error());
    return (info->value_size - XDPCTL_SET_TAIL) | std::uint64_t{at_head->words} << XDPCTL_SET_FORM_WORDS_SHIFT;
}

void JointMarks::set_changed() const {
    for (const auto& [head, bit] : marks_) {
        auto& states = head.as<xdpctl_joint_head>().front().states;
        __atomic_store_n(&states, (states & ~XDPCTL_JOINT_KNOWN(bit)) | XDPCTL_JOINT_CHANGED(bit), __ATOMIC_RELEASE);
    }
}

Result<JointMaps> JointMaps::open(const fs::path& generation) {
    JointMaps out;
    for (std::uint32_t number = 0;; ++number) {
        auto image = open_pin(Layout::joint(generation, number));
        if (!image && image.error().kind == ErrorKind::NotFound)
            return out;
        if (!image)
            return std::unexpected(std::move(image).error());
        JointMap joint{*std::move(image)};
        const auto head = joint.head();
        if (!head)
            return std::unexpected(head.error());
        const auto sets = std::span(head->sets).first(std::min<std::size_t>(head->set_count, std::size(head->sets)));
        out.joints_.emplace(Sets(sets.begin(), sets.end()), std::move(joint));
    }
}

Status JointMaps::pin(const fs::path& generation) const {
    std::uint32_t number = 0;
    for (const JointMap& joint : joints_ | std::views::values)
        XDPCTL_TRY(pin_object(joint.image, Layout::joint(generation, number++)));
    return {};
}

Result<LookupMaps> JointMaps::maps_for(const compile::Classifier& classifier, std::vector<const SetMaps*> sets,
                                       JointMaps& former) {
    LookupMaps out{.sets = std::move(sets), .joints = {}};
    for (const std::vector<std::uint32_t>& numbers : compile::joints_of(classifier)) {
        std::vector<const SetMaps*> joined;
        for (const std::uint32_t number : numbers)
            joined.push_back(out.sets[number]);
        const auto joint = find_or_make(joined, former);
        if (!joint)
            return std::unexpected(joint.error());
        out.joints.push_back(*joint);
    }
    return out;
}

Result<JointMarks> JointMaps::marks_of(const SetMaps& set) const {
    const auto info = map_info(set.image);
    if (!info)
        return std::unexpected(info.error());
    JointMarks marks;
    for (const auto& [sets, joint] : joints_) {
        const auto found = std::ranges::find(sets, info->id);
        if (found == sets.end())
            continue;
        auto head = Mapping::open(joint.image.get(), sizeof(xdpctl_joint_head));
        if (!head)
            return std::unexpected(std::move(head).error());
        marks.add(*std::move(head), static_cast<std::uint32_t>(found - sets.begin()));
    }
    return marks;
}

Result<const JointMap*> JointMaps::find_or_make(std::span<const SetMaps* const> sets, JointMaps& former) {
    const auto ids = image_ids(sets);
    if (!ids)
        return std::unexpected(ids.error());
    if (const auto found = joints_.find(*ids); found != joints_.end())
        return &found->second;
    if (auto kept = former.joints_.extract(*ids))
        return &joints_.insert(std::move(kept)).position->second;
    auto made = JointMap::create(sets);
    if (!made)
        return std::unexpected(std::move(made).error());
    return &joints_.emplace(*ids, *std::move(made)).first->second;
}

}  // namespace xdpctl::kernel
