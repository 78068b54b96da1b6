// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/libxdp.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <xdp/libxdp.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "kernel/bpffs.h"
#include "kernel/dispatcher.h"
#include "kernel/libbpf_log.h"
#include "kernel/program.h"

namespace xdpctl::kernel {

namespace {

namespace fs = std::filesystem;

// In front of most programs, which have 50, so that they see what the filter lets through.
constexpr unsigned run_priority = 10;

struct CloseProgram {
    void operator()(xdp_program* program) const { xdp_program__close(program); }
};
using Program = std::unique_ptr<xdp_program, CloseProgram>;

struct CloseMultiprog {
    void operator()(xdp_multiprog* multiprog) const { xdp_multiprog__close(multiprog); }
};
using Multiprog = std::unique_ptr<xdp_multiprog, CloseMultiprog>;

// What libxdp and the libbpf inside it say while one exists on a thread; libxdp would print it. Its print function,
// too, is one a process and without context.
class LibxdpLog {
public:
    LibxdpLog() : previous_(libxdp_set_print(print)), outer_(std::exchange(current_, this)) {}
    ~LibxdpLog() {
        current_ = outer_;
        libxdp_set_print(previous_);
    }
    LibxdpLog(const LibxdpLog&) = delete;
    LibxdpLog& operator=(const LibxdpLog&) = delete;

    // What libxdp said last, else what libbpf did: the innermost reason comes first in both.
    [[nodiscard]] std::string cause() const {
        return text_.empty() ? last_lines(libbpf_.text(), 1) : last_lines(text_, 1);
    }

private:
    static int print(libxdp_print_level level, const char* format, va_list arguments) {
        if (level != LIBXDP_WARN || current_ == nullptr)
            return 0;
        std::array<char, 1024> line{};
        const int size = std::vsnprintf(line.data(), line.size(), format, arguments);
        current_->text_ += line.data();
        return size;
    }

    static thread_local LibxdpLog* current_;
    libxdp_print_fn_t previous_;
    LibxdpLog* outer_;
    LibbpfLog libbpf_;
    std::string text_;
};
thread_local LibxdpLog* LibxdpLog::current_ = nullptr;

fs::path libxdp_bpffs() {
    const char* chosen = std::getenv(XDP_BPFFS_ENVVAR);
    return chosen != nullptr ? chosen : "/sys/fs/bpf";
}

bool is_dispatcher(std::uint32_t id) {
    const Fd program(bpf_prog_get_fd_by_id(id));
    const auto info = program_info(program.get());
    return info && std::string_view(info->name) == "xdp_dispatcher";
}

// The dispatcher that runs on the device; 0 when none does. Asked here, as what runs under it, because libxdp 1.3 keeps
// descriptors open of what it finds.
std::uint32_t dispatcher_of(IfIndex device) {
    LIBBPF_OPTS(bpf_xdp_query_opts, query);
    if (bpf_xdp_query(static_cast<int>(device), 0, &query) != 0)
        return 0;
    for (const std::uint32_t id : {query.drv_prog_id, query.skb_prog_id, query.hw_prog_id})
        if (is_dispatcher(id))
            return id;
    return 0;
}

// Null when no dispatcher runs on the device, or libxdp cannot read it.
Multiprog multiprog_of(IfIndex device) {
    if (dispatcher_of(device) == 0)
        return nullptr;
    xdp_multiprog* multiprog = xdp_multiprog__get_from_ifindex(static_cast<int>(device));
    return Multiprog(libxdp_get_error(multiprog) == 0 ? multiprog : nullptr);
}

// Null when it is not there. The program belongs to the multiprog.
xdp_program* find_program(const Multiprog& multiprog, std::uint32_t id) {
    if (!multiprog || xdp_multiprog__is_legacy(multiprog.get()))
        return nullptr;
    xdp_program* program = nullptr;
    while ((program = xdp_multiprog__next_prog(program, multiprog.get())) != nullptr) {
        if (xdp_program__id(program) == id)
            return program;
    }
    return nullptr;
}

xdp_attach_mode libxdp_mode(xdpctl_mode mode) {
    return mode == XDPCTL_MODE_GENERIC ? XDP_MODE_SKB : XDP_MODE_NATIVE;
}

// libxdp keeps a folder dispatch-IFINDEX-ID a dispatcher, in it for each place N `progN-prog` and `progN-link`.
constexpr std::string_view program_suffix = "-prog";

bool pins_program_below(const fs::path& dispatcher, std::uint32_t id) {
    std::error_code error;
    for (const fs::directory_entry& pin : fs::directory_iterator(dispatcher, error))
        if (pin.path().native().ends_with(program_suffix) && pins_program(pin.path(), id))
            return true;
    return false;
}

// Without the link the program no longer runs under the dispatcher, wherever the device went.
Status remove_pins(IfIndex device, std::uint32_t id) {
    const std::string prefix = fmt::format("dispatch-{}-", static_cast<std::uint32_t>(device));
    std::error_code error;
    for (const fs::directory_entry& dispatcher : fs::directory_iterator(libxdp_bpffs() / "xdp", error)) {
        if (!dispatcher.path().filename().native().starts_with(prefix))
            continue;
        bool others = false;
        std::vector<fs::path> ours;
        for (const fs::directory_entry& pin : fs::directory_iterator(dispatcher, error)) {
            const std::string& name = pin.path().native();
            if (!name.ends_with(program_suffix))
                continue;
            if (pins_program(pin.path(), id))
                ours = {name.substr(0, name.size() - program_suffix.size()) + "-link", pin.path()};
            else
                others = true;
        }
        for (const fs::path& pin : ours)
            fs::remove(pin, error);
        if (!ours.empty() && !others)
            fs::remove(dispatcher, error);
    }
    if (error && error != std::errc::no_such_file_or_directory)
        return fail_errno(error.value(), fmt::format("cannot remove pins of libxdp below {}", libxdp_bpffs().native()));
    return {};
}

Status require_pins() {
    if (on_bpffs(libxdp_bpffs()))
        return {};
    return fail(ErrorKind::NotFound, "cannot look into libxdp's dispatcher",
                fmt::format("{}, where it is pinned, is not visible in this mount namespace", libxdp_bpffs().native()),
                "`ip netns exec` hides it; use: nsenter --net=/run/netns/NAME xdpctl ...");
}

}  // namespace

bool dispatcher_usable() {
    return on_bpffs(libxdp_bpffs()) && libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_EXT, nullptr) == 1;
}

bool has_dispatcher(IfIndex device) {
    return dispatcher_of(device) != 0;
}

Result<bool> in_dispatcher(IfIndex device, std::uint32_t program_id) {
    XDPCTL_TRY(require_pins());
    const std::uint32_t dispatcher = dispatcher_of(device);
    return dispatcher != 0 &&
           pins_program_below(
               libxdp_bpffs() / "xdp" / fmt::format("dispatch-{}-{}", static_cast<std::uint32_t>(device), dispatcher),
               program_id);
}

Result<std::uint32_t> attach_to_dispatcher(const Interface& interface, xdpctl_mode mode, const EntryObject& entry) {
    const std::string what = fmt::format("cannot attach to {} under libxdp's dispatcher", interface.name);
    const Result<DispatcherObject> dispatcher = DispatcherObject::offer();
    if (!dispatcher)
        return std::unexpected(dispatcher.error());
    const LibxdpLog log;
    xdp_program* opened = xdp_program__from_bpf_obj(entry.object(), bpf_program__section_name(entry.program()));
    if (const long error = libxdp_get_error(opened); error != 0)
        return fail_errno(static_cast<int>(error), what);
    const Program program(opened);
    xdp_program__set_run_prio(program.get(), run_priority);
    xdp_program__set_chain_call_enabled(program.get(), XDP_PASS, true);

    const int ifindex = static_cast<int>(interface.index);
    if (const int error = xdp_program__attach(program.get(), ifindex, libxdp_mode(mode), 0); error != 0) {
        auto failed = fail_errno(error, what);
        if (const std::string cause = log.cause(); !cause.empty())
            failed.error().cause = cause;
        return failed;
    }
    const std::uint32_t id = xdp_program__id(program.get());
    if (in_dispatcher(interface.index, id).value_or(false))
        return id;
    (void)xdp_program__detach(program.get(), ifindex, libxdp_mode(mode), 0);
    return fail(ErrorKind::Unsupported, what, "libxdp fell back to a single program");
}

Status detach_from_dispatcher(IfIndex device, std::uint32_t program_id) {
    XDPCTL_TRY(require_pins());
    const Result<DispatcherObject> dispatcher = DispatcherObject::offer();
    if (!dispatcher)
        return std::unexpected(dispatcher.error());
    const LibxdpLog log;
    const Multiprog multiprog = multiprog_of(device);
    xdp_program* program = find_program(multiprog, program_id);
    if (program == nullptr)
        return remove_pins(device, program_id);
    const int error =
        xdp_program__detach(program, static_cast<int>(device), xdp_multiprog__attach_mode(multiprog.get()), 0);
    if (error != 0) {
        auto failed = fail_errno(error, "cannot detach from libxdp's dispatcher");
        if (const std::string cause = log.cause(); !cause.empty())
            failed.error().cause = cause;
        return failed;
    }
    return {};
}

}  // namespace xdpctl::kernel
