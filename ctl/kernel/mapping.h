// SPDX-License-Identifier: BSD-2-Clause
// An array map's elements in this process's memory: no system call and no copy to read or write them.
#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <span>
#include <utility>

#include "base/error.h"
#include "base/fd.h"

namespace xdpctl::kernel {

class Mapping {
public:
    Mapping() = default;
    // REQUIRES: the map was made with BPF_F_MMAPABLE; `size` bytes are all its elements.
    [[nodiscard]] static Result<Mapping> open(int map, std::size_t size) {
        return open(map, size, PROT_READ | PROT_WRITE);
    }
    // For a map that is frozen: what is written to the bytes ends this process.
    [[nodiscard]] static Result<Mapping> open_for_reading(int map, std::size_t size) {
        return open(map, size, PROT_READ);
    }
    // A part of it, from a multiple of the page size on.
    [[nodiscard]] static Result<Mapping> open_part(int map, std::size_t offset, std::size_t size) {
        return open(map, size, PROT_READ | PROT_WRITE, offset);
    }
    Mapping(Mapping&& other) noexcept
        : memory_(std::exchange(other.memory_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    Mapping& operator=(Mapping&& other) noexcept {
        std::swap(memory_, other.memory_);
        std::swap(size_, other.size_);
        return *this;
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() {
        if (memory_ != nullptr)
            ::munmap(memory_, size_);
    }

    [[nodiscard]] std::span<std::byte> bytes() const { return {memory_, size_}; }
    // The bytes as elements of a type.
    template <typename T>
    [[nodiscard]] std::span<T> as() const {
        return {reinterpret_cast<T*>(memory_), size_ / sizeof(T)};
    }

private:
    [[nodiscard]] static Result<Mapping> open(int map, std::size_t size, int protection, std::size_t offset = 0) {
        void* memory = ::mmap(nullptr, size, protection, MAP_SHARED, map, static_cast<off_t>(offset));
        if (memory == MAP_FAILED)
            return fail_errno(errno, "cannot map a BPF map into memory");
        return Mapping(static_cast<std::byte*>(memory), size);
    }
    Mapping(std::byte* memory, std::size_t size) : memory_(memory), size_(size) {}
    std::byte* memory_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace xdpctl::kernel
