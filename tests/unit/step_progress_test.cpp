// SPDX-License-Identifier: BSD-2-Clause
#include "cli/step_progress.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

namespace xdpctl::cli {
namespace {

using std::chrono::milliseconds;

class StepProgressTest : public testing::Test {
protected:
    StepProgressTest() { EXPECT_EQ(pipe2(ends_.data(), O_CLOEXEC | O_NONBLOCK), 0); }
    ~StepProgressTest() override {
        close(ends_[0]);
        close(ends_[1]);
    }
    [[nodiscard]] int fd() const { return ends_[1]; }
    // What was written so far; waits for the first of it.
    [[nodiscard]] std::string said(int longest = 30'000) const {
        pollfd readable{.fd = ends_[0], .events = POLLIN, .revents = 0};
        poll(&readable, 1, longest);
        std::array<char, 4096> text{};
        const auto size = read(ends_[0], text.data(), text.size());
        return size <= 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
    }

private:
    std::array<int, 2> ends_{};
};

TEST_F(StepProgressTest, SaysNothingOfWhatIsDoneSoon) {
    {
        StepProgress progress(StepProgress::Form::Lines, fd(), std::chrono::hours(1));
        progress.step("reading");
    }
    EXPECT_EQ(said(0), "");
}

TEST_F(StepProgressTest, SaysWhatTakesLong) {
    StepProgress progress(StepProgress::Form::Lines, fd(), milliseconds(1));
    progress.step("reading rules.nft");
    const std::string text = said();
    EXPECT_TRUE(text.starts_with("xdpctl: reading rules.nft, ")) << text;
    EXPECT_TRUE(text.ends_with(" s\n")) << text;
}

TEST_F(StepProgressTest, SaysHowMuchIsDone) {
    StepProgress progress(StepProgress::Form::Lines, fd(), milliseconds(1));
    progress.step("compiling");
    (void)said();
    progress.share(1, 3);
    std::string text;
    while (!text.contains(" %"))
        text = said();
    EXPECT_TRUE(text.contains("xdpctl: compiling, 33 %, ")) << text;
    progress.step("loading");
    while (text.contains(" %"))
        text = said();
    EXPECT_TRUE(text.starts_with("xdpctl: loading, ")) << text;
}

TEST_F(StepProgressTest, LeavesNothingOnATerminal) {
    StepProgress progress(StepProgress::Form::OneLine, fd(), milliseconds(1));
    progress.step("reading");
    EXPECT_TRUE(said().starts_with("xdpctl: reading, "));
    progress.stop();
    const std::string last = said(0);
    EXPECT_TRUE(last.ends_with("\x1b[K")) << last;
}

TEST_F(StepProgressTest, GoesOnBehindAStop) {
    StepProgress progress(StepProgress::Form::Lines, fd(), milliseconds(1));
    progress.step("reading");
    progress.stop();
    (void)said(0);
    progress.step("compiling");
    EXPECT_NE(said().find("compiling"), std::string::npos);
}

TEST_F(StepProgressTest, IsQuietWhenNobodyWantsIt) {
    StepProgress progress(StepProgress::Form::None, fd(), milliseconds(1));
    progress.step("reading");
    std::this_thread::sleep_for(milliseconds(50));
    EXPECT_EQ(said(0), "");
}

}  // namespace
}  // namespace xdpctl::cli
