// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/image_reader.h"

#include <unistd.h>

#include <algorithm>

namespace xdpctl::kernel {

namespace {

// Two or three searches of a million elements.
constexpr unsigned few_reads = 64;

}  // namespace

Result<std::span<const std::byte>> ImageReader::whole() {
    if (!mapped_) {
        auto image = MappedImage::open(*image_);
        if (!image)
            return std::unexpected(std::move(image).error());
        mapped_ = *std::move(image);
    }
    return mapped_->bytes();
}

Status ImageReader::copy(std::uint64_t offset, std::span<std::byte> to) {
    if (!mapped_ && reads_++ < few_reads) {
        static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
        const std::uint64_t first = offset / page * page;
        const auto part = Mapping::open_part(image_->get(), first, offset - first + to.size());
        if (!part)
            return std::unexpected(part.error());
        std::ranges::copy(part->bytes().subspan(offset - first, to.size()), to.begin());
        return {};
    }
    const auto bytes = whole();
    if (!bytes)
        return std::unexpected(bytes.error());
    if (offset + to.size() > bytes->size())
        return fail(ErrorKind::Failed, "cannot read a set", "its image ends before its elements do");
    std::ranges::copy(bytes->subspan(offset, to.size()), to.begin());
    return {};
}

}  // namespace xdpctl::kernel
