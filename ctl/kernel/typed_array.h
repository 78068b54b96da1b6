// SPDX-License-Identifier: BSD-2-Clause
// Array maps whose size is known only when they are made, with BTF: `bpftool map dump` then shows members by name.
#pragma once

#include <bpf/btf.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "base/error.h"
#include "base/fd.h"

namespace xdpctl::kernel {

// A member of a map's value.
struct Member {
    const char* name;
    std::size_t offset;
    std::size_t size;  // 4 or 8
};

// Adds a struct of whole numbers; returns its type. `more`: bytes of the struct behind the members.
int add_struct(btf* types, const char* name, std::size_t size, std::span<const Member> members);

// `count` elements of a type.
int add_array(btf* types, int element, std::uint32_t count);

struct ArrayShape {
    const char* name;
    std::uint32_t elements;
    std::size_t value_size;
};

// Its elements can be mapped into memory (Mapping). `value_type` adds the type of the value.
// Errors: Limit when the kernel makes no map so large.
[[nodiscard]] Result<Fd> create_array(const ArrayShape& shape, const std::function<int(btf*)>& value_type);

}  // namespace xdpctl::kernel
