// SPDX-License-Identifier: BSD-2-Clause
#include "vm/second_program.h"

#include <bpf/bpf.h>
#include <linux/if_link.h>

#include <stdexcept>
#include <utility>

#include "second.skel.h"

namespace xdpctl::test {

void SecondProgram::open() {
    std::size_t size = 0;
    const void* bytes = second::elf_bytes(&size);
    object_.reset(bpf_object__open_mem(bytes, size, nullptr));
    if (!object_)
        throw std::runtime_error("cannot open the second program");
}

SecondProgram::~SecondProgram() {
    if (under_dispatcher_ == nullptr)
        return;
    end_.netns().run(
        [&] { (void)xdp_program__detach(under_dispatcher_, static_cast<int>(end_.ifindex()), XDP_MODE_NATIVE, 0); });
    xdp_program__close(under_dispatcher_);
}

int SecondProgram::attach_by_libxdp() {
    open();
    DECLARE_LIBXDP_OPTS(xdp_program_opts, options);
    options.obj = object_.get();
    options.prog_name = "second";
    under_dispatcher_ = xdp_program__create(&options);
    if (libxdp_get_error(under_dispatcher_) != 0) {
        under_dispatcher_ = nullptr;
        throw std::runtime_error("libxdp does not take the second program");
    }
    return end_.netns().run(
        [&] { return xdp_program__attach(under_dispatcher_, static_cast<int>(end_.ifindex()), XDP_MODE_NATIVE, 0); });
}

void SecondProgram::attach_alone() {
    open();
    const bpf_program* program = bpf_object__find_program_by_name(object_.get(), "second");
    if (bpf_object__load(object_.get()) != 0)
        throw std::runtime_error("cannot load the second program");
    LIBBPF_OPTS(bpf_link_create_opts, options);
    options.flags = XDP_FLAGS_DRV_MODE;
    end_.netns().run([&] {
        link_ = Fd(bpf_link_create(bpf_program__fd(program), static_cast<int>(end_.ifindex()), BPF_XDP, &options));
    });
    if (!link_.valid())
        throw std::runtime_error("cannot attach the second program");
}

std::uint64_t SecondProgram::frames() const {
    const std::uint32_t key = 0;
    std::uint64_t count = 0;
    if (bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(object_.get(), "frames"), &key, &count) != 0)
        throw std::runtime_error("cannot read the second program's count");
    return count;
}

}  // namespace xdpctl::test
