// SPDX-License-Identifier: BSD-2-Clause
// The straight-line engine. For each rule a gate stands in the main path: one compare of its first match, which falls
// through to the next rule's gate when the rule cannot match. The rule itself, its body, stands behind a batch of
// gates.
//
//   gate 1: if the first match can hold goto body 1
//   gate 2: if the first match can hold goto body 2
//   ...
//   policy: write the policy, goto finish
//   body 1: if a match fails goto gate 2; write the rule, goto counted drop
//   body 2: ...
//
// A packet that no rule matches takes no jump. The verifier, which follows fall-through first and keeps every other
// branch for later, has one branch a rule waiting instead of one a match. Gates and bodies keep nothing in registers
// but the context, the packet and its header bits, whose values no test narrows (they are copied or loaded anew), so
// that the verifier finds its state equal wherever paths meet, on every kernel.
#include <fmt/format.h>
#include <algorithm>
#include <bit>
#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "compile/assembler.h"
#include "compile/condition.h"
#include "compile/decision.h"
#include "compile/fetch.h"
#include "compile/flat_chain.h"
#include "compile/joint_lookups.h"
#include "compile/set_test.h"
#include "compile/verifier.h"
#include "maps/counter.h"
#include "maps/packet.h"
#include "maps/set_joint.h"
#include "maps/set.h"

namespace xdpctl::compile {

namespace {

constexpr Register context = Register::R6;
constexpr Register packet = Register::R7;
constexpr Register headers = Register::R8;
constexpr Register scratch = Register::R1;
constexpr Registers registers{.context = context, .packet = packet};
constexpr Register counters = Register::R9;  // of this CPU's rules; where a rule counts and does not decide
constexpr std::int16_t key_offset = -4;      // of a map key in the stack frame, above fetch_stack
constexpr std::int16_t set_key_offset = fetch_stack - static_cast<std::int16_t>(sizeof(xdpctl_set_key));
constexpr std::uint32_t counter_shift = std::countr_zero(sizeof(xdpctl_counter));
// More take a kernel's verifier too long.
constexpr std::size_t rules_max = 4'096;

// The verifier follows both lookups, the shared one and the set's own, at every rule that asks.
constexpr std::size_t joint_lookups_max = 1'000;

constexpr std::int16_t joint_mask_offset(std::uint32_t key) {
    return static_cast<std::int16_t>(offsetof(xdpctl_packet, joint_masks) + key * sizeof(std::uint32_t));
}

// Gates and bodies that jump to each other stay within a jump's reach, by the upper bound of their size.
constexpr std::uint32_t batch_max = 14'000;
// A rule with more than this is emitted in one piece.
constexpr std::uint32_t body_max = 4'000;

struct Count {};

struct Log {};

struct Limit {
    LimitSlot slot;
};

struct Decide {
    ruleset::Verdict verdict;
    bool counted;  // the rule counts right before
};

using Action = std::variant<Condition, SetTest, BoxTest, Count, Log, Limit, Decide>;

struct PlannedRule {
    RuleSlot slot{};
    std::uint32_t headers = 0;  // that a packet needs for the rule to have an effect
    std::vector<Action> steps;  // without those that cannot matter; empty when the rule has no effect
    bool is_open = false;       // something follows for packets that all steps hold for

    // An interval leaves a word for the next one at both of its ends, and every time that one is fetched.
    static std::uint32_t size_bound(const Condition& condition) {
        const bool in_packet = std::ranges::all_of(condition.words, &Word::in_packet);
        const std::size_t fetches = in_packet ? 0 : 2 + 2 * condition.holds.size() * (condition.words.size() - 1);
        return static_cast<std::uint32_t>(16 + condition.holds.size() * condition.words.size() * 12 +
                                          fetches * fetch_max);
    }

    // At least as many as the rule's instructions.
    [[nodiscard]] std::uint32_t size_bound() const {
        std::uint32_t out = 0;
        for (const Action& step : steps) {
            if (const auto* condition = std::get_if<Condition>(&step))
                out += size_bound(*condition);
            else if (const auto* test = std::get_if<BoxTest>(&step))
                out += static_cast<std::uint32_t>(16 + test->boxes.members.size() * test->boxes.fields.size() * 64);
            else if (const auto* lookup = std::get_if<SetTest>(&step))
                out += static_cast<std::uint32_t>(40 + 2 * (lookup->pieces.size() * (fetch_max + 5) + lookup->words));
            else
                out += 20;
        }
        return out;
    }
};

// A lookup whose elements count is more than a test. A limit is none: nobody else sees its tokens.
bool is_test(const Action& action) {
    const auto* lookup = std::get_if<SetTest>(&action);
    return std::holds_alternative<Condition>(action) || std::holds_alternative<BoxTest>(action) ||
           std::holds_alternative<Limit>(action) || (lookup != nullptr && !lookup->counts);
}

// Conditions that hold for every value only demand their headers; a condition that never holds ends the rule, and
// conditions that nothing follows decide nothing.
PlannedRule plan(const FlatChain& chain, const FlatRule& rule, std::span<const std::string> device_names) {
    PlannedRule out{rule.slot, 0, {}, rule.block_end != 0 || rule.go != FlatRule::none};
    bool leading = true;
    for (Step& step : steps(chain, rule, device_names)) {
        if (auto* test = std::get_if<Condition>(&step)) {
            if (test->never()) {
                out.is_open = false;
                break;
            }
            if (leading)
                out.headers |= std::exchange(test->headers, 0);
            if (test->headers != 0 || !test->always())
                out.steps.emplace_back(std::move(*test));
        } else if (auto* lookup = std::get_if<SetTest>(&step)) {
            if (leading)
                out.headers |= std::exchange(lookup->headers, 0);
            out.steps.emplace_back(std::move(*lookup));
        } else if (auto* boxes = std::get_if<BoxTest>(&step)) {
            if (boxes->boxes.members.empty() && !boxes->is_negated) {
                out.is_open = false;
                break;
            }
            out.steps.emplace_back(std::move(*boxes));
        } else if (std::holds_alternative<CountStep>(step)) {
            leading = false;
            out.steps.emplace_back(Count{});
        } else if (const auto* limit = std::get_if<LimitStep>(&step)) {
            leading = false;
            out.steps.emplace_back(Limit{limit->slot});
        } else if (std::holds_alternative<LogStep>(step)) {
            leading = false;
            // In front of a counter that came right before, where it does the same: verdicts have counters with them.
            const bool counted = !out.steps.empty() && std::holds_alternative<Count>(out.steps.back());
            out.steps.emplace(counted ? std::prev(out.steps.end()) : out.steps.end(), Log{});
        } else {
            const bool counted = !out.steps.empty() && std::holds_alternative<Count>(out.steps.back());
            if (counted)
                out.steps.pop_back();
            out.steps.emplace_back(Decide{std::get<DecideStep>(step).verdict, counted});
        }
    }
    while (!out.is_open && !out.steps.empty() && is_test(out.steps.back()))
        out.steps.pop_back();
    return out;
}

// Whether the rule counts packets and does not decide right after.
bool counts_in_passing(const ruleset::Rule& rule) {
    const auto counter = std::ranges::find_if(
        rule.statements, [](const auto& statement) { return std::holds_alternative<ruleset::Counter>(statement); });
    return counter != rule.statements.end() && (std::next(counter) == rule.statements.end() ||
                                                !std::holds_alternative<ruleset::Verdict>(*std::next(counter)));
}

class StraightLine {
public:
    // `slots`: one more than the highest of a rule.
    StraightLine(std::uint32_t slots, std::span<const std::string> device_names, JointLookups joints)
        : slots_(slots), device_names_(device_names), joints_(std::move(joints)) {}

    // With the counters looked up here, a rule that counts in passing has no branch for the verifier to follow.
    void prologue(bool counts_in_passing) {
        asm_.move(context, Register::R1);
        asm_.store(Size::U32, Register::Frame, key_offset, 0);
        look_up(MapName::Packet, finish_);
        asm_.move(packet, Register::R0);
        asm_.load(Size::U32, headers, packet, offsetof(xdpctl_packet, headers));
        for (std::uint32_t key = 0; key < joints_.keys(); ++key)
            asm_.store(Size::U32, packet, joint_mask_offset(key), 0);
        if (!counts_in_passing)
            return;
        look_up_counters(policy_);
        asm_.move(counters, Register::R0);
        has_counters_ = true;
    }

    [[nodiscard]] Label label() { return asm_.label(); }

    // Jumps from elsewhere come in here.
    void bind(Label label) {
        enter_run(0);
        asm_.bind(label);
    }

    // What follows is for packets that the rule holds for, until `end` is bound.
    void open_block(PlannedRule&& planned, Label end) {
        make_room(planned.size_bound());
        enter_run(0);
        if (planned.headers != 0)
            test_headers(planned.headers, end);
        emit_steps(planned.steps, planned.slot, end);
    }

    // `target` is where packets go that the rule holds for; none when it only decides and counts.
    void rule(PlannedRule&& planned, std::optional<Label> target) {
        if (planned.steps.empty() && !target)
            return;
        const std::uint32_t bound = planned.size_bound();
        make_room(bound);
        enter_run(planned.headers);
        const Label next = asm_.label();
        if (!planned.steps.empty() && std::holds_alternative<Condition>(planned.steps.front()) && bound <= body_max) {
            const Label body = asm_.label();
            const bool exact = emit_gate(std::get<Condition>(planned.steps.front()), body, next);
            if (exact)
                planned.steps.erase(planned.steps.begin());
            waiting_bound_ += bound;
            waiting_.push_back({std::move(planned), body, next, target});
        } else {
            emit_steps(planned.steps, planned.slot, next);
            if (target)
                asm_.jump(*target);
        }
        asm_.bind(next);
    }

    void epilogue(ruleset::Verdict policy, const std::optional<Continuation>& continuation) {
        enter_run(0);
        asm_.bind(policy_);
        if (continuation)
            go_on(*continuation);
        asm_.store(Size::U8, packet, offsetof(xdpctl_packet, verdict), number(policy));
        asm_.store(Size::U32, packet, offsetof(xdpctl_packet, rule), XDPCTL_NO_RULE);
        asm_.jump(finish_);
        emit_bodies();
        emit_decisions();
        asm_.bind(finish_);
        asm_.move(Register::R1, context);
    }

    // No less than the instructions of the rules so far.
    [[nodiscard]] std::uint32_t size_bound() const { return asm_.size() + waiting_bound_; }
    [[nodiscard]] Result<Program> finish() && {
        auto program = std::move(asm_).finish();
        if (program)
            program->joints = joints_.joints();
        return program;
    }

private:
    // A rule whose gate is emitted and whose body is not.
    struct WaitingBody {
        PlannedRule rule;
        Label body;
        Label next;
        std::optional<Label> target;
    };

    static std::uint32_t number(ruleset::Verdict verdict) {
        return verdict == ruleset::Verdict::Accept ? XDPCTL_ACCEPT : XDPCTL_DROP;
    }

    // Bodies that wait stay within reach.
    void make_room(std::uint32_t bound) {
        if (asm_.size() - batch_start_ + waiting_bound_ + bound > batch_max)
            emit_waiting_bodies();
        if (waiting_.empty())
            batch_start_ = asm_.size();
    }

    // Neighbouring rules that need the same headers share one test of them.
    void enter_run(std::uint32_t needed) {
        if (needed == run_headers_)
            return;
        if (run_headers_ != 0)
            asm_.bind(run_end_);
        run_headers_ = needed;
        if (needed != 0) {
            run_end_ = asm_.label();
            test_headers(needed, run_end_);
        }
    }

    void test_headers(std::uint32_t needed, Label fails) {
        asm_.move32(scratch, headers);
        asm_.and32(scratch, needed);
        asm_.jump_if32(Compare::NotEqual, scratch, needed, fails);
    }

    // Falls through to `next` when the condition cannot hold. Returns whether it does hold for what jumps to `body`.
    bool emit_gate(const Condition& condition, Label body, Label next) {
        const bool single = condition.words.size() == 1 && condition.holds.size() == 1;
        const auto confined = hull(condition);
        if (single || !confined) {
            emit_decision(asm_, condition, registers, {.holds = body, .fails = next, .next = next});
            return true;
        }
        emit_hull(asm_, *confined, registers, body, next);
        return false;
    }

    void emit_steps(std::span<const Action> steps, RuleSlot slot, Label next) {
        for (const Action& step : steps) {
            if (const auto* condition = std::get_if<Condition>(&step))
                emit_condition(*condition, next);
            else if (const auto* lookup = std::get_if<SetTest>(&step))
                emit_set_test(*lookup, next);
            else if (const auto* test = std::get_if<BoxTest>(&step))
                emit_boxes(*test, next);
            else if (const auto* decide = std::get_if<Decide>(&step))
                emit_decide(*decide, slot);
            else if (std::holds_alternative<Log>(step))
                emit_log(slot);
            else if (const auto* limit = std::get_if<Limit>(&step))
                emit_limit(limit->slot, next);
            else
                emit_count(slot);
        }
    }

    void emit_condition(const Condition& condition, Label fails) {
        if (condition.headers != 0)
            test_headers(condition.headers, fails);
        if (condition.always())
            return;
        const Label holds = asm_.label();
        emit_decision(asm_, condition, registers, {.holds = holds, .fails = fails, .next = holds});
        asm_.bind(holds);
    }

    // Box by box: many belong into tables.
    void emit_boxes(const BoxTest& test, Label fails) {
        const Boxes& boxes = test.boxes;
        const Label holds = asm_.label();
        if (const std::uint32_t needed = boxes.headers(); needed != 0)
            test_headers(needed, fails);
        for (std::size_t member = 0; member < boxes.members.size(); ++member) {
            const Label next = asm_.label();
            emit_box(boxes, member, next);
            asm_.jump(test.is_negated ? fails : holds);
            asm_.bind(next);
        }
        if (!test.is_negated)
            asm_.jump(fails);
        asm_.bind(holds);
    }

    void emit_box(const Boxes& boxes, std::size_t member, Label fails) {
        for (std::size_t part = 0; part < boxes.fields.size(); ++part) {
            Condition condition = boxes.condition(member, part, device_names_);
            condition.headers = 0;  // tested for all boxes
            if (condition.never())
                return asm_.jump(fails);
            emit_condition(condition, fails);
        }
    }

    void emit_set_test(const SetTest& test, Label fails) {
        if (test.headers != 0)
            test_headers(test.headers, fails);
        const auto joint = joints_.find(test);
        if (!joint) {
            emit_lookup(test, fails);
            return leave_unless(test.negated, fails);
        }
        const Label known = asm_.label();
        const Label changed = asm_.label();
        const Label holds = asm_.label();
        const std::int16_t answer = joint_mask_offset(joint->key);
        asm_.load(Size::U32, Register::R0, packet, answer);
        jump_if_known(*joint, known);
        asm_.jump_if32(Compare::NotEqual, Register::R0, 0, changed);
        emit_set_key(test, fails);
        asm_.call_lookup(SetUse::Joint, joint->joint);
        asm_.store(Size::U32, packet, answer, Register::R0);
        jump_if_known(*joint, known);
        asm_.bind(changed);
        emit_lookup(test, fails);
        leave_unless(test.negated, fails);
        asm_.jump(holds);
        asm_.bind(known);
        asm_.and32(Register::R0, 1U << joint->bit);
        leave_unless(test.negated, fails);
        asm_.bind(holds);
    }

    // With the joint's answer in R0.
    void jump_if_known(const JointLookups::Place& joint, Label known) {
        asm_.move32(Register::R1, Register::R0);
        asm_.and32(Register::R1, XDPCTL_JOINT_KNOWN(joint.bit));
        asm_.jump_if32(Compare::NotEqual, Register::R1, 0, known);
    }

    // For an answer in R0.
    void leave_unless(bool negated, Label fails) {
        asm_.jump_if32(negated ? Compare::NotEqual : Compare::Equal, Register::R0, 0, fails);
    }

    void emit_lookup(const SetTest& test, Label missing) {
        emit_set_key(test, missing);
        if (test.counts)
            asm_.load(Size::U32, Register::R2, packet, offsetof(xdpctl_packet, length));
        else
            asm_.move32(Register::R2, 0);
        asm_.call_lookup(SetUse::Lookup, test.number);
    }

    // The key's place to R1: in the packet when it has the whole key, else in the stack frame.
    void emit_set_key(const SetTest& test, Label missing) {
        const auto place = test.in_packet();
        if (!place)
            store_set_key(test, missing);
        asm_.move(Register::R1, place ? packet : Register::Frame);
        asm_.add(Register::R1, place ? *place : set_key_offset);
    }

    // Into the stack frame. A word's pieces follow each other.
    void store_set_key(const SetTest& test, Label missing) {
        auto piece = test.pieces.begin();
        for (std::uint32_t word = 0; word < test.words; ++word) {
            const auto place =
                static_cast<std::int16_t>(set_key_offset + static_cast<int>(word * sizeof(std::uint32_t)));
            if (piece == test.pieces.end() || piece->key_word != word) {
                asm_.store(Size::U32, Register::Frame, place, 0);
                continue;
            }
            for (bool first = true; piece != test.pieces.end() && piece->key_word == word; ++piece, first = false) {
                emit_fetch(asm_, piece->word, registers, missing);
                if (piece->right != 0)
                    asm_.shift_right32(fetched, piece->right);
                if (piece->left != 0)
                    asm_.shift_left32(fetched, piece->left);
                if (!first) {
                    asm_.load(Size::U32, Register::R2, Register::Frame, place);
                    asm_.or32(fetched, Register::R2);
                }
                asm_.store(Size::U32, Register::Frame, place, fetched);
            }
        }
    }

    void emit_decide(const Decide& decide, RuleSlot slot) {
        asm_.store(Size::U32, packet, offsetof(xdpctl_packet, rule), std::to_underlying(slot));
        if (decide.verdict == ruleset::Verdict::Accept)
            asm_.jump(decide.counted ? counted_accept_ : accept_);
        else
            asm_.jump(decide.counted ? counted_drop_ : drop_);
    }

    // As log_packet() in maps/lib/log.bpf.h does.
    void emit_log(RuleSlot slot) {
        const Label full = asm_.label();
        asm_.load(Size::U32, Register::R1, packet, offsetof(xdpctl_packet, logs));
        asm_.jump_if32(Compare::GreaterEqual, Register::R1, XDPCTL_LOGS_MAX, full);
        asm_.move(Register::R2, Register::R1);
        asm_.shift_left(Register::R2, 2);
        asm_.add(Register::R2, packet);
        asm_.store(Size::U32, Register::R2, offsetof(xdpctl_packet, log_rules), std::to_underlying(slot));
        asm_.add(Register::R1, 1);
        asm_.store(Size::U32, packet, offsetof(xdpctl_packet, logs), Register::R1);
        asm_.bind(full);
    }

    void emit_limit(LimitSlot slot, Label fails) {
        asm_.move32(Register::R1, std::to_underlying(slot));
        asm_.load(Size::U32, Register::R2, packet, offsetof(xdpctl_packet, length));
        asm_.call_limit();
        leave_unless(false, fails);
    }

    void emit_count(RuleSlot slot) {
        asm_.move(Register::R0, counters);
        asm_.add(Register::R0, static_cast<std::int32_t>(std::to_underlying(slot) << counter_shift));
        emit_count_at_r0();
    }

    void emit_count_at_r0() {
        asm_.load(Size::U64, Register::R1, Register::R0, offsetof(xdpctl_counter, packets));
        asm_.add(Register::R1, 1);
        asm_.store(Size::U64, Register::R0, offsetof(xdpctl_counter, packets), Register::R1);
        asm_.load(Size::U32, Register::R2, packet, offsetof(xdpctl_packet, length));
        asm_.load(Size::U64, Register::R1, Register::R0, offsetof(xdpctl_counter, bytes));
        asm_.add(Register::R1, Register::R2);
        asm_.store(Size::U64, Register::R0, offsetof(xdpctl_counter, bytes), Register::R1);
    }

    void emit_waiting_bodies() {
        if (waiting_.empty())
            return;
        const Label over = asm_.label();
        asm_.jump(over);
        emit_bodies();
        asm_.bind(over);
    }

    void emit_bodies() {
        for (const WaitingBody& waiting : waiting_) {
            asm_.bind(waiting.body);
            emit_steps(waiting.rule.steps, waiting.rule.slot, waiting.next);
            if (waiting.rule.steps.empty() || !std::holds_alternative<Decide>(waiting.rule.steps.back()))
                asm_.jump(waiting.target.value_or(waiting.next));
        }
        waiting_.clear();
        waiting_bound_ = 0;
    }

    // What all rules that decide share. The rule's slot comes by way of the packet: a number in a register would be
    // another state to the verifier for every rule.
    void emit_decisions() {
        const Label count = asm_.label();
        const Label decided = asm_.label();
        emit_verdict(counted_accept_, XDPCTL_ACCEPT);
        asm_.jump(count);
        emit_verdict(counted_drop_, XDPCTL_DROP);
        asm_.bind(count);
        if (has_counters_)
            asm_.move(Register::R0, counters);
        else
            look_up_counters(decided);
        asm_.load(Size::U32, Register::R1, packet, offsetof(xdpctl_packet, rule));
        asm_.jump_if32(Compare::GreaterEqual, Register::R1, slots_, decided);
        asm_.shift_left(Register::R1, counter_shift);
        asm_.add(Register::R0, Register::R1);
        emit_count_at_r0();
        asm_.jump(decided);
        emit_verdict(accept_, XDPCTL_ACCEPT);
        asm_.jump(decided);
        emit_verdict(drop_, XDPCTL_DROP);
        asm_.bind(decided);
        asm_.store(Size::U8, packet, offsetof(xdpctl_packet, reason), XDPCTL_REASON_RULE);
    }

    void emit_verdict(Label label, xdpctl_verdict verdict) {
        asm_.bind(label);
        asm_.store(Size::U8, packet, offsetof(xdpctl_packet, verdict), verdict);
    }

    // Comes back only when the stage is empty.
    void go_on(const Continuation& continuation) {
        asm_.store(Size::U32, packet, offsetof(xdpctl_packet, behind), continuation.behind);
        asm_.move(Register::R1, context);
        asm_.load_map(Register::R2, MapName::Stages);
        asm_.move32(Register::R3, continuation.stage);
        asm_.call(BPF_FUNC_tail_call);
        asm_.store(Size::U8, packet, offsetof(xdpctl_packet, reason), XDPCTL_REASON_STAGE_MISS);
    }

    // The element of an array map, whose index is in the stack frame, to R0.
    void look_up(MapName map, Label missing) {
        asm_.move(Register::R2, Register::Frame);
        asm_.add(Register::R2, key_offset);
        asm_.load_map(Register::R1, map);
        asm_.call(BPF_FUNC_map_lookup_elem);
        asm_.jump_if_zero(Register::R0, missing);
    }

    // The counters of this CPU's rules to R0.
    void look_up_counters(Label missing) {
        asm_.call(BPF_FUNC_get_smp_processor_id);
        asm_.store(Size::U32, Register::Frame, key_offset, Register::R0);
        look_up(MapName::RuleCounters, missing);
    }

    Assembler asm_;
    std::uint32_t slots_;
    std::span<const std::string> device_names_;
    JointLookups joints_;
    bool has_counters_ = false;
    Label policy_ = asm_.label();
    Label accept_ = asm_.label();
    Label drop_ = asm_.label();
    Label counted_accept_ = asm_.label();
    Label counted_drop_ = asm_.label();
    Label finish_ = asm_.label();

    std::uint32_t run_headers_ = 0;
    Label run_end_;

    std::uint32_t batch_start_ = 0;
    std::uint32_t waiting_bound_ = 0;
    std::vector<WaitingBody> waiting_;
};

// Walks over a flat chain, whose rules jump forward and stand in blocks.
class Emission {
public:
    Emission(const FlatChain& chain, const Placement& placement)
        : chain_(chain),
          placement_(placement),
          code_(slots_used(placement.rule_slots), placement.device_names, JointLookups(chain, joint_lookups_max)) {
        for (const FlatRule& rule : chain.rules)
            if (rule.go != FlatRule::none && !targets_.contains(rule.go))
                targets_.emplace(rule.go, code_.label());
    }

    Result<Program> run(ruleset::Verdict policy, const std::string& what) {
        code_.prologue(std::ranges::any_of(
            chain_.rules, [](const FlatRule& rule) { return rule.rule != nullptr && counts_in_passing(*rule.rule); }));
        for (std::uint32_t index = 0; index < chain_.rules.size(); ++index) {
            come_to(index);
            index = emit(index);
            if (code_.size_bound() > instructions_max)
                return fail(ErrorKind::Limit, what,
                            fmt::format("the first {} rules fit; rule {} takes the program past {} instructions", index,
                                        index + 1, instructions_max));
        }
        come_to(static_cast<std::uint32_t>(chain_.rules.size()));
        code_.epilogue(policy, placement_.continuation);
        return std::move(code_).finish();
    }

private:
    struct Block {
        std::uint32_t end;
        Label after;
    };

    // Ends blocks, and lets jumps in.
    void come_to(std::uint32_t index) {
        for (; !blocks_.empty() && blocks_.back().end == index; blocks_.pop_back())
            code_.bind(blocks_.back().after);
        if (const auto target = targets_.find(index); target != targets_.end())
            code_.bind(target->second);
    }

    // Returns the last rule that needs nothing more.
    std::uint32_t emit(std::uint32_t index) {
        const FlatRule& rule = chain_.rules[index];
        PlannedRule planned = plan(chain_, rule, placement_.device_names);
        if (rule.block_end > index + 1 && planned.is_open) {
            const Label after = code_.label();
            code_.open_block(std::move(planned), after);
            blocks_.push_back({rule.block_end, after});
            return index;
        }
        // What is next needs no jump.
        const bool jumps = planned.is_open && rule.go != FlatRule::none && rule.go != index + 1;
        code_.rule(std::move(planned), jumps ? std::optional(targets_.at(rule.go)) : std::nullopt);
        return std::max(index + 1, rule.block_end) - 1;
    }

    const FlatChain& chain_;
    const Placement& placement_;
    StraightLine code_;
    std::map<std::uint32_t, Label> targets_;
    std::vector<Block> blocks_;
};

}  // namespace

Result<Program> straight_line(const FlatChain& chain, ruleset::Verdict policy, std::string_view name,
                              const Placement& placement) {
    const std::string what = fmt::format("cannot compile chain {}", name);
    if (chain.rules.size() > rules_max)
        return fail(ErrorKind::Limit, what,
                    fmt::format("it has {} rules; the limit is {}", chain.rules.size(), rules_max));
    auto program = Emission(chain, placement).run(policy, what);
    if (program && waiting_branches(program->instructions) > waiting_branches_max)
        return fail(ErrorKind::Limit, what, "its rules branch more than the kernel's verifier can follow",
                    "use fewer rules, or fewer sets and ranges in them");
    return program;
}

Result<Program> straight_line(const ruleset::Chain& chain, const Placement& placement) {
    const auto flat = flat_chain(chain, placement);
    XDPCTL_TRY(flat);
    return straight_line(*flat, chain.policy, chain.name, placement);
}

}  // namespace xdpctl::compile
