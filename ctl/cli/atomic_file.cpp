// SPDX-License-Identifier: BSD-2-Clause
#include "cli/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "base/fd.h"

namespace xdpctl::cli {

namespace {

namespace fs = std::filesystem;

Status write_all(const Fd& file, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(file.get(), content.data(), content.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return fail_errno(errno, "cannot write");
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(file.get()) != 0)
        return fail_errno(errno, "cannot write");
    return {};
}

// The new content under a name of its own, then the name of the old.
Status replace(const fs::path& path, std::string_view content) {
    std::string temporary = path.native() + ".XXXXXX";
    const Fd file(::mkostemp(temporary.data(), O_CLOEXEC));
    if (!file.valid())
        return fail_errno(errno, fmt::format("cannot make a file in {}", path.parent_path().native()));
    Status done = write_all(file, content);
    if (done && ::rename(temporary.c_str(), path.c_str()) != 0)
        done = fail_errno(errno, "cannot rename the new file");
    if (!done)
        ::unlink(temporary.c_str());
    return done;
}

}  // namespace

Status replace_file(const std::string& path, std::string_view content) {
    std::error_code error;
    const fs::path target = fs::weakly_canonical(path, error);
    const std::string what = fmt::format("cannot write {}", path);
    if (error)
        return fail_errno(error.value(), what);
    if (fs::exists(target, error) && !fs::is_regular_file(target, error))
        return fail(ErrorKind::Input, what, "it is no regular file", "- is standard output");
    if (Status done = replace(target, content); !done)
        return std::unexpected(std::move(done.error()).within(what));
    // The rename itself is on the disk once the directory is.
    const Fd directory(::open(target.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.valid() || ::fsync(directory.get()) != 0)
        return fail_errno(errno, what);
    return {};
}

}  // namespace xdpctl::cli
