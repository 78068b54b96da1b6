// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/dispatcher.h"

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <system_error>

// A libxdp that is linked as an archive has its own dispatcher in it, under these names, and reads that before any
// file. The linker takes these instead.
asm(".pushsection .rodata\n"
    ".globl _binary_xdp_dispatcher_o_start, _binary_xdp_dispatcher_o_end\n"
    ".balign 8\n"
    "_binary_xdp_dispatcher_o_start:\n"
    ".incbin \"" XDPCTL_DISPATCHER
    "\"\n"
    "_binary_xdp_dispatcher_o_end:\n"
    ".popsection\n");

extern "C" {
extern const char _binary_xdp_dispatcher_o_start[];
extern const char _binary_xdp_dispatcher_o_end[];
}

namespace xdpctl::kernel {

namespace {

namespace fs = std::filesystem;

constexpr const char* object_path_variable = "LIBXDP_OBJECT_PATH";
constexpr const char* object_name = "xdp-dispatcher.o";

}  // namespace

Result<DispatcherObject> DispatcherObject::offer() {
    std::error_code error;
    std::string name = (fs::temp_directory_path(error) / "xdpctl-XXXXXX").native();
    if (error || ::mkdtemp(name.data()) == nullptr)
        return fail_errno(error ? error.value() : errno, "cannot make a temporary folder for libxdp's dispatcher");

    DispatcherObject offered{fs::path(name)};
    const std::string_view object(_binary_xdp_dispatcher_o_start, _binary_xdp_dispatcher_o_end);
    std::ofstream file(offered.directory_ / object_name, std::ios::binary);
    if (!file.write(object.data(), static_cast<std::streamsize>(object.size())).flush())
        return fail(ErrorKind::Failed, "cannot write libxdp's dispatcher to " + offered.directory_.native());
    return offered;
}

DispatcherObject::DispatcherObject(fs::path directory) : directory_(std::move(directory)) {
    if (const char* value = std::getenv(object_path_variable))
        previous_ = value;
    ::setenv(object_path_variable, directory_.c_str(), 1);
}

DispatcherObject::~DispatcherObject() {
    if (directory_.empty())
        return;
    if (previous_)
        ::setenv(object_path_variable, previous_->c_str(), 1);
    else
        ::unsetenv(object_path_variable);
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
}

}  // namespace xdpctl::kernel
