// SPDX-License-Identifier: BSD-2-Clause
#include "bench/bare_drop.h"

#include <stdexcept>

#include "bench_xdp.skel.h"

namespace xdpctl::bench {

BareDrop::BareDrop() : skeleton_(bench_xdp::open()) {
    if (skeleton_ == nullptr)
        throw std::runtime_error("cannot open the empty program");
    // As xdpctl's entries have it: a link exchanges only programs of the same type.
    bpf_program__set_expected_attach_type(skeleton_->progs.drop, bpf_attach_type{});
    if (bench_xdp::load(skeleton_) != 0) {
        bench_xdp::destroy(skeleton_);
        throw std::runtime_error("cannot load the empty program");
    }
}

BareDrop::~BareDrop() {
    bench_xdp::destroy(skeleton_);
}

int BareDrop::fd() const {
    return bpf_program__fd(skeleton_->progs.drop);
}

}  // namespace xdpctl::bench
