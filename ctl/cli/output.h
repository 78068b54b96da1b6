// SPDX-License-Identifier: BSD-2-Clause
// Where commands put what they have to say: results to standard output, warnings and errors to standard error, as text
// or as one line of JSON each.
//
// A result is a plain struct with two functions beside it, text() and json(), so a command never asks for the format.
#pragma once

#include <concepts>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace xdpctl::cli {

template <typename T>
concept Report = requires(const T& report) {
    { text(report) } -> std::convertible_to<std::string>;
    { json(report) } -> std::convertible_to<nlohmann::json>;
};

class Output {
public:
    enum class Format { Text, Json };

    Output(Format format, bool quiet) : format_(format), quiet_(quiet) {}

    [[nodiscard]] Format format() const { return format_; }
    [[nodiscard]] bool quiet() const { return quiet_; }

    // What the command was called for.
    template <Report R>
    void show(const R& report) {
        print(format_ == Format::Json ? line(json(report)) : text(report));
    }

    // What a command did; text that --quiet leaves out.
    template <Report R>
    void confirm(const R& report) {
        if (format_ == Format::Json || !quiet_)
            show(report);
    }

    // A result of many elements, shown as they come: in JSON one object {"NAME": [element, ...], ...summary}.
    class List;

    void warn(std::string_view message) const;
    void warn(const std::vector<std::string>& messages) const;
    // A warning that says itself where it belongs and that it is one, as errors in a text do.
    void warn_in_text(std::string_view message) const;
    void error(const Error& error) const;

    // What is printed waits until it is known to be true: release() prints it, hold() drops what waited before.
    void hold() { held_.emplace(); }
    void release();

    void flush();
    // Whether somebody still reads standard output.
    [[nodiscard]] bool open() const { return error_ == 0; }
    // Hands everything to the system. A reader who had enough (`| head`) is no error. Errors: Failed, such as a full
    // disk.
    [[nodiscard]] Status finish();

private:
    [[nodiscard]] static std::string line(const nlohmann::json& value);
    void print(std::string_view text);

    Format format_;
    bool quiet_;
    int error_ = 0;  // errno of the first write that failed
    std::optional<std::string> held_;
};

class Output::List {
public:
    List(Output& output, std::string_view name);

    template <Report R>
    void add(const R& element) {
        if (output_.format_ == Format::Text)
            return output_.print(text(element));
        output_.print(std::exchange(empty_, false) ? "\n" : ",\n");
        output_.print(serialize(json(element)));
    }

    template <Report R>
    void finish(const R& summary) {
        if (output_.format_ == Format::Text)
            return output_.print(text(summary));
        output_.print("],\n\"summary\": " + serialize(json(summary)) + "}\n");
    }

private:
    [[nodiscard]] static std::string serialize(const nlohmann::json& value);

    Output& output_;
    bool empty_ = true;
};

// "not-found": the name of an error's kind in JSON.
[[nodiscard]] std::string_view name(ErrorKind kind);

}  // namespace xdpctl::cli
