// SPDX-License-Identifier: BSD-2-Clause
// Reading a set's image here and there. The kernel maps every page of what is mapped, so that mapping a large image
// takes longer than all else an element's change needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "base/error.h"
#include "kernel/set_maps.h"

namespace xdpctl::kernel {

class ImageReader {
public:
    explicit ImageReader(const Fd& image) : image_(&image) {}

    template <typename T>
    [[nodiscard]] Result<T> read(std::uint64_t offset) {
        T value;
        XDPCTL_TRY(copy(offset, std::as_writable_bytes(std::span(&value, 1))));
        return value;
    }
    [[nodiscard]] Result<std::span<const std::byte>> whole();

private:
    // Errors: Failed when the image ends before.
    [[nodiscard]] Status copy(std::uint64_t offset, std::span<std::byte> to);

    const Fd* image_;
    unsigned reads_ = 0;
    std::optional<MappedImage> mapped_;
};

}  // namespace xdpctl::kernel
