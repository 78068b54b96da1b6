// SPDX-License-Identifier: BSD-2-Clause
// The one error type of the library: what failed, on which object, why, and what to do next.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace xdpctl {

// What kind of failure it is. The values are the CLI's exit codes (documented in xdpctl(8)).
enum class ErrorKind : int {
    Failed = 1,       // anything not listed below: the operation failed and nothing was changed
    Usage = 2,        // the command line is wrong
    Input = 3,        // rule text, a file or a capture is wrong
    NotFound = 4,     // no such interface, chain, rule, ...
    Privilege = 5,    // a capability is missing
    Busy = 6,         // someone else's program holds the hook
    Locked = 7,       // another xdpctl is writing
    Unsupported = 8,  // this kernel or driver cannot
    Limit = 9,        // too many rules, devices, ...
    Rejected = 10,    // the kernel's verifier refused a program
};

struct Error {
    ErrorKind kind = ErrorKind::Failed;
    std::string what;   // what failed and on which object, one line: "cannot attach to eth0"
    std::string cause;  // why, may be empty or several lines: "the driver has no native XDP"
    std::string next;   // what the operator can do, may be empty: "try --mode generic"

    // The same error seen from further out: its text becomes the cause.
    [[nodiscard]] Error within(std::string outer) &&;

    // "what: cause" and, on a line of its own, the next step. No trailing newline.
    [[nodiscard]] std::string text() const;
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorKind kind, std::string what, std::string cause = {},
                                                 std::string next = {}) {
    return std::unexpected(Error{kind, std::move(what), std::move(cause), std::move(next)});
}

// An error from errno or a library's -errno (sign ignored): the only place where numbers become kinds and text.
[[nodiscard]] std::unexpected<Error> fail_errno(int error, std::string what, std::string next = {});

}  // namespace xdpctl

// Leaves the function with the error of a Status or Result, or goes on.
#define XDPCTL_TRY(expression)                                             \
    do {                                                                   \
        if (auto xdpctl_status = (expression); !xdpctl_status.has_value()) \
            return std::unexpected(std::move(xdpctl_status).error());      \
    } while (false)
