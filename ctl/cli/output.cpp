// SPDX-License-Identifier: BSD-2-Clause
#include "cli/output.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace xdpctl::cli {

namespace {

using Json = nlohmann::json;

// Text from outside, such as a comment in a rule, need not be UTF-8.
std::string dump(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void print_error_line(const std::string& text) {
    // Nothing is left to tell a failure to.
    std::fputs((text + '\n').c_str(), stderr);
}

}  // namespace

std::string_view name(ErrorKind kind) {
    switch (kind) {
    case ErrorKind::Failed:
        return "failed";
    case ErrorKind::Usage:
        return "usage";
    case ErrorKind::Input:
        return "input";
    case ErrorKind::NotFound:
        return "not-found";
    case ErrorKind::Privilege:
        return "privilege";
    case ErrorKind::Busy:
        return "busy";
    case ErrorKind::Locked:
        return "locked";
    case ErrorKind::Unsupported:
        return "unsupported";
    case ErrorKind::Limit:
        return "limit";
    case ErrorKind::Rejected:
        return "rejected";
    }
    return "failed";
}

void Output::warn(std::string_view message) const {
    if (format_ == Format::Json)
        warn_in_text(message);
    else
        warn_in_text(fmt::format("warning: {}", message));
}

void Output::warn_in_text(std::string_view message) const {
    if (quiet_)
        return;
    print_error_line(format_ == Format::Json ? dump({{"warning", {{"message", message}}}})
                                             : fmt::format("xdpctl: {}", message));
}

void Output::warn(const std::vector<std::string>& messages) const {
    for (const std::string& message : messages)
        warn(message);
}

void Output::error(const Error& error) const {
    if (format_ == Format::Text)
        return print_error_line(fmt::format("xdpctl: {}", error.text()));
    Json object{{"kind", name(error.kind)}, {"exit_code", static_cast<int>(error.kind)}, {"what", error.what}};
    if (!error.cause.empty())
        object["cause"] = error.cause;
    if (!error.next.empty())
        object["next"] = error.next;
    print_error_line(dump({{"error", std::move(object)}}));
}

Status Output::finish() {
    flush();
    if (error_ == 0 || error_ == EPIPE)
        return {};
    return fail(ErrorKind::Failed, "cannot write to standard output", std::strerror(error_));
}

std::string Output::line(const Json& value) {
    return dump(value) + '\n';
}

void Output::release() {
    if (const auto held = std::exchange(held_, std::nullopt))
        print(*held);
}

void Output::print(std::string_view text) {
    if (held_) {
        held_->append(text);
        return;
    }
    if (error_ == 0 && std::fwrite(text.data(), 1, text.size(), stdout) != text.size())
        error_ = errno;
}

void Output::flush() {
    if (error_ == 0 && std::fflush(stdout) != 0)
        error_ = errno;
}

Output::List::List(Output& output, std::string_view name) : output_(output) {
    if (output_.format_ == Format::Json)
        output_.print(fmt::format("{{\"{}\": [", name));
}

std::string Output::List::serialize(const Json& value) {
    return dump(value);
}

}  // namespace xdpctl::cli
