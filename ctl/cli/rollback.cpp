// SPDX-License-Identifier: BSD-2-Clause
#include "cli/rollback.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <vector>

#include "kernel/bpffs.h"

namespace xdpctl::cli {

namespace {

using Answer = PendingChange::Answer;
using Clock = std::chrono::steady_clock;

constexpr const char* run_directory = "/run/xdpctl";

// What comes over the sockets, one byte each.
constexpr char word_start = 's';
constexpr char word_cancel = 'x';
constexpr char word_confirm = 'c';
constexpr char word_revert = 'r';

// Another command may be writing when the time is up.
constexpr std::chrono::seconds lock_timeout{60};

struct SocketAddress {
    sockaddr_un address{};

    static Result<SocketAddress> make() {
        const auto name = kernel::state_directory_name();
        if (!name)
            return std::unexpected(name.error());
        SocketAddress out;
        out.address.sun_family = AF_UNIX;
        const std::string path = fmt::format("{}/confirm-{}", run_directory, *name);
        path.copy(out.address.sun_path, sizeof out.address.sun_path - 1);
        return out;
    }
    [[nodiscard]] const char* path() const { return address.sun_path; }
    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

Fd make_socket() {
    return Fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
}

bool send_word(const Fd& socket, char word) {
    return ::send(socket.get(), &word, 1, MSG_NOSIGNAL) == 1;
}

// None at the end of the connection.
std::optional<char> receive_word(const Fd& socket) {
    char word = 0;
    ssize_t size = 0;
    do
        size = ::recv(socket.get(), &word, 1, 0);
    while (size < 0 && errno == EINTR);
    return size == 1 ? std::optional(word) : std::nullopt;
}

// A socket whose process was killed is in the way and answers nobody.
bool remove_if_dead(const SocketAddress& address) {
    const Fd socket = make_socket();
    if (::connect(socket.get(), address.get(), sizeof address.address) == 0)
        return false;
    return errno == ECONNREFUSED && ::unlink(address.path()) == 0;
}

Result<Fd> listen_on(const SocketAddress& address) {
    constexpr auto what = "cannot wait for a confirmation";
    if (::mkdir(run_directory, S_IRWXU) != 0 && errno != EEXIST)
        return fail_errno(errno, what);
    Fd socket = make_socket();
    const auto bind = [&] { return ::bind(socket.get(), address.get(), sizeof address.address) == 0; };
    if (!bind()) {
        if (errno != EADDRINUSE)
            return fail_errno(errno, what);
        if (!remove_if_dead(address) || !bind())
            return fail(ErrorKind::Busy, "another change waits to be confirmed", {},
                        "xdpctl confirm keeps it, xdpctl confirm --revert takes it back");
    }
    constexpr int waiting_clients = 8;
    if (::chmod(address.path(), S_IRUSR | S_IWUSR) != 0 || ::listen(socket.get(), waiting_clients) != 0) {
        ::unlink(address.path());
        return fail_errno(errno, what);
    }
    return socket;
}

// The process that waits.
class Waiter {
public:
    Waiter(Saved previous, std::chrono::seconds time, Fd control, Fd listener, const SocketAddress& address)
        : previous_(std::move(previous)),
          time_(time),
          control_(std::move(control)),
          listener_(std::move(listener)),
          address_(address) {}

    void run() {
        // The command that made the change may die before it says so: it may have been made.
        if (receive_word(control_).value_or(word_start) == word_cancel)
            return leave();
        const Answer answer = wait_for_answer() == word_confirm ? Answer::Confirmed : take_back();
        leave();
        for (const Fd& client : clients_)
            send_word(client, static_cast<char>(answer));
    }

private:
    void leave() {
        ::unlink(address_.path());
        listener_.reset();
    }

    // Without an answer in time it is word_revert.
    char wait_for_answer() {
        const auto deadline = Clock::now() + time_;
        for (;;) {
            std::vector<pollfd> sockets{{.fd = listener_.get(), .events = POLLIN, .revents = 0}};
            for (const Fd& client : clients_)
                sockets.push_back({.fd = client.get(), .events = POLLIN, .revents = 0});
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
            if (left.count() <= 0)
                return word_revert;
            if (::poll(sockets.data(), sockets.size(), static_cast<int>(left.count())) <= 0)
                continue;
            if (const auto word = hear_clients(sockets))
                return *word;
            if (sockets.front().revents != 0)
                if (Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)); client.valid())
                    clients_.push_back(std::move(client));
        }
    }

    // What one of them said; those that left are forgotten.
    std::optional<char> hear_clients(const std::vector<pollfd>& sockets) {
        for (std::size_t i = clients_.size(); i-- > 0;) {
            if (sockets[i + 1].revents == 0)
                continue;
            const auto word = receive_word(clients_[i]);
            if (word == word_confirm || word == word_revert)
                return word;
            clients_.erase(clients_.begin() + static_cast<std::ptrdiff_t>(i));
        }
        return std::nullopt;
    }

    Answer take_back() {
        Output nowhere(Output::Format::Text, true);
        Session session{nowhere, lock_timeout};
        kernel::Warnings warnings;
        auto state = kernel::State::open_for_writing(lock_timeout, warnings);
        if (!state)
            return tell_failure(state.error());
        const auto restored = restore_state(session, *state, std::move(previous_));
        if (!restored)
            return tell_failure(restored.error());
        for (const std::string& interface : restored->failed)
            ::syslog(LOG_ERR, "rolled back, but %s is not filtered", interface.c_str());
        ::syslog(LOG_WARNING, "the ruleset was not confirmed: rolled back");
        return Answer::RolledBack;
    }

    static Answer tell_failure(const Error& error) {
        ::syslog(LOG_ERR, "the ruleset was not confirmed, and cannot be rolled back: %s", error.text().c_str());
        return Answer::Failed;
    }

    Saved previous_;
    std::chrono::seconds time_;
    Fd control_;
    Fd listener_;
    SocketAddress address_;
    std::vector<Fd> clients_;
};

// Makes this process one that nothing of the command's surroundings ends, and that holds nothing of the command's: not
// the writer's lock, which would pass on with its descriptor. Keeps the two descriptors.
void become_independent(Fd& control, Fd& listener) {
    ::setsid();
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE})
        ::signal(signal, SIG_IGN);
    (void)::chdir("/");
    constexpr int first = 3;
    const Fd high_control(::fcntl(control.get(), F_DUPFD, 64));
    const Fd high_listener(::fcntl(listener.get(), F_DUPFD, 64));
    const int null = ::open("/dev/null", O_RDWR);
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        ::dup2(null, standard);
    (void)control.release();
    (void)listener.release();
    control = Fd(::dup2(high_control.get(), first));
    listener = Fd(::dup2(high_listener.get(), first + 1));
    ::close_range(first + 2, ~0U, 0);
}

}  // namespace

Result<Rollback> Rollback::prepare(Saved previous, std::chrono::seconds time) {
    constexpr auto what = "cannot start the process that takes the change back";
    const auto address = SocketAddress::make();
    if (!address)
        return std::unexpected(address.error());
    auto listener = listen_on(*address);
    if (!listener)
        return std::unexpected(std::move(listener).error());
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) {
        ::unlink(address->path());
        return fail_errno(errno, what);
    }
    Fd ours(pair[0]);
    Fd theirs(pair[1]);
    // A child's child: it is nobody's to wait for.
    const pid_t child = ::fork();
    if (child == 0) {
        const pid_t grandchild = ::fork();
        if (grandchild != 0)
            ::_exit(grandchild > 0 ? 0 : 1);
        become_independent(theirs, *listener);
        ::openlog("xdpctl", LOG_PID, LOG_DAEMON);
        Waiter(std::move(previous), time, std::move(theirs), std::move(*listener), *address).run();
        ::_exit(0);
    }
    int status = 1;
    if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) {
        ::unlink(address->path());
        return fail(ErrorKind::Failed, what, "no new process");
    }
    return Rollback(std::move(ours));
}

void Rollback::start() {
    send_word(control_, word_start);
}

void Rollback::cancel() {
    send_word(control_, word_cancel);
}

Result<PendingChange> PendingChange::find() {
    const auto address = SocketAddress::make();
    if (!address)
        return std::unexpected(address.error());
    Fd socket = make_socket();
    if (::connect(socket.get(), address->get(), sizeof address->address) == 0)
        return PendingChange(std::move(socket));
    if (errno == ENOENT || errno == ECONNREFUSED)
        return fail(ErrorKind::NotFound, "no change waits to be confirmed",
                    "it was confirmed, or its time is up and it was taken back",
                    "'xdpctl list ruleset' shows what runs");
    return fail_errno(errno, "cannot reach the process that waits for the confirmation");
}

Status PendingChange::confirm() const {
    if (send_word(socket_, word_confirm))
        return {};
    return fail_errno(errno, "cannot confirm the change");
}

Status PendingChange::revert() const {
    if (send_word(socket_, word_revert))
        return {};
    return fail_errno(errno, "cannot take the change back");
}

Result<Answer> PendingChange::wait() const {
    const auto word = receive_word(socket_);
    if (!word)
        return fail(ErrorKind::Failed, "the process that waits for the confirmation has died",
                    "the change stays as it is", "'xdpctl list ruleset' shows what runs");
    return static_cast<Answer>(*word);
}

}  // namespace xdpctl::cli
