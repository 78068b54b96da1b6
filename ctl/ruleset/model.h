// SPDX-License-Identifier: BSD-2-Clause
// The ruleset as plain data: typed, resolved, expanded. What the parser makes, edits change, the printer prints and
// the compiler compiles. Two models are equal when they mean the same and print the same; source positions do not
// count.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/types.h"
#include "ruleset/elements.h"
#include "ruleset/field.h"
#include "ruleset/interval.h"
#include "ruleset/key_type.h"
#include "ruleset/rare_value.h"
#include "ruleset/shared_list.h"
#include "ruleset/verdict.h"

namespace xdpctl::ruleset {

enum class Relation : std::uint8_t { Equal, NotEqual, Less, Greater, LessEqual, GreaterEqual };

// Some bits of the packet, counted from a header: `@nh,96,32`.
struct RawPayload {
    enum class Base : std::uint8_t { Link, Network, Transport };
    Base base{};
    std::uint32_t offset = 0;  // in bits
    std::uint32_t length = 0;  // in bits
    bool operator==(const RawPayload&) const = default;
};

inline constexpr std::uint32_t raw_payload_bits_max = 128;
inline constexpr std::uint32_t raw_payload_offset_max = 2048 * 8;

// `tcp dport 22`, `ip saddr != { 192.0.2.0/24, 198.51.100.1-198.51.100.9 }`, `tcp flags & (syn | ack) == syn`.
// Holds when the packet has the field and ((field & mask) | ones) stands in the relation to the values; for several
// values Equal means "one of", NotEqual "none of"; other relations have one value with first == last.
// A packet without the field matches neither Equal nor NotEqual.
// `tcp flags ! syn,ack` is (flags & mask) == 0.
struct Match {
    Field field{};
    Relation relation = Relation::Equal;
    bool is_set = false;    // two or more values, in braces: like nft, a set of one value is that value
    bool is_flags = false;  // `tcp flags syn,ack`: holds when any of the mask's bits is set; no values, Equal
    RareValue mask = {};
    MostlyZero ones = {};            // bits outside of the mask: `tcp dport | 1 == 5` is (dport & ~1) | 1
    RawPayload payload = {};         // for Field::Raw
    std::vector<Interval> values;    // sorted by first, not overlapping
    std::vector<std::string> names;  // for names of interfaces instead of values, sorted; a trailing * is a wildcard
    bool operator==(const Match&) const = default;
};

// Of the match's field; for Field::Raw with the width that its payload says.
[[nodiscard]] FieldInfo field_of(const Match& match);

// Whether values are interfaces, compared by their names.
[[nodiscard]] constexpr bool is_interface(ValueType type) {
    return type == ValueType::Ifname || type == ValueType::Ifindex;
}

// Counts a packet that comes this far in its rule. `start` is the value the counter has when the rule is first loaded.
struct Counter {
    Count start;
    bool operator==(const Counter&) const = default;
};

// Of syslog; Warn is what a log without a level has.
enum class LogLevel : std::uint8_t { Emerg, Alert, Crit, Err, Warn, Notice, Info, Debug };

// Reports a packet that comes this far in its rule to whoever monitors. nft has levels for its log and groups for its
// netlink sockets, never both; here either only labels the report.
struct Log {
    std::string prefix;
    std::optional<std::uint16_t> group;
    std::optional<std::uint32_t> snaplen;  // bytes of the frame to report
    LogLevel level = LogLevel::Warn;
    bool operator==(const Log&) const = default;
};

// Holds for a packet while the rule's bucket has tokens for it: for one packet, or as many bytes as counters count. The
// bucket fills at the rate. It is full, when the rule is first loaded, with the burst of packets, or with the burst and
// what comes within `per` of bytes.
struct Limit {
    enum class Unit : std::uint8_t { Packets, Bytes };
    Unit unit = Unit::Packets;
    bool is_over = false;  // holds while the bucket has none; takes them as the other does
    std::uint32_t burst = 0;
    std::uint64_t rate = 0;
    std::chrono::seconds per{1};  // a second, minute, hour, day or week
    bool operator==(const Limit&) const = default;

    // What nft calls tokens are nanoseconds: of those that the bucket fills in, how many a packet takes and how many
    // there can be. REQUIRES: it is valid (ruleset/check.h), and the packet is no longer than bytes_max().
    [[nodiscard]] std::uint64_t cost(std::uint32_t bytes) const;
    [[nodiscard]] std::uint64_t capacity() const;
    // For longer packets there are never enough.
    [[nodiscard]] std::uint32_t bytes_max() const;
};

inline constexpr std::uint32_t limit_burst_packets = 5;  // when nothing is said

// Where an object stands in its source; line 0 when it has none.
struct SourcePosition {
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    std::uint32_t text = 0;  // which of the texts it stands in: 0 is the file itself, others are included
    bool operator==(const SourcePosition&) const { return true; }  // see top of file
};

// `ip saddr @blocked`, `ip saddr . tcp dport != { 192.0.2.1 . 22 }`: holds when the packet has the fields, and their
// values are an element of the set (Equal) or not (NotEqual).
struct Lookup {
    std::vector<Field> fields;  // several: a concatenation
    Relation relation = Relation::Equal;
    std::string set;  // or, when empty, the elements of a set without a name: of concatenations only
    SharedElements elements;
    SourcePosition position;  // of what the fields are looked up in
    bool operator==(const Lookup&) const = default;
};

// `tcp dport vmap { 22 : accept, 80 : jump web }`, `tcp dport vmap @services`: ends the rule with the outcome of the
// element that the fields' values are. Nothing happens when they are none, or the packet lacks a field.
struct VerdictMap {
    std::vector<Field> fields;
    std::string map;          // or, when empty,
    SharedElements elements;  // with an outcome each
    SourcePosition position;
    bool operator==(const VerdictMap&) const = default;
};

using Statement = std::variant<Match, Counter, Log, Limit, Verdict, Lookup, VerdictMap, Branch>;

// Whether nothing can stand behind the statement in its rule.
[[nodiscard]] bool ends_rule(const Statement& statement);

struct Table;

// Statements in order; at most one Counter, one Log and one Limit. A Verdict, VerdictMap or Branch other than Continue
// comes last.
struct Rule {
    SharedList<Statement> statements;
    std::string comment;
    Handle handle{};
    SourcePosition position;
    bool operator==(const Rule&) const = default;

    [[nodiscard]] const Counter* counter() const;
    void start_counter(const Count& start);  // if it has one
    [[nodiscard]] const Log* log() const;
    [[nodiscard]] const Limit* limit() const;
    [[nodiscard]] std::optional<Verdict> verdict() const;
    // Whether evaluation can end there with that verdict, by a verdict of its own or by an element of a map.
    [[nodiscard]] bool can_decide(Verdict verdict, const Table& table) const;
};

enum class Hook : std::uint8_t { Ingress, Egress };

struct Chain {
    std::string name;
    bool is_base = true;  // else a regular chain, to jump to, which has no hook, devices, priority and policy
    Hook hook = Hook::Ingress;
    std::vector<std::string> devices;  // may become empty by detaching: the chain keeps its rules
    std::int32_t priority = 0;
    Verdict policy = Verdict::Accept;
    std::string comment;
    std::vector<Rule> rules;
    Handle handle{};
    SourcePosition position;
    bool operator==(const Chain&) const = default;
};

// A named set: `set blocked { type ipv4_addr; flags interval; elements = { 192.0.2.0/24 }; }`, or a verdict map.
struct Set {
    std::string name;
    bool is_map = false;       // elements have outcomes
    std::vector<KeyPart> key;  // several: a concatenation
    bool is_constant = false;
    bool is_interval = false;  // elements can be ranges and prefixes
    bool has_timeouts = false;
    bool is_dynamic = false;                  // packets can change it
    bool merges = false;                      // auto-merge: elements that touch become one
    bool counts = false;                      // every element has a counter
    std::chrono::milliseconds timeout{};      // of elements that say nothing else; 0: none
    std::chrono::milliseconds gc_interval{};  // 0: not said
    std::uint32_t size = 0;                   // the most elements; 0: not said
    std::string comment;
    SharedElements elements;
    Handle handle{};
    SourcePosition position;
    bool operator==(const Set&) const = default;
};

// Family netdev.
struct Table {
    std::string name;
    std::string comment;
    std::vector<Set> sets;
    std::vector<Chain> chains;
    Handle handle{};
    SourcePosition position;
    bool operator==(const Table&) const = default;

    // Null when there is none of that name.
    [[nodiscard]] const Set* find_set(std::string_view set) const;
    [[nodiscard]] const Chain* find_chain(std::string_view chain) const;
};

// What the fields are looked up in: null when there is no set of that name.
[[nodiscard]] const Elements* elements_of(const Lookup& lookup, const Table& table);
[[nodiscard]] const Elements* elements_of(const VerdictMap& map, const Table& table);

struct Ruleset {
    std::vector<Table> tables;
    Handle last_handle{};  // the highest handle ever given out
    bool operator==(const Ruleset&) const = default;

    // Null when there is none of that name.
    [[nodiscard]] const Table* find_table(std::string_view table) const;
    [[nodiscard]] const Chain* find_chain(std::string_view table, std::string_view chain) const;
};

// The chain that `attach` and `rule add` use when none is named.
inline constexpr std::string_view default_table = "xdpctl";
[[nodiscard]] std::string_view default_chain(Hook hook);  // "ingress", "egress"

}  // namespace xdpctl::ruleset
