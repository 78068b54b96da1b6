// SPDX-License-Identifier: BSD-2-Clause
// A ruleset in libnftables' JSON schema. It becomes text and is parsed as such, so that both mean the same; what the
// parser finds wrong is told by its place in the document: /nftables/3/rule/expr/0/match/right.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lang/source.h"

namespace xdpctl::lang {

// Whether a file is a document and no text: no text of nft's starts with a brace and a quotation mark.
[[nodiscard]] bool is_json(std::string_view text);

class JsonDocument {
public:
    // Errors: Input, with what is wrong in the document itself; a base chain without "dev" is, when devices are needed.
    [[nodiscard]] static Result<JsonDocument> read(std::string_view text, std::string_view source, bool needs_devices);
    JsonDocument(JsonDocument&&) noexcept;
    ~JsonDocument();

    // The ruleset as text.
    [[nodiscard]] std::string_view text() const;
    // What was found wrong in that text.
    [[nodiscard]] Error error(const Diagnostics& diagnostics) const;

private:
    struct Content;
    explicit JsonDocument(std::unique_ptr<const Content> content);

    std::unique_ptr<const Content> content_;
};

}  // namespace xdpctl::lang
