// SPDX-License-Identifier: BSD-2-Clause
// Files of firewall tests.
#include "testfile/test_file.h"

#include "fuzz/fuzz.h"
#include "packet/build.h"
#include "packet/parse.h"

using namespace xdpctl;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto cases = testfile::parse({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (!cases)
        return 0;
    test::require(!cases->empty(), "a file without tests is good");
    for (const testfile::Case& one : *cases) {
        test::require(!one.setting.ruleset.empty(), "a test has no ruleset", one.text);
        test::require(packet::build(one.packet).size() <= packet::frame_size_max, "the frame is too long", one.text);
    }
    return 0;
}
