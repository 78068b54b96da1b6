// SPDX-License-Identifier: BSD-2-Clause
// A command on a terminal of its own: what it writes is read, keys are typed, the size changes, the line goes dead.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/fd.h"
#include "support/netns.h"

namespace xdpctl::test {

// What turns to a screen of its own and back.
inline constexpr const char* enter_screen = "\033[?1049h";
inline constexpr const char* leave_screen = "\033[?1049l";

class OnTerminal {
public:
    OnTerminal(const Netns& netns, std::vector<std::string> arguments);
    ~OnTerminal();
    OnTerminal(const OnTerminal&) = delete;
    OnTerminal& operator=(const OnTerminal&) = delete;

    // Reads until the text was seen so many times; false when it was not in time.
    bool wait_for(const std::string& text, int times = 1);
    void type(char key) const;
    void resize(unsigned short rows, unsigned short columns = 80) const;
    void resume() const;
    [[nodiscard]] bool stopped() const;
    // As when an ssh connection breaks.
    void hang_up();
    // Whether the command ends by itself.
    [[nodiscard]] bool is_gone();
    // Exit status; everything that was written is in output().
    int finish();
    [[nodiscard]] const std::string& output() const { return output_; }
    void forget() { output_.clear(); }
    // Whether lines are edited and echoed, as a shell leaves a terminal.
    [[nodiscard]] bool is_cooked() const;

private:
    // False at the end, and when nothing comes.
    bool read_some();
    [[nodiscard]] int count(const std::string& text) const;

    pid_t child_ = -1;
    Fd terminal_;
    std::string output_;
};

}  // namespace xdpctl::test
