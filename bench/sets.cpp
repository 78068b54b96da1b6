// SPDX-License-Identifier: BSD-2-Clause
#include "bench/sets.h"

#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>

#include <cerrno>
#include <functional>
#include <random>
#include <stdexcept>
#include <utility>

#include "bench/chains.h"
#include "bench/compare.h"
#include "bench_spread.skel.h"
#include "lang/parse.h"
#include "testrun/testrun.h"

namespace xdpctl::bench {

namespace {

using ruleset::Interval;
using ruleset::Value;

constexpr std::uint16_t frame_port = 22;  // of tcp_frame()
constexpr int samples = 15;
constexpr int repeat = 300'000;
constexpr std::uint32_t sources = 65'536;

using Random = std::mt19937_64;

Value random_value(Random& random) {
    return static_cast<Value>(random()) << 64U | random();
}

Interval prefix(Value address, unsigned length, unsigned bits) {
    const Value host = (Value{1} << (bits - length)) - 1;
    return {address & ~host, address | host};
}

// The long ones of a routing table, anywhere: with the short ones a million would cover, and become, a few thousand.
Interval ipv4_prefix(Random& random) {
    constexpr unsigned lengths[] = {22, 23, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 25, 26, 28, 30, 32};
    return prefix((random() & 0xdfffffff) + 0x01000000, lengths[random() % std::size(lengths)], 32);
}

Interval ipv4_address(Random& random) {
    const Value address = random() & 0xffffffff;
    return {address, address};
}

// Allocations of few /16, /32 to /48 in them.
Interval ipv6_prefix(Random& random) {
    constexpr unsigned lengths[] = {32, 36, 40, 44, 48, 48, 48, 48};
    const Value address = (Value{0x2a00 + random() % 24} << 112U) | (random_value(random) >> 16U);
    return prefix(address, lengths[random() % std::size(lengths)], 128);
}

struct Kind {
    std::string_view name;
    Family family;
    std::string_view declaration;
    Interval (*element)(Random& random);
};

constexpr Kind ipv4_prefixes{"ipv4-prefixes", Family::Ipv4, "type ipv4_addr\n flags interval\n auto-merge",
                             ipv4_prefix};
constexpr Kind ipv4_addresses{"ipv4-addresses", Family::Ipv4, "type ipv4_addr", ipv4_address};
constexpr Kind ipv6_prefixes{"ipv6-prefixes", Family::Ipv6, "type ipv6_addr\n flags interval\n auto-merge",
                             ipv6_prefix};

// Rules beside those that ask sets. Enough of them become tables.
enum class Others : std::uint8_t {
    None,
    Tables,       // a packet asks every set
    ApartTables,  // and one only: the rules that ask the others are of other ports
};

struct Case {
    const Kind* kind;
    std::size_t elements;
    std::size_t sets = 1;
    Others others = Others::None;
};

constexpr std::size_t other_rules = 1'000;

ruleset::Elements random_elements(const Case& test, const ruleset::Set& set, Random& random) {
    ruleset::ElementsBuilder builder(1, set.key.front().bits);
    for (std::size_t i = 0; i < test.elements; ++i)
        builder.add(test.kind->element(random));
    auto built = std::move(builder).finish(set.merges ? ruleset::ElementsBuilder::Overlap::Merge
                                                      : ruleset::ElementsBuilder::Overlap::Refuse);
    if (!built)
        throw std::logic_error("elements overlap");
    return *std::move(built);
}

// That no frame of a measurement matches: their destinations are others.
std::string other_rule(Family family, std::size_t number) {
    const std::size_t high = number >> 8U;
    const std::size_t low = number & 0xffU;
    const std::string to = family == Family::Ipv4 ? fmt::format("ip daddr 198.18.{}.{}", high, low)
                                                  : fmt::format("ip6 daddr 2001:db8:18:{:x}::{:x}", high, low);
    return fmt::format(" {} tcp dport {} counter drop\n", to, 1 + number % 1'000);
}

// For each set a rule that drops what it holds, in front of its part of the others.
ruleset::Ruleset ruleset_of(const Case& test, Random& random) {
    std::string sets;
    std::string rules;
    for (std::size_t set = 0; set < test.sets; ++set) {
        sets += fmt::format(" set s{} {{\n {}\n }}\n", set, test.kind->declaration);
        if (test.others == Others::ApartTables)
            rules += fmt::format(" tcp dport {}", frame_port + test.sets - 1 - set);
        rules += fmt::format(" {} saddr @s{} counter drop\n", test.kind->family == Family::Ipv4 ? "ip" : "ip6", set);
        for (std::size_t other = set; test.others != Others::None && other < other_rules; other += test.sets)
            rules += other_rule(test.kind->family, other);
    }
    auto ruleset =
        lang::parse_ruleset(fmt::format("table netdev bench {{\n{} chain c {{\n type filter hook ingress device "
                                        "\"bench0\" priority 0; policy accept;\n{} }}\n}}\n",
                                        sets, rules),
                            "bench");
    if (!ruleset)
        throw std::logic_error(ruleset.error().text());
    for (ruleset::Set& set : ruleset->tables.front().sets)
        set.elements = ruleset::SharedElements(random_elements(test, set, random));
    return *std::move(ruleset);
}

class Spread {
public:
    // With the attach type that the programs of the datapath have: a program array takes no others.
    Spread() : skeleton_(bench_spread::open()) {
        if (skeleton_ == nullptr)
            return;
        for (bpf_program* program : {skeleton_->progs.spread, skeleton_->progs.spread_end})
            bpf_program__set_expected_attach_type(program, bpf_attach_type{});
        if (bench_spread::load(skeleton_) != 0)
            bench_spread::destroy(std::exchange(skeleton_, nullptr));
    }
    ~Spread() { bench_spread::destroy(skeleton_); }
    Spread(const Spread&) = delete;
    Spread& operator=(const Spread&) = delete;

    [[nodiscard]] bool valid() const { return skeleton_ != nullptr; }
    [[nodiscard]] int end() const { return bpf_program__fd(skeleton_->progs.spread_end); }

    // Addresses that the set holds.
    [[nodiscard]] bool fill(const ruleset::Elements& elements, Family family, Random& random) const {
        for (std::uint32_t key = 0; key < sources; ++key) {
            const Interval element = elements.interval(random() % elements.size());
            const Value address = element.first + random_value(random) % (element.last - element.first + 1);
            std::uint32_t words[4]{htonl(static_cast<std::uint32_t>(address))};
            for (int word = 0; family == Family::Ipv6 && word < 4; ++word)
                words[word] = htonl(static_cast<std::uint32_t>(address >> (96 - 32 * word)));
            if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.sources), &key, words, BPF_ANY) != 0)
                return false;
        }
        return true;
    }

    // Nanoseconds a frame that goes on to the program, which has to drop it.
    [[nodiscard]] Result<double> time(int program, const test::Bytes& frame) const {
        const std::uint32_t key = 0;
        if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.next), &key, &program, BPF_ANY) != 0)
            return fail_errno(errno, "cannot lead frames to the program");
        LIBBPF_OPTS(bpf_test_run_opts, options);
        options.data_in = frame.data();
        options.data_size_in = static_cast<__u32>(frame.size());
        options.repeat = repeat;
        if (bpf_prog_test_run_opts(bpf_program__fd(skeleton_->progs.spread), &options) != 0)
            return fail_errno(errno, "cannot test-run the program");
        if (options.retval != XDP_DROP)
            return fail(ErrorKind::Failed, fmt::format("returned {} instead of a drop", options.retval));
        return options.duration;
    }

private:
    bench_spread* skeleton_;
};

// Sources are those of the last set.
void measure(benchmark::State& state, const Case& test, bool& failed) {
    const auto give_up = [&](const std::string& why) {
        failed = true;
        state.SkipWithError(why.c_str());
    };
    const Family family = test.kind->family;
    Random random(test.elements);
    const ruleset::Ruleset ruleset = ruleset_of(test, random);
    const ruleset::Table& table = ruleset.tables.front();
    const auto engine = test.others == Others::None ? compile::Engine::StraightLine : compile::Engine::TupleTree;
    const auto runner = testrun::Runner::create(table.chains.front(), kernel::Layer::Xdp, {}, engine, &table);
    if (!runner)
        return give_up(runner.error().text());
    const Spread spread;
    if (!spread.valid() || !spread.fill(*table.sets.back().elements, family, random))
        return give_up("cannot load the programs to compare with");
    const test::Bytes frame = tcp_frame(family);
    compare(
        state, "empty", [&] { return spread.time(spread.end(), frame); },
        [&] { return spread.time(runner->entry_fd(), frame); }, failed);
    const auto counts = runner->rule_counts();
    if (!counts)
        return give_up(counts.error().text());
    std::uint64_t counted = 0;
    for (const auto& [handle, count] : *counts)
        counted += count.packets;
    if (counted < std::uint64_t{samples} * repeat)
        give_up("the rules did not count every frame");
}

std::string name_of(const Case& test) {
    const std::string_view place = test.others == Others::None     ? "set"
                                   : test.others == Others::Tables ? "tables-set"
                                                                   : "apart-tables-set";
    const std::string sets = test.sets == 1 ? "" : fmt::format("{}x", test.sets);
    return fmt::format("xdp/{}:{}{}/{}", place, sets, test.elements, test.kind->name);
}

void register_case(const Case& test, bool& failed) {
    const std::string name = name_of(test);
    benchmark::RegisterBenchmark(name.c_str(),
                                 [test, &failed](benchmark::State& state) { measure(state, test, failed); })
        ->UseManualTime()
        ->Iterations(samples);
}

}  // namespace

void register_sets(bool& failed) {
    for (const auto& [kind, sizes] : {std::pair{&ipv4_prefixes, std::vector<std::size_t>{10'000, 100'000, 1'000'000}},
                                      {&ipv4_addresses, {10'000, 100'000, 1'000'000}},
                                      {&ipv6_prefixes, {10'000, 200'000}}})
        for (const std::size_t elements : sizes)
            register_case({.kind = kind, .elements = elements}, failed);
    for (const std::size_t sets : {2U, 4U, 16U})
        register_case({.kind = &ipv4_prefixes, .elements = 10'000, .sets = sets}, failed);
    for (const Kind* kind : {&ipv4_prefixes, &ipv6_prefixes})
        for (const std::size_t sets : {2U, 4U, 16U})
            register_case({.kind = kind, .elements = 10'000, .sets = sets, .others = Others::Tables}, failed);
    register_case({.kind = &ipv4_prefixes, .elements = 10'000, .sets = 16, .others = Others::ApartTables}, failed);
}

}  // namespace xdpctl::bench
