// SPDX-License-Identifier: BSD-2-Clause
#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/batch.h"

namespace xdpctl::cli {

namespace {

constexpr std::string_view description =
    "xdpctl filters packets at XDP and TC with nftables' rules.\n"
    "Exit codes: 0 done, 1 failed, 2 usage, 3 input, 4 not found, 5 privilege, 6 busy,\n"
    "7 locked, 8 unsupported, 9 limit, 10 rejected by the kernel, 11 found; see xdpctl(8).";

constexpr std::string_view examples =
    "Examples:\n"
    "  xdpctl attach eth0\n"
    "  xdpctl rule add tcp dport 23 counter drop\n"
    "  xdpctl stats eth0 --watch\n"
    "'xdpctl COMMAND --help' has more.\n";

struct Help {
    std::string help;
};
std::string text(const Help& help) {
    return help.help;
}
nlohmann::json json(const Help& help) {
    return {{"help", help.help}};
}

Action show_help(std::string help) {
    return [help = std::move(help)](Session& session) -> Status {
        session.output.show(Help{help});
        return {};
    };
}

// The parser of the words typed so far: of the command, its noun, or the whole program.
const CLI::App& deepest(const CLI::App& root) {
    const CLI::App* parser = &root;
    while (!parser->get_subcommands().empty())
        parser = parser->get_subcommands().front();
    return *parser;
}

std::string path_of(const CLI::App& parser) {
    return parser.get_parent() == nullptr ? parser.get_name() : path_of(*parser.get_parent()) + ' ' + parser.get_name();
}

std::unexpected<Error> usage_error(const CLI::App& root, const CLI::ParseError& error) {
    const CLI::App& parser = deepest(root);
    std::string what = error.what();
    if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr && parser.get_require_subcommand_min() > 0) {
        const std::vector<std::string> unknown = root.remaining(true);
        what = unknown.empty() ? "a command is missing" : fmt::format("'{}' is no command", unknown.front());
    } else if (const CLI::Option* words = parser.get_option_no_throw("WORDS");
               words != nullptr && words->get_required() && words->empty()) {
        what = fmt::format("words are missing: {}", words->get_description());
    }
    return fail(ErrorKind::Usage, std::move(what), {}, fmt::format("'{} --help' shows how", path_of(parser)));
}

// Which parsers a command line needs: making one for every option of every command takes longer than most commands do.
class Wanted {
public:
    explicit Wanted(std::span<const char* const> arguments)
        : arguments_(arguments), help_(std::ranges::any_of(arguments, asks_for_help)) {}

    // Whether the words can lead to the noun, or to the help that names all.
    [[nodiscard]] bool noun(const Command& command) const { return help_ || has(command.noun); }
    // Whether the words can lead to the command.
    [[nodiscard]] bool command(const Command& command) const {
        return has(command.noun) && (command.verb.empty() || has(command.verb));
    }

private:
    // "--help", and "-h" also among others, as in "-qh".
    static bool asks_for_help(std::string_view argument) {
        return argument.starts_with("--help") ||
               (argument.starts_with('-') && !argument.starts_with("--") && argument.contains('h'));
    }

    // Wherever it stands: what is the value of an option, say, only the parser knows.
    [[nodiscard]] bool has(std::string_view word) const {
        return std::ranges::find(arguments_, word) != arguments_.end();
    }

    std::span<const char* const> arguments_;
    bool help_;
};

class Parser {
public:
    Parser(CommandLine& result, std::span<const char* const> arguments) : result_(result), arguments_(arguments) {
        root_.set_help_flag("-h,--help", "Show help, with examples");
        root_.set_version_flag("--version", std::string(), "Print the version");
        root_.add_flag("--json", json_, "Print JSON: results on stdout, errors and warnings on stderr");
        root_.add_flag("-q,--quiet", result_.quiet, "Print neither confirmations nor warnings");
        root_.add_option("--lock-timeout", lock_timeout_, "How long to wait for another xdpctl that is writing")
            ->type_name("SECONDS")
            ->check(CLI::Range(0.0, 86400.0))
            ->capture_default_str();
    }

    void add_commands() {
        root_.name("xdpctl");
        root_.description(std::string(description));
        root_.require_subcommand(1);
        root_.footer(std::string(examples));
        root_
            .add_option_function<std::string>(
                "-b,--batch",
                [this](const std::string& path) {
                    batch_ = path;
                    root_.require_subcommand(0);
                },
                "Do the changes of rules, chains and sets in a file, one a line; - is standard input")
            ->type_name("FILE");
        const Wanted wanted(arguments_);
        for (const Command& command : commands())
            if (wanted.noun(command))
                add(command, wanted.command(command));
    }

    // Without a word in front of the options.
    void add_only(const Command& command) {
        root_.name(std::string(command.noun));
        root_.description(std::string(command.summary));
        root_.footer("Examples:\n" + std::string(command.examples));
        actions_.emplace(&root_, command.declare(root_));
    }

    void parse() {
        try {
            root_.parse(static_cast<int>(arguments_.size()), arguments_.data());
            result_.action = batch_ ? batch_action() : actions_.at(&deepest(root_));
        } catch (const CLI::CallForHelp&) {
            result_.action = show_help(root_.help());
        } catch (const CLI::CallForVersion&) {
            CLI::App parser;
            result_.action = declare_version(parser);
        } catch (const CLI::ParseError& error) {
            // The order of words decides whether the parser has seen --json before it failed.
            json_ = json_ || std::ranges::find(arguments_, std::string_view("--json")) != arguments_.end();
            result_.action = usage_error(root_, error);
        }
        result_.format = json_ ? Output::Format::Json : Output::Format::Text;
        result_.lock_timeout =
            std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::duration<double>(lock_timeout_));
    }

private:
    Result<Action> batch_action() {
        if (!root_.get_subcommands().empty())
            return fail(ErrorKind::Usage, "-b takes no command", {}, "write the command into the batch");
        return [path = *batch_](Session& session) { return run_batch(session, path); };
    }

    void add(const Command& command, bool with_options) {
        CLI::App* parser = nullptr;
        if (command.verb.empty()) {
            parser = root_.add_subcommand(std::string(command.noun), std::string(command.summary));
        } else {
            CLI::App* noun = noun_parser(std::string(command.noun));
            parser = noun->add_subcommand(std::string(command.verb), std::string(command.summary));
            noun->description(noun->get_description() + (noun->get_description().empty() ? "" : ", ") +
                              std::string(command.verb));
            const std::string_view example = command.examples.substr(0, command.examples.find('\n') + 1);
            noun->footer(noun->get_footer() + std::string(example));
        }
        parser->fallthrough();
        parser->footer("Examples:\n" + std::string(command.examples));
        if (with_options)
            actions_.emplace(parser, command.declare(*parser));
    }

    CLI::App* noun_parser(const std::string& noun) {
        CLI::App*& parser = nouns_[noun];
        if (parser != nullptr)
            return parser;
        parser = root_.add_subcommand(noun);
        parser->footer("Examples:\n");
        parser->require_subcommand(1);
        parser->fallthrough();
        return parser;
    }

    CommandLine& result_;
    std::span<const char* const> arguments_;
    bool json_ = false;
    double lock_timeout_ = 5;
    std::optional<std::string> batch_;
    CLI::App root_;
    std::map<std::string, CLI::App*> nouns_;
    std::map<const CLI::App*, Action> actions_;
};

// Commands that can be lines of a batch.
struct BatchCommand {
    std::string_view noun, verb;
    BatchRole role;
};

constexpr BatchCommand batch_commands[] = {
    {"set", "add", BatchRole::Elements},      {"set", "delete", BatchRole::Elements},
    {"set", "flush", BatchRole::Ruleset},     {"set", "load", BatchRole::Ruleset},
    {"set", "swap", BatchRole::Ruleset},      {"rule", "add", BatchRole::Ruleset},
    {"rule", "insert", BatchRole::Ruleset},   {"rule", "replace", BatchRole::Ruleset},
    {"rule", "delete", BatchRole::Ruleset},   {"chain", "add", BatchRole::Ruleset},
    {"chain", "delete", BatchRole::Ruleset},  {"chain", "rename", BatchRole::Ruleset},
    {"chain", "policy", BatchRole::Ruleset},  {"flush", "chain", BatchRole::Ruleset},
    {"flush", "ruleset", BatchRole::Ruleset},
};

}  // namespace

Result<BatchLine> parse_batch_line(std::span<const std::string> words) {
    const std::string verb = words.size() < 2 ? std::string() : words[1];
    const auto* found = std::ranges::find_if(
        batch_commands, [&](const BatchCommand& known) { return known.noun == words[0] && known.verb == verb; });
    if (found == std::end(batch_commands))
        return fail(ErrorKind::Usage,
                    verb.empty() ? fmt::format("'{}' cannot be part of a batch", words[0])
                                 : fmt::format("'{} {}' cannot be part of a batch", words[0], verb),
                    {}, "a batch has the changes of rule, chain, set and flush");
    const auto command = std::ranges::find_if(
        commands(), [&](const Command& known) { return known.noun == found->noun && known.verb == found->verb; });
    CLI::App parser;
    BatchLine line{found->role, command->declare(parser)};
    parser.set_help_flag();
    try {
        parser.parse(std::vector<std::string>(words.rbegin(), words.rend() - 2));  // CLI11 takes the last word first
    } catch (const CLI::ParseError& error) {
        return fail(ErrorKind::Usage, error.what(), {},
                    fmt::format("'xdpctl {} {} --help' shows how", found->noun, found->verb));
    }
    return line;
}

CommandLine parse_command_line(std::span<const char* const> arguments) {
    CommandLine result;
    Parser parser(result, arguments);
    parser.add_commands();
    parser.parse();
    return result;
}

CommandLine parse_command_line(std::span<const char* const> arguments, const Command& only) {
    CommandLine result;
    Parser parser(result, arguments);
    parser.add_only(only);
    parser.parse();
    return result;
}

}  // namespace xdpctl::cli
