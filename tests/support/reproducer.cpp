// SPDX-License-Identifier: BSD-2-Clause
#include "support/reproducer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "lang/print.h"

namespace xdpctl::test {

namespace {

using ruleset::Chain;
using ruleset::Rule;

class Minimizer {
public:
    Minimizer(Reproducer found, const Disagree& disagree) : best_(std::move(found)), disagree_(disagree) {}

    Reproducer run() && {
        drop_rules();
        for (std::size_t rule = best_.chain.rules.size(); rule-- > 0;)
            drop_statements(rule);
        clear_packet();
        return std::move(best_);
    }

private:
    static constexpr std::size_t questions_max = 5000;

    bool still_fails(const Reproducer& smaller) {
        if (++questions_ > questions_max || !disagree_(smaller.chain, smaller.packet))
            return false;
        best_ = smaller;
        return true;
    }

    // Takes out ever smaller runs of rules for as long as that goes.
    void drop_rules() {
        for (std::size_t run = std::max<std::size_t>(best_.chain.rules.size() / 2, 1); run > 0; run /= 2) {
            bool dropped = true;
            while (dropped) {
                dropped = false;
                for (std::size_t first = 0; first < best_.chain.rules.size();) {
                    Reproducer smaller = best_;
                    std::vector<Rule>& rules = smaller.chain.rules;
                    const std::size_t last = std::min(first + run, rules.size());
                    rules.erase(rules.begin() + static_cast<std::ptrdiff_t>(first),
                                rules.begin() + static_cast<std::ptrdiff_t>(last));
                    if (still_fails(smaller))
                        dropped = true;
                    else
                        first = last;
                }
            }
        }
    }

    void drop_statements(std::size_t rule) {
        for (std::size_t statement = best_.chain.rules[rule].statements.size(); statement-- > 0;) {
            Reproducer smaller = best_;
            ruleset::SharedList<ruleset::Statement> left;
            for (std::size_t i = 0; i < best_.chain.rules[rule].statements.size(); ++i)
                if (i != statement)
                    left.push_back(best_.chain.rules[rule].statements[i]);
            if (left.empty())
                continue;
            smaller.chain.rules[rule].statements = std::move(left);
            (void)still_fails(smaller);
        }
    }

    void clear_packet() {
        for (std::size_t word = 0; word < sizeof(xdpctl_packet); word += sizeof(std::uint16_t)) {
            Reproducer smaller = best_;
            std::memset(reinterpret_cast<std::byte*>(&smaller.packet) + word, 0, sizeof(std::uint16_t));
            if (std::memcmp(&smaller.packet, &best_.packet, sizeof smaller.packet) != 0)
                (void)still_fails(smaller);
        }
    }

    Reproducer best_;
    const Disagree& disagree_;
    std::size_t questions_ = 0;
};

}  // namespace

std::string Reproducer::text() const {
    std::array<std::uint32_t, sizeof(xdpctl_packet) / 4> words{};
    std::memcpy(words.data(), &packet, sizeof packet);
    return fmt::format("{}packet, as words of struct xdpctl_packet: {:08x}\n", lang::print_chain(chain),
                       fmt::join(words, " "));
}

Reproducer minimized(Reproducer found, const Disagree& disagree) {
    return Minimizer(std::move(found), disagree).run();
}

}  // namespace xdpctl::test
