// SPDX-License-Identifier: BSD-2-Clause
// Variables and included files: what they stand for, and where errors in them are shown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "lang/parse.h"
#include "lang/print.h"

namespace xdpctl::lang {
namespace {

using testing::HasSubstr;

std::string chain_of(const std::string& entries) {
    return "table netdev t {\nchain c {\ntype filter hook ingress device \"eth0\" priority 0;\n" + entries + "\n}\n}\n";
}

// A file system with these files; a pattern is a name, or names all files that start with what is before its '*'.
OpenIncluded opener(std::map<std::string, std::string> files) {
    return [files = std::move(files)](const std::string& pattern) -> Result<std::vector<IncludedFile>> {
        std::vector<IncludedFile> found;
        const bool is_pattern = pattern.ends_with('*');
        for (const auto& [name, text] : files)
            if (is_pattern ? name.starts_with(pattern.substr(0, pattern.size() - 1)) : name == pattern)
                found.push_back({.name = name, .text = text});
        if (found.empty() && !is_pattern)
            return fail(ErrorKind::NotFound, "cannot open " + pattern, "no such file");
        return found;
    };
}

std::string error_of(const std::string& text, std::map<std::string, std::string> files = {}) {
    const auto ruleset = parse_ruleset_file(text, "test", opener(std::move(files)));
    return ruleset ? "" : ruleset.error().text();
}

void expect_same(const std::string& text, const std::string& plain, std::map<std::string, std::string> files = {}) {
    const auto ruleset = parse_ruleset_file(text, "test", opener(std::move(files)));
    ASSERT_TRUE(ruleset) << ruleset.error().text();
    EXPECT_EQ(print_ruleset(*ruleset), print_ruleset(parse_ruleset(plain, "plain").value_or(ruleset::Ruleset{})));
}

TEST(Variables, StandForValues) {
    expect_same("define p = { 22, 80-90 }\ndefine a = 192.0.2.0/24\n" + chain_of("ip saddr $a tcp dport { $p, 443 }"),
                chain_of("ip saddr 192.0.2.0/24 tcp dport { 22, 80-90, 443 }"));
    expect_same("define f = syn\n" + chain_of("tcp flags & ($f | ack) == $f"),
                chain_of("tcp flags & (syn | ack) == syn"));
    expect_same(
        "define d = eth0\ndefine p = -5\ntable netdev t { chain c { type filter hook ingress devices = { $d } "
        "priority $p; }; }",
        "table netdev t { chain c { type filter hook ingress device eth0 priority -5; }; }");
}

TEST(Variables, KeepTheValuesTheyWereMadeOf) {
    expect_same("define a = 1\ndefine b = { $a, 2 }\nredefine a = 9\n" + chain_of("tcp dport $b\ntcp dport $a"),
                chain_of("tcp dport { 1, 2 }\ntcp dport 9"));
}

TEST(Variables, EndWithTheirBlock) {
    expect_same("define a = 1\n" + chain_of("redefine a = 2\ntcp dport $a\n}\nchain c {\ntcp dport $a"),
                chain_of("tcp dport 2\ntcp dport 1"));
    EXPECT_THAT(error_of(chain_of("define port = 1\n}\nchain c {\ntcp dport $port")),
                HasSubstr("test:7:11: error: unknown variable '$port'"));
}

TEST(Variables, SuggestNames) {
    EXPECT_THAT(error_of("define ports = 1\n" + chain_of("tcp dport $port")), HasSubstr("did you mean 'ports'?"));
}

TEST(Variables, ShowUseAndDefinition) {
    EXPECT_EQ(error_of("define a = { 192.0.2.1, ssh }\n" + chain_of("ip saddr $a drop\ntcp dprt 1")),
              "test:5:10: error: in the value of $a: 'ssh' is not an IPv4 address\n"
              "    ip saddr $a drop\n"
              "             ^~\n"
              "    write it like 192.0.2.1, 192.0.2.0/24 or 192.0.2.1-192.0.2.9; it is defined at test:1:8\n"
              "test:6:5: error: unknown field 'dprt' of tcp\n"
              "    tcp dprt 1\n"
              "        ^~~~\n"
              "    did you mean 'dport'?");
}

TEST(Variables, StandForNothingButValues) {
    const std::string definition = "define x = 22\n";
    EXPECT_THAT(error_of(definition + chain_of("$x dport 1")), HasSubstr("a variable stands for values"));
    EXPECT_THAT(error_of(definition + chain_of("tcp $x 1")), HasSubstr("expected a field of tcp"));
    EXPECT_THAT(error_of(definition + chain_of("counter packets $x")), HasSubstr("expected a number"));
    EXPECT_THAT(error_of(definition + chain_of("accept comment $x")), HasSubstr("expected the comment's text"));
}

TEST(Variables, BoundWhatTheyStandFor) {
    std::string text = "define v0 = { 1, 2 }\n";
    for (int i = 1; i < 40; ++i)
        text += "define v" + std::to_string(i) + " = { $v" + std::to_string(i - 1) + ", $v" + std::to_string(i - 1) +
                " }\n";
    EXPECT_THAT(error_of(text + chain_of("tcp dport $v39")), HasSubstr("nested too deeply"));
    EXPECT_THAT(error_of("define v = 1\n" + chain_of("tcp dport 2 ") + text),
                testing::StrEq(""));  // what is not used costs nothing
}

TEST(Includes, StandInTheirPlace) {
    expect_same("include \"vars\"\n" + chain_of("tcp dport 1\ninclude \"rules*\"\ntcp dport 4\ninclude \"none*\""),
                chain_of("tcp dport 1\ntcp dport 2\ntcp dport 3\ntcp dport 4"),
                {{"vars", "define two = 2\n"}, {"rules1", "tcp dport $two\n"}, {"rules2", "tcp dport 3\n"}});
}

TEST(Includes, ShowErrorsInTheirFile) {
    EXPECT_THAT(error_of(chain_of("tcp dprt 1\ninclude \"a\"\nudp dprt 1"), {{"a", "\nip sadr 1\n"}}),
                testing::AllOf(HasSubstr("test:4:5: error: unknown field 'dprt' of tcp\n    tcp dprt 1"),
                               HasSubstr("a:2:4: error: unknown field 'sadr' of ip\n    ip sadr 1"),
                               HasSubstr("test:6:5: error: unknown field 'dprt' of udp\n    udp dprt 1")));
    EXPECT_THAT(error_of(chain_of("include \"a\""), {{"a", "accept\noifname eth0\n"}}),
                HasSubstr("a:2:1: error: oifname is not known on the ingress hook\n    oifname eth0"));
    EXPECT_THAT(error_of("include \"a\"\n"), HasSubstr("test:1:9: error: cannot open a: no such file"));
}

TEST(Includes, RefuseLoopsAndDepthWithThePath) {
    EXPECT_THAT(error_of("include \"a\"\n", {{"a", "include \"b\"\n"}, {"b", "\ninclude \"a\"\n"}}),
                testing::AllOf(HasSubstr("b:2:9: error: the file includes itself"),
                               HasSubstr("the path is test -> a -> b -> a")));
    std::map<std::string, std::string> files;
    for (int i = 1; i < 20; ++i)
        files["f" + std::to_string(i)] = "include \"f" + std::to_string(i + 1) + "\"\n";
    EXPECT_THAT(
        error_of("include \"f1\"\n", files),
        testing::AllOf(HasSubstr("f16:1:9: error: files are included more"), HasSubstr("test -> f1 -> f2 -> f3")));
}

}  // namespace
}  // namespace xdpctl::lang
