// SPDX-License-Identifier: BSD-2-Clause
#include "base/error.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace xdpctl {

namespace {

ErrorKind kind_of(int error) {
    switch (error) {
    case EPERM:
    case EACCES:
        return ErrorKind::Privilege;
    case ENODEV:
    case ENOENT:
        return ErrorKind::NotFound;
    case EISDIR:
        return ErrorKind::Input;
    case EBUSY:
        return ErrorKind::Busy;
    case EOPNOTSUPP:
    case ENOSYS:
        return ErrorKind::Unsupported;
    case E2BIG:
    case ENOSPC:
        return ErrorKind::Limit;
    default:
        return ErrorKind::Failed;
    }
}

}  // namespace

Error Error::within(std::string outer) && {
    std::string inner = std::move(what);
    if (!cause.empty())
        inner += ": " + cause;
    return Error{kind, std::move(outer), std::move(inner), std::move(next)};
}

std::string Error::text() const {
    std::string out = what;
    if (!cause.empty())
        out += ": " + cause;
    if (!next.empty())
        out += "\n" + next;
    return out;
}

std::unexpected<Error> fail_errno(int error, std::string what, std::string next) {
    const int positive = std::abs(error);
    return fail(kind_of(positive), std::move(what), std::strerror(positive), std::move(next));
}

}  // namespace xdpctl
