// SPDX-License-Identifier: BSD-2-Clause
#include "e2e/capture_content.h"

#include <algorithm>

namespace xdpctl::test {

namespace {

void append_word(std::string& out, std::uint32_t word) {
    out.append(reinterpret_cast<const char*>(&word), sizeof(word));
}

}  // namespace

Capture::Capture(std::uint32_t link_type) {
    append_word(content_, 0xa1b2c3d4);
    append_word(content_, 0x00040002);
    append_word(content_, 0);
    append_word(content_, 0);
    append_word(content_, 262144);
    append_word(content_, link_type);
}

Capture& Capture::add(const Bytes& frame, std::size_t wire_length) {
    append_word(content_, ++seconds_);
    append_word(content_, 0);
    append_word(content_, static_cast<std::uint32_t>(frame.size()));
    append_word(content_, static_cast<std::uint32_t>(std::max(frame.size(), wire_length)));
    content_.append(reinterpret_cast<const char*>(frame.data()), frame.size());
    return *this;
}

}  // namespace xdpctl::test
