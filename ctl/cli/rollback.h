// SPDX-License-Identifier: BSD-2-Clause
// A change that is taken back unless someone confirms it: who is locked out by it cannot, and is let in again.
//
// A process of its own waits. It belongs to no terminal or session, so the command that made the change, the shell and
// the connection may all go. It listens on a socket below /run/xdpctl, one for each network namespace, where
// `xdpctl confirm` and the waiting command talk to it.
#pragma once

#include <chrono>
#include <string>

#include "base/error.h"
#include "base/fd.h"
#include "cli/saved.h"

namespace xdpctl::cli {

// The waiting process, as the command that made the change sees it.
class Rollback {
public:
    // Makes the process; time runs from start() on. REQUIRES: one thread, and the writer's lock is held: nobody else
    // makes one. Errors: Busy when another change waits.
    [[nodiscard]] static Result<Rollback> prepare(Saved previous, std::chrono::seconds time);

    // The change is made. Without it, when this process dies first, the change counts as made too.
    void start();
    // The change failed: there is nothing to take back.
    void cancel();

private:
    explicit Rollback(Fd control) : control_(std::move(control)) {}
    Fd control_;
};

// A conversation with the waiting process of this network namespace.
class PendingChange {
public:
    enum class Answer : char { Confirmed = 'c', RolledBack = 'r', Failed = 'f' };

    // Errors: NotFound when nothing waits.
    [[nodiscard]] static Result<PendingChange> find();

    [[nodiscard]] Status confirm() const;
    [[nodiscard]] Status revert() const;  // now
    // Waits for what becomes of it. Errors: Failed when the process has died.
    [[nodiscard]] Result<Answer> wait() const;
    [[nodiscard]] const Fd& socket() const { return socket_; }  // readable when wait() would not wait

private:
    explicit PendingChange(Fd socket) : socket_(std::move(socket)) {}
    Fd socket_;
};

}  // namespace xdpctl::cli
