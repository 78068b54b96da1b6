// SPDX-License-Identifier: BSD-2-Clause
#include "lang/json_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "lang/json_ruleset.h"
#include "lang/json_writer.h"

namespace xdpctl::lang {
namespace {

using nlohmann::json;

constexpr std::size_t nesting_max = 64;  // of arrays and objects
constexpr std::size_t shown_max = 160;   // bytes of a value that are shown

// Where arrays and objects are nested deeper than any ruleset's. Found before they are read: what reads, shows and
// frees a value goes as deep as the value.
std::optional<std::size_t> too_deep(std::string_view text) {
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string && c == '\\')
            ++i;
        else if (c == '"')
            in_string = !in_string;
        else if (in_string)
            continue;
        else if ((c == '[' || c == '{') && ++depth > nesting_max)
            return i;
        else if ((c == ']' || c == '}') && depth > 0)
            --depth;
    }
    return std::nullopt;
}

// Without the library's own prefix: "syntax error while parsing value - invalid literal; ...".
std::string reason(const json::exception& exception) {
    const std::string_view what = exception.what();
    const std::size_t start = what.find(": ");
    return std::string(start == std::string_view::npos ? what : what.substr(start + 2));
}

std::string escaped(std::string_view key) {
    std::string out;
    for (const char c : key)
        out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    return out;
}

// RFC 6901.
std::optional<std::string> pointer_to(const json& wanted, const json& in) {
    if (&wanted == &in)
        return "";
    if (!in.is_structured())
        return std::nullopt;
    std::size_t index = 0;
    for (const auto& entry : in.items()) {
        if (const auto rest = pointer_to(wanted, entry.value()))
            return fmt::format("/{}{}", in.is_array() ? fmt::format("{}", index) : escaped(entry.key()), *rest);
        ++index;
    }
    return std::nullopt;
}

}  // namespace

struct JsonDocument::Content {
    std::string source;
    json document;
    JsonWriter writer;

    [[nodiscard]] std::string describe(const JsonFault& fault) const {
        std::string value = fault.at->dump(-1, ' ', true);
        if (value.size() > shown_max)
            value = value.substr(0, shown_max) + "...";
        std::string pointer = pointer_to(*fault.at, document).value_or("");
        return fmt::format("{}: {}: error: {}\n    {}{}{}", source, pointer.empty() ? "/" : pointer, fault.message,
                           value, fault.hint.empty() ? "" : "\n    ", fault.hint);
    }

    [[nodiscard]] Error error(const std::vector<JsonFault>& faults) const {
        std::string what;
        for (const JsonFault& fault : faults)
            what += (what.empty() ? "" : "\n") + describe(fault);
        if (faults.size() >= JsonWriter::faults_max)
            what += "\ntoo many errors: the rest is not shown";
        return {.kind = ErrorKind::Input, .what = std::move(what), .cause = {}, .next = {}};
    }
};

bool is_json(std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    const std::size_t first = text.find_first_not_of(space);
    if (first == std::string_view::npos || text[first] != '{')
        return false;
    const std::size_t second = text.find_first_not_of(space, first + 1);
    return second == std::string_view::npos || text[second] == '"' || text[second] == '}';
}

JsonDocument::JsonDocument(std::unique_ptr<const Content> content) : content_(std::move(content)) {}
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument::~JsonDocument() = default;

Result<JsonDocument> JsonDocument::read(std::string_view text, std::string_view source, bool needs_devices) {
    const Sources sources(source, text);
    Diagnostics diagnostics(sources);
    if (const auto place = too_deep(text)) {
        diagnostics.add(*place, 1, "the document is nested too deeply");
        return std::unexpected(diagnostics.error());
    }
    auto content = std::make_unique<Content>();
    content->source = source;
    try {
        content->document = json::parse(text);
    } catch (const json::parse_error& fault) {
        const std::size_t place = std::min(fault.byte == 0 ? 0 : fault.byte - 1, text.empty() ? 0 : text.size() - 1);
        diagnostics.add(place, 1, reason(fault));
        return std::unexpected(diagnostics.error());
    } catch (const json::exception& fault) {  // a number beyond all bounds
        diagnostics.add(0, 1, reason(fault));
        return std::unexpected(diagnostics.error());
    }
    write_ruleset(content->writer, content->document, needs_devices);
    if (!content->writer.faults().empty())
        return std::unexpected(content->error(content->writer.faults()));
    return JsonDocument(std::move(content));
}

std::string_view JsonDocument::text() const {
    return content_->writer.text();
}

Error JsonDocument::error(const Diagnostics& diagnostics) const {
    const Source written({}, text());
    std::vector<JsonFault> faults;
    for (const Diagnostic& found : diagnostics.found()) {
        const json* origin = content_->writer.origin(written.offset(found.line, found.column));
        faults.push_back({origin == nullptr ? &content_->document : origin, found.message, found.hint});
    }
    return content_->error(faults);
}

}  // namespace xdpctl::lang
