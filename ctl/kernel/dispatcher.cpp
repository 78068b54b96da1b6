// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/dispatcher.h"

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <system_error>

#include "dispatcher.skel.h"

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
    std::size_t size = 0;
    const auto* bytes = static_cast<const char*>(dispatcher::elf_bytes(&size));
    std::ofstream file(offered.directory_ / object_name, std::ios::binary);
    if (!file.write(bytes, static_cast<std::streamsize>(size)).flush())
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
