// SPDX-License-Identifier: BSD-2-Clause
// What every fuzzer defines, and how it says that something is wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string_view>

// libFuzzer's entry. Returns 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace xdpctl::test {

// Ends the program, so that the input is kept.
inline void require(bool holds, std::string_view what, std::string_view details = {}) {
    if (holds)
        return;
    std::cerr << what << '\n' << details << '\n';
    std::abort();
}

}  // namespace xdpctl::test
