// SPDX-License-Identifier: BSD-2-Clause
// Another tool's XDP program on a device, put there by libxdp or alone.
#pragma once

#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include <cstdint>
#include <memory>

#include "base/fd.h"
#include "support/netns.h"

namespace xdpctl::test {

// Throws std::runtime_error when the kernel or libxdp refuses.
class SecondProgram {
public:
    explicit SecondProgram(const VethEnd& end) : end_(end) {}
    SecondProgram(const SecondProgram&) = delete;
    SecondProgram& operator=(const SecondProgram&) = delete;
    ~SecondProgram();

    // Under libxdp's dispatcher, as the system's libxdp brings it. Returns libxdp's error, 0 when attached.
    [[nodiscard]] int attach_by_libxdp();
    // As the device's only program.
    void attach_alone();

    // Frames it has seen.
    [[nodiscard]] std::uint64_t frames() const;

private:
    struct CloseObject {
        void operator()(bpf_object* object) const { bpf_object__close(object); }
    };

    void open();

    const VethEnd& end_;
    std::unique_ptr<bpf_object, CloseObject> object_;
    xdp_program* under_dispatcher_ = nullptr;
    Fd link_;
};

}  // namespace xdpctl::test
