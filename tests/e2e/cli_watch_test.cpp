// SPDX-License-Identifier: BSD-2-Clause
// stats --watch on a terminal and elsewhere.
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>
#include <stdexcept>

#include "base/fd.h"
#include "e2e/cli_fixture.h"

namespace xdpctl::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr const char* leave_screen = "\033[?1049l";
constexpr const char* enter_screen = "\033[?1049h";

// A command on a terminal of its own.
class OnTerminal {
public:
    OnTerminal(const Netns& netns, std::vector<std::string> arguments) {
        std::vector<char*> argv;
        for (std::string& argument : arguments)
            argv.push_back(argument.data());
        argv.push_back(nullptr);
        winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
        int fd = -1;
        netns.run([&] {
            child_ = ::forkpty(&fd, nullptr, nullptr, &size);
            if (child_ == 0) {
                ::setenv("TERM", "xterm", 1);
                ::execv(argv.front(), argv.data());
                ::_exit(127);
            }
        });
        if (child_ < 0)
            throw std::runtime_error("forkpty");
        terminal_ = Fd(fd);
    }
    ~OnTerminal() {
        if (child_ > 0) {
            ::kill(child_, SIGKILL);
            ::waitpid(child_, nullptr, 0);
        }
    }
    OnTerminal(const OnTerminal&) = delete;
    OnTerminal& operator=(const OnTerminal&) = delete;

    // Reads until the text was seen so many times; false when it was not in time.
    bool wait_for(const std::string& text, int times = 1) {
        while (count(text) < times && read_some()) {
        }
        return count(text) >= times;
    }
    void type(char key) const { ASSERT_EQ(::write(terminal_.get(), &key, 1), 1); }
    void resize(unsigned short rows) const {
        const winsize size{.ws_row = rows, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
        ::ioctl(terminal_.get(), TIOCSWINSZ, &size);
    }
    void resume() const { ::kill(child_, SIGCONT); }
    bool stopped() const {
        int status = 0;
        return ::waitpid(child_, &status, WUNTRACED) == child_ && WIFSTOPPED(status);
    }
    // Exit status; everything that was written is in output().
    int finish() {
        while (read_some()) {
        }
        int status = 0;
        ::waitpid(std::exchange(child_, -1), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    [[nodiscard]] const std::string& output() const { return output_; }
    void forget() { output_.clear(); }

private:
    // False at the end, and when nothing comes.
    bool read_some() {
        pollfd readable{.fd = terminal_.get(), .events = POLLIN, .revents = 0};
        if (::poll(&readable, 1, 5000) <= 0)
            return false;
        char buffer[4096];
        const ssize_t size = ::read(terminal_.get(), buffer, sizeof(buffer));
        if (size > 0)
            output_.append(buffer, static_cast<std::size_t>(size));
        return size > 0;
    }
    [[nodiscard]] int count(const std::string& text) const {
        int times = 0;
        for (std::size_t at = output_.find(text); at != std::string::npos; at = output_.find(text, at + 1))
            ++times;
        return times;
    }

    pid_t child_ = -1;
    Fd terminal_;
    std::string output_;
};

class CliWatch : public CliTest {
protected:
    CliWatch() {
        succeed({"attach", "eth0"});
        succeed({"rule", "add", "udp", "dport", "5000", "counter", "drop"});
    }
};

TEST_F(CliWatch, DrawsInPlaceUntilInterrupted) {
    OnTerminal watch(here, {XDPCTL_BINARY, "stats", "--watch", "0.1"});
    ASSERT_TRUE(watch.wait_for("PACKETS/S", 3)) << watch.output();
    EXPECT_THAT(watch.output(), HasSubstr(enter_screen));
    send(5000, 42);
    EXPECT_TRUE(watch.wait_for(" 42 ")) << watch.output();
    watch.type('\x03');
    EXPECT_EQ(watch.finish(), 0);
    EXPECT_THAT(watch.output(), EndsWith(leave_screen));
}

TEST_F(CliWatch, FollowsTheSizeOfTheTerminal) {
    for (int i = 0; i < 20; ++i)
        succeed({"rule", "add", "udp", "dport", std::to_string(6000 + i), "counter", "drop"});
    OnTerminal watch(here, {XDPCTL_BINARY, "stats", "--watch", "60"});
    ASSERT_TRUE(watch.wait_for("more lines")) << watch.output();
    EXPECT_THAT(watch.output(), Not(HasSubstr("udp dport 6019")));
    watch.resize(60);
    EXPECT_TRUE(watch.wait_for("udp dport 6019")) << "a new size redraws at once";
    watch.type('\x03');
    EXPECT_EQ(watch.finish(), 0);
    EXPECT_THAT(watch.output(), EndsWith(leave_screen));
}

TEST_F(CliWatch, GivesTheTerminalBackWhileItIsStopped) {
    OnTerminal watch(here, {XDPCTL_BINARY, "stats", "--watch", "60"});
    ASSERT_TRUE(watch.wait_for("udp dport 5000"));
    watch.type('\x1a');
    ASSERT_TRUE(watch.wait_for(leave_screen));
    ASSERT_TRUE(watch.stopped());
    watch.forget();
    watch.resume();
    EXPECT_TRUE(watch.wait_for("udp dport 5000"));
    watch.type('\x03');
    EXPECT_EQ(watch.finish(), 0);
    EXPECT_THAT(watch.output(), EndsWith(leave_screen));
}

TEST_F(CliWatch, GivesTheTerminalBackBeforeAnError) {
    OnTerminal watch(here, {XDPCTL_BINARY, "stats", "eth0", "--watch", "0.1"});
    ASSERT_TRUE(watch.wait_for("udp dport 5000"));
    succeed({"detach", "eth0"});
    EXPECT_EQ(watch.finish(), static_cast<int>(ErrorKind::NotFound));
    const std::string& output = watch.output();
    EXPECT_LT(output.find(leave_screen), output.find("no statistics of eth0")) << output;
}

TEST_F(CliWatch, AppendsWithoutATerminal) {
    const CommandResult result = shell("timeout --preserve-status -s INT 0.7 $X stats --watch 0.1");
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, Not(HasSubstr("\033")));
    EXPECT_THAT(result.out, HasSubstr("INTERFACE  HOOK     VERDICT  REASON  PACKETS  BYTES\n")) << "rates need two";
    EXPECT_THAT(result.out, HasSubstr("PACKETS/S"));
}

TEST_F(CliWatch, PrintsAJsonDocumentALine) {
    const CommandResult result = shell("timeout --preserve-status -s TERM 0.7 $X stats --watch=0.1 eth0 --json");
    EXPECT_EQ(result.status, 0) << result.err;
    std::istringstream lines(result.out);
    int documents = 0;
    for (std::string line; std::getline(lines, line); ++documents) {
        const auto stats = nlohmann::json::parse(line, nullptr, false);
        ASSERT_TRUE(stats.is_object()) << line;
        EXPECT_EQ(stats.contains("interval"), documents > 0);
    }
    EXPECT_GE(documents, 3);
}

TEST_F(CliWatch, EndsWithItsReader) {
    const CommandResult result = shell("timeout 5 $X stats --watch 0.1 | head -1; echo ${PIPESTATUS[0]}");
    EXPECT_THAT(result.out, EndsWith("\n0\n")) << result.err;
}

TEST_F(CliWatch, TakesTheInterfaceBehindTheOption) {
    const CommandResult result = shell("timeout --preserve-status -s INT 0.5 $X stats --watch eth0 --json");
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("eth0"));
}

}  // namespace
}  // namespace xdpctl::test
