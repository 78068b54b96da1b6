// SPDX-License-Identifier: BSD-2-Clause
#include "cli/batch.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>
#include <vector>

#include "cli/batch_lines.h"
#include "cli/change.h"
#include "cli/command_line.h"
#include "kernel/privilege.h"

namespace xdpctl::cli {

Status Batch::edit(const std::function<Status(ruleset::Ruleset&)>& edit) {
    writer_.reset();  // and its lock
    if (!state_) {
        auto opened = open_for_writing(session_);
        if (!opened)
            return std::unexpected(std::move(opened).error());
        state_ = *std::move(opened);
        next_ = state_->ruleset();
    }
    return edit(*next_);
}

Result<kernel::LiveSets*> Batch::elements() {
    if (state_)
        XDPCTL_TRY(commit());
    if (!writer_) {
        auto opened = kernel::LiveSets::open_for_writing(session_.lock_timeout);
        if (!opened)
            return std::unexpected(std::move(opened).error());
        writer_ = *std::move(opened);
    }
    return writer_ ? &*writer_ : nullptr;
}

Status Batch::commit() {
    writer_.reset();
    auto state = std::exchange(state_, std::nullopt);
    auto next = std::exchange(next_, std::nullopt);
    return state ? cli::commit(session_, *state, *std::move(next)) : Status{};
}

namespace {

struct Line {
    std::uint64_t number = 0;
    std::string text;
    Action action;
};

// Lines of one role.
struct Group {
    BatchRole role{};
    std::vector<Line> lines;
};

// Longer groups of element changes would keep others from writing for more than a moment.
constexpr std::size_t elements_max = 4'096;

// What a failure leaves.
std::string done_before(std::uint64_t line) {
    return line == 1 ? "nothing was done" : fmt::format("what stands before line {} is done, and nothing else", line);
}

Error failed_at(std::uint64_t line, std::string_view text, Error error, std::uint64_t first_undone) {
    error = std::move(error).within(fmt::format("line {}: {}", line, text));
    error.next = done_before(first_undone);
    return error;
}

class GroupReader {
public:
    explicit GroupReader(LineReader lines) : lines_(std::move(lines)) {}

    // Empty behind the last one. Errors: of a line that is no change, once the lines before it were returned.
    Result<Group> next() {
        Group group;
        for (;;) {
            if (!waiting_ && !error_)
                XDPCTL_TRY(read());
            if (std::exchange(commits_, false)) {
                if (group.lines.empty())
                    continue;
                break;
            }
            if (!waiting_)
                break;
            if (!group.lines.empty() && waiting_->role != group.role)
                break;
            group.role = waiting_->role;
            group.lines.push_back(std::move(waiting_->line));
            waiting_.reset();
            if (ends_here(group))
                break;
        }
        if (group.lines.empty() && error_)
            return std::unexpected(*std::exchange(error_, std::nullopt));
        return group;
    }

private:
    struct Waiting {
        BatchRole role{};
        Line line;
    };

    // Nobody waits for elements because the rest of the input does not come.
    bool ends_here(const Group& group) {
        return group.role == BatchRole::Elements && (group.lines.size() == elements_max || !lines_.is_ready());
    }

    // The next line that says something becomes the one that waits, or ends the group; there is none behind the last
    // one.
    Status read() {
        for (;;) {
            auto text = lines_.next();
            if (!text)
                return std::unexpected(std::move(text).error());
            if (!*text)
                return {};
            const auto words = split_words(**text);
            if (words && words->empty())
                continue;
            if (words && words->size() == 1 && words->front() == "commit") {
                commits_ = true;
                return {};
            }
            auto line = words ? parse_batch_line(*words) : std::unexpected(words.error());
            if (line)
                waiting_ = Waiting{line->role, {lines_.number(), *std::move(*text), std::move(line->action)}};
            else
                error_ = failed_at(lines_.number(), **text, std::move(line).error(), lines_.number());
            return {};
        }
    }

    LineReader lines_;
    std::optional<Waiting> waiting_;
    bool commits_ = false;  // 'commit' was read
    std::optional<Error> error_;
};

// A packet sees all changes of the ruleset in a group or none. Elements change line by line: when one fails, those
// before it stay.
Status run(Session& session, const Group& group) {
    Batch batch(session);
    Session inside{session.output, session.lock_timeout, &batch};
    const bool is_whole = group.role == BatchRole::Ruleset;
    const std::uint64_t first = group.lines.front().number;
    session.output.hold();
    std::optional<Error> error;
    for (const Line& line : group.lines) {
        if (Status status = line.action(inside); !status) {
            error = failed_at(line.number, line.text, std::move(status).error(), is_whole ? first : line.number);
            break;
        }
    }
    if (error && is_whole)
        return std::unexpected(*std::move(error));
    if (Status status = batch.commit(); !status)
        return std::unexpected(failed_at(first, fmt::format("and those to line {}", group.lines.back().number),
                                         std::move(status).error(), first));
    session.output.release();
    return error ? std::unexpected(*std::move(error)) : Status{};
}

}  // namespace

Status run_batch(Session& session, const std::string& path) {
    XDPCTL_TRY(kernel::require_privileges("change the running ruleset"));
    auto lines = LineReader::open(path);
    if (!lines)
        return std::unexpected(std::move(lines).error());
    GroupReader reader(*std::move(lines));
    for (;;) {
        auto group = reader.next();
        if (!group)
            return std::unexpected(std::move(group).error());
        if (group->lines.empty())
            return {};
        XDPCTL_TRY(run(session, *group));
    }
}

}  // namespace xdpctl::cli
