// SPDX-License-Identifier: BSD-2-Clause
#include "support/classifier_run.h"

#include <bpf/bpf.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "testrun/cpu.h"

namespace xdpctl::test {

namespace {

struct alignas(8) PerCpuPacket {
    xdpctl_packet packet;
};

}  // namespace

// The layer keeps the map to itself; the program leads to it.
Status ClassifierRun::find_packet_map() {
    std::array<std::uint32_t, 32> ids{};
    bpf_prog_info info{};
    info.nr_map_ids = static_cast<std::uint32_t>(ids.size());
    info.map_ids = reinterpret_cast<std::uintptr_t>(ids.data());
    std::uint32_t size = sizeof(info);
    if (bpf_obj_get_info_by_fd(program_.get(), &info, &size) != 0)
        return fail_errno(errno, "cannot ask for the classifier's maps");
    for (std::uint32_t i = 0; i < info.nr_map_ids; ++i) {
        Fd map(bpf_map_get_fd_by_id(ids[i]));
        bpf_map_info map_info{};
        size = sizeof(map_info);
        if (map.valid() && bpf_obj_get_info_by_fd(map.get(), &map_info, &size) == 0 &&
            std::strcmp(map_info.name, "packet") == 0) {
            packet_ = std::move(map);
            return {};
        }
    }
    return fail(ErrorKind::NotFound, "the classifier has no packet map");
}

Result<xdpctl_packet> ClassifierRun::run(const xdpctl_packet& packet) const {
    const auto cpu = testrun::PinnedCpu::current();
    if (!cpu)
        return std::unexpected(cpu.error());
    const std::uint32_t key = 0;
    std::vector<PerCpuPacket> packets(static_cast<std::size_t>(libbpf_num_possible_cpus()), PerCpuPacket{packet});
    if (bpf_map_update_elem(packet_.get(), &key, packets.data(), BPF_ANY) != 0)
        return fail_errno(errno, "cannot write the packet");
    const std::array<std::uint8_t, 64> frame{};
    LIBBPF_OPTS(bpf_test_run_opts, options);
    options.data_in = frame.data();
    options.data_size_in = static_cast<std::uint32_t>(frame.size());
    if (bpf_prog_test_run_opts(program_.get(), &options) != 0)
        return fail_errno(errno, "cannot run the classifier");
    if (bpf_map_lookup_elem(packet_.get(), &key, packets.data()) != 0)
        return fail_errno(errno, "cannot read the packet");
    return packets[cpu->number()].packet;
}

std::vector<Count> ClassifierRun::rule_counts() const {
    std::vector<Count> counts;
    for (std::uint32_t slot = 0; slot < rules_.size(); ++slot)
        counts.push_back(rules_.counted(RuleSlot{slot}));
    return counts;
}

}  // namespace xdpctl::test
