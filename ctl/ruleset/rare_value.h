// SPDX-License-Identifier: BSD-2-Clause
// A value that few have, such as a mask, in the space of a pointer; it reads like std::optional.
#pragma once

#include <concepts>
#include <memory>
#include <optional>

#include "ruleset/interval.h"

namespace xdpctl::ruleset {

class RareValue {
public:
    RareValue() = default;
    RareValue(std::nullopt_t) {}
    RareValue(Value value) : value_(std::make_unique<Value>(value)) {}
    RareValue(const RareValue& other) : value_(other ? std::make_unique<Value>(*other) : nullptr) {}
    RareValue(RareValue&&) noexcept = default;
    RareValue& operator=(const RareValue& other) { return *this = RareValue(other); }
    RareValue& operator=(RareValue&&) noexcept = default;
    ~RareValue() = default;

    [[nodiscard]] bool has_value() const { return value_ != nullptr; }
    explicit operator bool() const { return has_value(); }
    [[nodiscard]] Value operator*() const { return *value_; }
    [[nodiscard]] Value value_or(Value other) const { return has_value() ? *value_ : other; }
    void reset() { value_.reset(); }

    bool operator==(const RareValue& other) const {
        return has_value() == other.has_value() && value_or(0) == other.value_or(0);
    }
    bool operator==(Value other) const { return has_value() && *value_ == other; }

private:
    std::unique_ptr<Value> value_;
};

// A value that is nearly always 0.
class MostlyZero {
public:
    MostlyZero() = default;
    MostlyZero(Value value) : value_(value == 0 ? RareValue() : RareValue(value)) {}
    operator Value() const { return value_.value_or(0); }
    template <std::convertible_to<Value> T>
    bool operator==(const T& other) const {
        return Value{*this} == static_cast<Value>(other);
    }

private:
    RareValue value_;
};

}  // namespace xdpctl::ruleset
