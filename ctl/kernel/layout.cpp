// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace xdpctl::kernel {

namespace fs = std::filesystem;

namespace {

struct LayerName {
    Layer layer;
    std::string_view name;
};
constexpr std::array layer_names = {LayerName{Layer::Xdp, "xdp"}, LayerName{Layer::XdpExtension, "xdp_extension"},
                                    LayerName{Layer::TcIngress, "tc_ingress"}, LayerName{Layer::TcEgress, "tc_egress"}};

constexpr std::string_view overlay_suffix = "-overlay";

std::string_view name_of(Layer layer) {
    return std::ranges::find(layer_names, layer, &LayerName::layer)->name;
}

std::optional<Layer> layer_of(std::string_view name) {
    const auto* found = std::ranges::find(layer_names, name, &LayerName::name);
    return found == layer_names.end() ? std::nullopt : std::optional(found->layer);
}

std::string name_of(const ChainKey& key) {
    return fmt::format("chain-{}-{}", std::to_underlying(key.handle),
                       key.hook == ruleset::Hook::Ingress ? "ingress" : "egress");
}

// The number behind `prefix` at the start of `text`, which is left with what follows.
template <typename Number>
std::optional<Number> take_number(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix))
        return std::nullopt;
    const std::string_view digits = text.substr(prefix.size());
    Number number{};
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{})
        return std::nullopt;
    text = digits.substr(static_cast<std::size_t>(end - digits.data()));
    return number;
}

std::optional<ChainKey> take_chain(std::string_view& text) {
    const auto handle = take_number<std::uint64_t>(text, "chain-");
    if (!handle)
        return std::nullopt;
    for (const auto& [hook, suffix] :
         {std::pair{ruleset::Hook::Ingress, std::string_view("-ingress")}, {ruleset::Hook::Egress, "-egress"}}) {
        if (text.starts_with(suffix)) {
            text.remove_prefix(suffix.size());
            return ChainKey{Handle{*handle}, hook};
        }
    }
    return std::nullopt;
}

// The entries of a directory that `read` knows, sorted.
template <typename Read>
auto list(const fs::path& directory, Read read)
    -> Result<std::vector<typename decltype(read(std::string_view{}))::value_type>> {
    std::vector<typename decltype(read(std::string_view{}))::value_type> out;
    std::error_code error;
    for (fs::directory_iterator i(directory, error), end; !error && i != end; i.increment(error)) {
        if (auto value = read(i->path().filename().string()))
            out.push_back(*value);
    }
    if (error && error != std::errc::no_such_file_or_directory)
        return fail_errno(error.value(), fmt::format("cannot list {}", directory.string()));
    std::ranges::sort(out);
    return out;
}

}  // namespace

fs::path Layout::chain(const ChainKey& key) const {
    return directory_ / name_of(key);
}

fs::path Layout::layer(const LayerKey& key) const {
    return chain(key.chain) / name_of(key.layer);
}

fs::path Layout::link(const ChainKey& key, DeviceSlot slot) const {
    return chain(key) / fmt::format("link-{}", std::to_underlying(slot));
}

fs::path Layout::generation(std::uint64_t number) const {
    return directory_ / fmt::format("gen-{}", number);
}

fs::path Layout::observer(std::uint32_t place) const {
    return directory_ / fmt::format("observer-{}", place);
}

fs::path Layout::ruleset(const fs::path& generation) {
    return generation / "ruleset";
}

fs::path Layout::limits(const fs::path& generation) {
    return generation / "limits";
}

fs::path Layout::set_image(const fs::path& generation, Handle set) {
    return generation / fmt::format("set-{}-image", std::to_underlying(set));
}

fs::path Layout::set_live(const fs::path& generation, Handle set) {
    return generation / fmt::format("set-{}-live", std::to_underlying(set));
}

fs::path Layout::joint(const fs::path& generation, std::uint32_t number) {
    return generation / fmt::format("joint-{}", number);
}

fs::path Layout::classifier(const fs::path& generation, const LayerKey& key) {
    return generation / fmt::format("{}-{}", name_of(key.chain), name_of(key.layer));
}

fs::path Layout::rules(const fs::path& generation, const ChainKey& key) {
    return generation / fmt::format("{}-rules", name_of(key));
}

fs::path Layout::former_rules(const fs::path& generation, const ChainKey& key) {
    return generation / fmt::format("{}-former_rules", name_of(key));
}

fs::path Layout::overlay(const fs::path& generation, const ChainKey& key) {
    return generation / fmt::format("{}{}", name_of(key), overlay_suffix);
}

fs::path Layout::tables(const fs::path& generation, const LayerKey& key) {
    return overlay(generation, key.chain) / fmt::format("{}-tables", name_of(key.layer));
}

fs::path Layout::behind(const fs::path& generation, const LayerKey& key) {
    return overlay(generation, key.chain) / fmt::format("{}-behind", name_of(key.layer));
}

Result<std::vector<std::uint64_t>> Layout::generations() const {
    return list(directory_, [](std::string_view name) -> std::optional<std::uint64_t> {
        const auto number = take_number<std::uint64_t>(name, "gen-");
        return name.empty() ? number : std::nullopt;
    });
}

Result<std::vector<ChainKey>> Layout::chains() const {
    return list(directory_, [](std::string_view name) -> std::optional<ChainKey> {
        const auto key = take_chain(name);
        return name.empty() ? key : std::nullopt;
    });
}

Result<std::vector<DeviceSlot>> Layout::links(const ChainKey& key) const {
    return list(chain(key), [](std::string_view name) -> std::optional<DeviceSlot> {
        const auto slot = take_number<std::uint16_t>(name, "link-");
        return slot && name.empty() ? std::optional(DeviceSlot{*slot}) : std::nullopt;
    });
}

Result<std::vector<LayerKey>> Layout::classifiers(const fs::path& generation) {
    return list(generation, [](std::string_view name) -> std::optional<LayerKey> {
        const auto chain = take_chain(name);
        if (!chain || !name.starts_with('-'))
            return std::nullopt;
        const auto layer = layer_of(name.substr(1));
        return layer ? std::optional(LayerKey{*chain, *layer}) : std::nullopt;
    });
}

Result<std::vector<ChainKey>> Layout::overlays(const fs::path& generation) {
    return list(generation, [](std::string_view name) -> std::optional<ChainKey> {
        const auto chain = take_chain(name);
        return name == overlay_suffix ? chain : std::nullopt;
    });
}

Status make_directory(const fs::path& path) {
    std::error_code error;
    fs::create_directory(path, error);
    if (error)
        return fail_errno(error.value(), fmt::format("cannot make {}", path.string()));
    return {};
}

Status remove_pins(const fs::path& path) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error)
        return fail_errno(error.value(), fmt::format("cannot remove {}", path.string()));
    return {};
}

}  // namespace xdpctl::kernel
