// SPDX-License-Identifier: BSD-2-Clause
// A list of values each of which other lists can share: the rules of a large ruleset say the same few things again and
// again. A value never changes; a list changes by getting others.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

namespace xdpctl::ruleset {

// A value and how many hold it, in one piece of memory: half of what std::shared_ptr takes in every list.
template <typename T>
class Shared {
public:
    explicit Shared(T value) : held_(new Held{.holders = 1, .value = std::move(value)}) {}
    Shared(const Shared& other) noexcept : held_(other.held_) {
        if (held_ != nullptr)
            held_->holders.fetch_add(1, std::memory_order_relaxed);
    }
    Shared(Shared&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
    Shared& operator=(Shared other) noexcept {
        std::swap(held_, other.held_);
        return *this;
    }
    ~Shared() {
        if (held_ != nullptr && held_->holders.fetch_sub(1, std::memory_order_acq_rel) == 1)
            delete held_;
    }

    // REQUIRES: nothing was moved from it.
    const T& operator*() const { return held_->value; }
    const T* operator->() const { return &held_->value; }
    bool operator==(const Shared& other) const { return held_ == other.held_ || **this == *other; }

private:
    struct Held {
        std::atomic<std::uint32_t> holders;
        T value;
    };
    Held* held_;
};

template <typename T>
class SharedList {
public:
    class const_iterator {
    public:
        using iterator_category = std::random_access_iterator_tag;
        using value_type = T;
        using difference_type = std::ptrdiff_t;
        using pointer = const T*;
        using reference = const T&;

        const_iterator() = default;
        explicit const_iterator(const Shared<T>* at) : at_(at) {}
        reference operator*() const { return **at_; }
        pointer operator->() const { return &**at_; }
        reference operator[](difference_type n) const { return *at_[n]; }
        const_iterator& operator++() { return *this += 1; }
        const_iterator& operator--() { return *this += -1; }
        const_iterator operator++(int) { return std::exchange(*this, *this + 1); }
        const_iterator operator--(int) { return std::exchange(*this, *this + -1); }
        const_iterator& operator+=(difference_type n) {
            at_ += n;
            return *this;
        }
        const_iterator& operator-=(difference_type n) { return *this += -n; }
        friend const_iterator operator+(const_iterator i, difference_type n) { return i += n; }
        friend const_iterator operator+(difference_type n, const_iterator i) { return i += n; }
        friend const_iterator operator-(const_iterator i, difference_type n) { return i -= n; }
        friend difference_type operator-(const_iterator a, const_iterator b) { return a.at_ - b.at_; }
        auto operator<=>(const const_iterator&) const = default;

    private:
        const Shared<T>* at_ = nullptr;
    };
    using iterator = const_iterator;
    using value_type = T;

    SharedList() = default;
    SharedList(std::initializer_list<T> values) : SharedList(values.begin(), values.end()) {}
    template <typename Iterator>
    SharedList(Iterator first, Iterator last) {
        values_.reserve(static_cast<std::size_t>(std::distance(first, last)));
        for (; first != last; ++first)
            values_.emplace_back(*first);
    }

    [[nodiscard]] const_iterator begin() const { return const_iterator(values_.data()); }
    [[nodiscard]] const_iterator end() const { return const_iterator(values_.data() + values_.size()); }
    [[nodiscard]] auto rbegin() const { return std::reverse_iterator(end()); }
    [[nodiscard]] auto rend() const { return std::reverse_iterator(begin()); }
    [[nodiscard]] std::size_t size() const { return values_.size(); }
    [[nodiscard]] bool empty() const { return values_.empty(); }
    [[nodiscard]] const T& operator[](std::size_t index) const { return *values_[index]; }
    [[nodiscard]] const T& front() const { return *values_.front(); }
    [[nodiscard]] const T& back() const { return *values_.back(); }

    void reserve(std::size_t size) { values_.reserve(size); }
    void push_back(T value) { values_.emplace_back(std::move(value)); }
    void push_back(Shared<T> value) { values_.push_back(std::move(value)); }
    template <typename... Args>
    void emplace_back(Args&&... args) {
        values_.emplace_back(T(std::forward<Args>(args)...));
    }
    void insert(const_iterator before, T value) {
        values_.insert(values_.begin() + (before - begin()), Shared<T>(std::move(value)));
    }
    void set(std::size_t index, T value) { values_[index] = Shared<T>(std::move(value)); }
    template <typename Predicate>
    void remove_if(const Predicate& predicate) {
        std::erase_if(values_, [&](const Shared<T>& value) { return predicate(*value); });
    }

    bool operator==(const SharedList&) const = default;

private:
    std::vector<Shared<T>> values_;
};

}  // namespace xdpctl::ruleset
