// SPDX-License-Identifier: BSD-2-Clause
// Writes parts of a JSON document as text for the parser, and remembers which part every piece of the text came from.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace xdpctl::lang {

// What is wrong with a part of a document.
struct JsonFault {
    const nlohmann::json* at;
    std::string message;
    std::string hint;
};

// The functions that return bool return false after a fault, so that a writer can leave with them. Whatever a document
// has in its strings stays one token of the text.
class JsonWriter {
public:
    void put(const nlohmann::json& from, std::string_view text);
    // A name or keyword that the document chooses. `what` it must be goes into the fault: "a chain's name".
    bool put_word(const nlohmann::json& from, std::string_view what);
    bool put_quoted(const nlohmann::json& from, std::string_view what);
    // A whole number that is not negative.
    bool put_number(const nlohmann::json& from, std::string_view what);

    bool fault(const nlohmann::json& at, std::string message, std::string hint = {});
    // "expected ..., found ..."
    bool expected(const nlohmann::json& at, std::string_view what, std::string hint = {});

    // The value under the key; null after a fault when there is none.
    [[nodiscard]] const nlohmann::json* need(const nlohmann::json& object, std::string_view key);
    // No other keys: what is not understood is not ignored.
    bool only(const nlohmann::json& object, std::initializer_list<std::string_view> keys, std::string_view what);

    [[nodiscard]] std::string_view text() const { return text_; }
    [[nodiscard]] const std::vector<JsonFault>& faults() const { return faults_; }
    [[nodiscard]] bool full() const { return faults_.size() >= faults_max; }
    // What wrote the byte there.
    [[nodiscard]] const nlohmann::json* origin(std::size_t offset) const;

    // Enough for a reader to go on with.
    static constexpr std::size_t faults_max = 20;

private:
    struct Origin {
        std::uint32_t offset;  // of the first byte
        const nlohmann::json* from;
    };

    std::string text_;
    std::vector<Origin> origins_;
    std::vector<JsonFault> faults_;
};

// The only key of an object, as every statement and expression has it.
[[nodiscard]] bool has_one_key(const nlohmann::json& object);

// References into the document.
struct JsonMember {
    const std::string& key;
    const nlohmann::json& value;
};
// REQUIRES: has_one_key().
[[nodiscard]] JsonMember only_member(const nlohmann::json& object);

// Whether the lexer takes a text for one word, without a wildcard.
[[nodiscard]] bool is_word(std::string_view text);

// "a number", "an object": what a value is.
[[nodiscard]] std::string_view noun_of(const nlohmann::json& value);

}  // namespace xdpctl::lang
