// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/program.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <mntent.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <vector>

#include "base/fd.h"
#include "kernel/pin.h"

namespace xdpctl::kernel {

namespace {

namespace fs = std::filesystem;

// What is asked for is set in `info`.
Result<bpf_prog_info> query(int program, bpf_prog_info info) {
    std::uint32_t size = sizeof info;
    if (const int error = bpf_obj_get_info_by_fd(program, &info, &size); error != 0)
        return fail_errno(error, "cannot query a BPF program");
    return info;
}

// The program that a descriptor of a process stands for: a program's or a link's.
std::optional<std::uint32_t> program_of_descriptor(const fs::path& process, const std::string& descriptor) {
    std::error_code ignored;
    const fs::path target = fs::read_symlink(process / "fd" / descriptor, ignored);
    if (target != "anon_inode:bpf-prog" && target != "anon_inode:bpf_link")
        return std::nullopt;
    std::ifstream info(process / "fdinfo" / descriptor);
    for (std::string key, value; info >> key && std::getline(info, value);) {
        if (key == "prog_id:")
            return static_cast<std::uint32_t>(std::strtoul(value.c_str(), nullptr, 10));
    }
    return std::nullopt;
}

std::vector<std::uint32_t> links_of(std::uint32_t id) {
    std::vector<std::uint32_t> links;
    for (std::uint32_t link = 0; bpf_link_get_next_id(link, &link) == 0;) {
        const Fd fd(bpf_link_get_fd_by_id(link));
        bpf_link_info info{};
        std::uint32_t size = sizeof info;
        if (fd.valid() && bpf_obj_get_info_by_fd(fd.get(), &info, &size) == 0 && info.prog_id == id)
            links.push_back(link);
    }
    return links;
}

std::vector<fs::path> bpf_file_systems() {
    std::vector<fs::path> mounts;
    const std::unique_ptr<FILE, int (*)(FILE*)> table(::setmntent("/proc/self/mounts", "re"), ::endmntent);
    for (mntent* entry = nullptr; table && (entry = ::getmntent(table.get())) != nullptr;) {
        if (std::strcmp(entry->mnt_type, "bpf") == 0)
            mounts.emplace_back(entry->mnt_dir);
    }
    return mounts;
}

std::vector<std::string> pins_of(std::uint32_t id) {
    std::vector<std::string> pins;
    std::error_code ignored;
    for (const fs::path& mount : bpf_file_systems()) {
        for (auto entry =
                 fs::recursive_directory_iterator(mount, fs::directory_options::skip_permission_denied, ignored);
             entry != fs::recursive_directory_iterator(); entry.increment(ignored)) {
            if (!entry->is_regular_file(ignored))
                continue;
            const Fd fd(bpf_obj_get(entry->path().c_str()));
            if (fd.valid() && program_of_descriptor("/proc/self", std::to_string(fd.get())) == id)
                pins.push_back(entry->path().native());
        }
    }
    return pins;
}

std::vector<std::string> holders_of(std::uint32_t id) {
    std::vector<std::string> holders;
    std::error_code ignored;
    for (const fs::directory_entry& process : fs::directory_iterator("/proc", ignored)) {
        const std::string pid = process.path().filename();
        if (pid.find_first_not_of("0123456789") != std::string::npos)
            continue;
        const auto holds = [&](const fs::directory_entry& descriptor) {
            return program_of_descriptor(process.path(), descriptor.path().filename()) == id;
        };
        const fs::directory_iterator descriptors(process.path() / "fd", ignored);
        if (std::any_of(begin(descriptors), end(descriptors), holds)) {
            std::string command;
            std::getline(std::ifstream(process.path() / "comm"), command);
            holders.push_back(fmt::format("{} (pid {})", command, pid));
        }
    }
    return holders;
}

}  // namespace

Result<bpf_prog_info> program_info(int program) {
    return query(program, {});
}

Result<std::vector<std::uint32_t>> map_ids(int program) {
    const auto info = program_info(program);
    if (!info)
        return std::unexpected(info.error());
    std::vector<std::uint32_t> ids(info->nr_map_ids);
    bpf_prog_info asked{};
    asked.nr_map_ids = info->nr_map_ids;
    asked.map_ids = reinterpret_cast<std::uintptr_t>(ids.data());
    if (const auto answer = query(program, asked); !answer)
        return std::unexpected(answer.error());
    return ids;
}

Result<std::uint32_t> program_id(int program) {
    const Result<bpf_prog_info> info = program_info(program);
    if (!info)
        return std::unexpected(info.error());
    return info->id;
}

Result<std::uint32_t> pinned_program_id(const fs::path& pin) {
    const auto program = open_pin(pin);
    if (!program)
        return std::unexpected(program.error());
    return program_id(program->get());
}

bool pins_program(const fs::path& pin, std::uint32_t id) {
    const auto pinned = pinned_program_id(pin);
    return pinned && *pinned == id;
}

std::string describe_program(std::uint32_t id) {
    std::string out = fmt::format("program {}", id);
    // Asking by id needs CAP_SYS_ADMIN; without it the id is what there is to say.
    const Fd program(bpf_prog_get_fd_by_id(id));
    if (!program.valid())
        return out;
    if (const Result<bpf_prog_info> info = program_info(program.get()))
        out += fmt::format(" \"{}\", loaded by uid {}", info->name, info->created_by_uid);
    if (const auto links = links_of(id); !links.empty())
        out += fmt::format(", link {}", fmt::join(links, ", "));
    if (const auto pins = pins_of(id); !pins.empty())
        out += fmt::format(", pinned at {}", fmt::join(pins, ", "));
    // This process holds it for the moment: the descriptor above.
    auto holders = holders_of(id);
    std::erase_if(holders, [self = fmt::format("(pid {})", ::getpid())](const std::string& holder) {
        return holder.ends_with(self);
    });
    if (!holders.empty())
        out += fmt::format(", held by {}", fmt::join(holders, ", "));
    return out;
}

}  // namespace xdpctl::kernel
