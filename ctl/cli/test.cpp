// SPDX-License-Identifier: BSD-2-Clause
// test: files of packets and expected verdicts, run on the real programs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>

#include "cli/explanation.h"
#include "cli/found.h"
#include "cli/rule_reference.h"
#include "cli/test_report.h"
#include "cli/text_file.h"
#include "kernel/privilege.h"
#include "packet/build.h"
#include "stats/names.h"
#include "testfile/test_file.h"

namespace xdpctl::cli {

namespace {

using testfile::Case;
using testfile::Expectation;

struct Options {
    std::vector<std::string> files;
    bool tap = false;
    bool verbose = false;
    std::string junit;
};

struct Run {
    std::vector<TestResult> results;
    bool verbose = false;

    [[nodiscard]] std::size_t failed() const {
        return static_cast<std::size_t>(std::ranges::count(results, false, &TestResult::passed));
    }
};

std::string text(const Run& run) {
    std::string out;
    for (const TestResult& result : run.results) {
        if (result.passed() && run.verbose)
            out += fmt::format("{}:{}: ok: {}\n", result.file, result.line, result.name());
        if (result.passed())
            continue;
        out += fmt::format("{}:{}: FAILED: {}\n  {}\n", result.file, result.line, result.name(), result.failure);
        for (std::size_t start = 0; start < result.story.size();) {
            const std::size_t end = std::min(result.story.find('\n', start), result.story.size());
            out += fmt::format("    {}\n", std::string_view(result.story).substr(start, end - start));
            start = end + 1;
        }
    }
    return out + fmt::format("{} passed, {} failed\n", run.results.size() - run.failed(), run.failed());
}

nlohmann::json json(const Run& run) {
    nlohmann::json tests = nlohmann::json::array();
    for (const TestResult& result : run.results) {
        nlohmann::json test{
            {"file", result.file}, {"line", result.line}, {"test", result.text}, {"passed", result.passed()}};
        if (!result.group.empty())
            test["group"] = result.group;
        if (!result.passed()) {
            test["failure"] = result.failure;
            test["story"] = result.story;
        }
        tests.push_back(std::move(test));
    }
    return {{"tests", std::move(tests)},
            {"summary", {{"passed", run.results.size() - run.failed()}, {"failed", run.failed()}}}};
}

struct Tap {
    const std::vector<TestResult>& results;
};
std::string text(const Tap& report) {
    return tap(report.results);
}
nlohmann::json json(const Tap& report) {
    return {{"tap", tap(report.results)}};
}

// The programs of one setting, loaded once.
struct Bench {
    testfile::Setting setting;
    ChosenChain chosen;
    std::optional<Explainer> explainer;
};

std::string origin(const Explanation& explanation) {
    if (const ruleset::Rule* rule = explanation.decided_rule())
        return reference(*rule, *explanation.in);
    return std::string(stats::name(explanation.outcome.reason));
}

// "expected accept by comment "ssh"; it was drop by policy"; empty when everything holds.
std::string failure(const Expectation& expected, const Explanation& explanation) {
    const ruleset::Rule* rule = explanation.decided_rule();
    std::string wanted(stats::name(expected.verdict));
    bool holds = explanation.outcome.verdict == expected.verdict;
    if (expected.reason) {
        wanted += fmt::format(" by {}", stats::name(*expected.reason));
        holds = holds && explanation.outcome.reason == *expected.reason;
    }
    if (expected.comment) {
        wanted += fmt::format(" by comment \"{}\"", *expected.comment);
        holds = holds && rule != nullptr && rule->comment == *expected.comment;
    }
    if (expected.handle) {
        wanted += fmt::format(" by handle {}", std::to_underlying(*expected.handle));
        holds = holds && rule != nullptr && rule->handle == *expected.handle;
    }
    if (expected.line) {
        wanted += fmt::format(" by line {}", *expected.line);
        holds = holds && rule != nullptr && rule->position.text == 0 && rule->position.line == *expected.line;
    }
    if (holds)
        return explanation.agrees() ? std::string() : "the programs and the model disagree";
    return fmt::format("expected {}; it was {} by {}", wanted, stats::name(explanation.outcome.verdict),
                       origin(explanation));
}

class Tester {
public:
    Tester(std::string file, std::vector<TestResult>& results) : file_(std::move(file)), results_(results) {}

    // Errors: those of a ruleset or chain that cannot be run, not those of one packet.
    Status test(const Case& one) {
        const auto start = std::chrono::steady_clock::now();
        auto bench = find_bench(one.setting);
        if (!bench)
            return std::unexpected(
                std::move(bench).error().within(fmt::format("cannot run the test at {}:{}", file_, one.line)));
        TestResult result{file_, one.line, one.group, one.text, {}, {}, {}};
        const auto explanation = (*bench)->explainer->explain(packet::build(one.packet));
        if (explanation) {
            result.failure = failure(one.expected, *explanation);
            if (!result.passed())
                result.story = cli::text(*explanation);
        } else if (explanation.error().kind == ErrorKind::Input) {
            result.failure = explanation.error().text();
        } else {
            return std::unexpected(explanation.error());
        }
        result.time = std::chrono::steady_clock::now() - start;
        results_.push_back(std::move(result));
        return {};
    }

private:
    Result<Bench*> find_bench(const testfile::Setting& setting) {
        for (const auto& bench : benches_)
            if (bench->setting == setting)
                return bench.get();
        const std::filesystem::path folder = std::filesystem::path(file_).parent_path();
        const ChainChoice choice{.ruleset = (folder / setting.ruleset).string(),
                                 .interface = setting.device,
                                 .hook = setting.hook,
                                 .mode = setting.at_tc ? "tc" : "xdp"};
        auto chosen = choose_chain(choice);
        if (!chosen)
            return std::unexpected(std::move(chosen).error());
        auto bench = std::make_unique<Bench>(setting, *std::move(chosen), std::nullopt);
        auto explainer = Explainer::create(bench->chosen, choice);
        if (!explainer)
            return std::unexpected(std::move(explainer).error());
        bench->explainer = std::move(*explainer);
        return benches_.emplace_back(std::move(bench)).get();
    }

    std::string file_;
    std::vector<TestResult>& results_;
    std::vector<std::unique_ptr<Bench>> benches_;
};

struct TestFile {
    std::string name;
    std::vector<Case> cases;
};

// All files are good before anything runs.
Result<std::vector<TestFile>> read_files(const std::vector<std::string>& paths) {
    std::vector<TestFile> files;
    for (const std::string& path : paths) {
        const std::string name = path == "-" ? "<stdin>" : path;
        const auto content = read_text_file(path, name);
        if (!content)
            return std::unexpected(content.error());
        auto cases = testfile::parse(*content, name);
        if (!cases)
            return std::unexpected(std::move(cases).error());
        files.push_back({name, *std::move(cases)});
    }
    return files;
}

Status run(Session& session, const Options& options) {
    const auto files = read_files(options.files);
    if (!files)
        return std::unexpected(files.error());
    XDPCTL_TRY(kernel::require_privileges("run packets through programs"));
    Run run{.results = {}, .verbose = options.verbose};
    for (const TestFile& file : *files) {
        Tester tester(file.name, run.results);
        for (const Case& one : file.cases)
            XDPCTL_TRY(tester.test(one));
    }
    if (options.tap)
        session.output.show(Tap{run.results});
    else
        session.output.show(run);
    if (!options.junit.empty())
        XDPCTL_TRY(write_junit(options.junit, run.results));
    return run.failed() > 0 ? Status(found()) : Status();
}

}  // namespace

Action declare_test(CLI::App& parser) {
    auto options = std::make_shared<Options>();
    parser.add_option("FILE", options->files, "Files of tests; - is standard input")->type_name("")->required();
    parser.add_flag("--tap", options->tap, "Print in the Test Anything Protocol");
    parser.add_option("--junit", options->junit, "Write JUnit's XML to this file too")->type_name("FILE");
    parser.add_flag("-v,--verbose", options->verbose, "Show the tests that pass too");
    return [options](Session& session) { return run(session, *options); };
}

}  // namespace xdpctl::cli
