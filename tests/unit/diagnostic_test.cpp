// SPDX-License-Identifier: BSD-2-Clause
// What is refused, where, and in which words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "lang/parse.h"
#include "lang/token.h"

namespace xdpctl::lang {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string error_of(std::string_view text) {
    const auto rule = parse_rule(text, "test");
    if (rule)
        return "no error";
    EXPECT_EQ(rule.error().kind, ErrorKind::Input);
    return rule.error().text();
}

std::string file_error_of(std::string_view text) {
    const auto ruleset = parse_ruleset(text, "test");
    if (ruleset)
        return "no error";
    EXPECT_EQ(ruleset.error().kind, ErrorKind::Input);
    return ruleset.error().text();
}

struct Refused {
    std::string_view text;
    std::string_view error;
};

class EveryMistake : public testing::TestWithParam<Refused> {};

TEST_P(EveryMistake, IsShownWhereItStands) {
    EXPECT_EQ(error_of(GetParam().text), GetParam().error);
}

constexpr Refused mistakes[] = {
    {"tcp dprt 22", R"(test:1:5: error: unknown field 'dprt' of tcp
    tcp dprt 22
        ^~~~
    did you mean 'dport'?)"},
    {"tcp mtu 22", R"(test:1:5: error: unknown field 'mtu' of tcp
    tcp mtu 22
        ^~~
    fields: sport, dport, sequence, ackseq, doff, reserved, flags, window, checksum, urgptr)"},
    {"tcpp dport 22", R"(test:1:1: error: unknown word 'tcpp'
    tcpp dport 22
    ^~~~
    did you mean 'tcp'?)"},
    {"dport 22", R"(test:1:1: error: unknown word 'dport'
    dport 22
    ^~~~~
    'dport' is a field of a protocol: write tcp dport)"},
    {"length 22", R"(test:1:1: error: 'length' needs the word meta in front
    length 22
    ^~~~~~
    write: meta length)"},
    {"tcp dport 70000 drop", R"(test:1:11: error: 70000 is out of range: tcp dport has values from 0 to 65535
    tcp dport 70000 drop
              ^~~~~)"},
    {"vlan id 5000", R"(test:1:9: error: 5000 is out of range: vlan id has values from 0 to 4095
    vlan id 5000
            ^~~~)"},
    {"meta length 99999999999999999999",
     R"(test:1:13: error: 99999999999999999999 is out of range: meta length has values from 0 to 4294967295
    meta length 99999999999999999999
                ^~~~~~~~~~~~~~~~~~~~)"},
    {"ip saddr 192.0.2.0/33", R"(test:1:20: error: prefix length 33 is out of range: ip saddr has 32 bits
    ip saddr 192.0.2.0/33
                       ^~)"},
    {"ip6 saddr 2001:db8::/129", R"(test:1:22: error: prefix length 129 is out of range: ip6 saddr has 128 bits
    ip6 saddr 2001:db8::/129
                         ^~~)"},
    {"tcp dport 16/17", R"(test:1:14: error: prefix length 17 is out of range: tcp dport has 16 bits
    tcp dport 16/17
                 ^~)"},
    {"meta iif \"eth*\"", R"(test:1:10: error: iif compares one interface and takes no wildcard
    meta iif "eth*"
             ^~~~~~
    write: iifname "eth*")"},
    {"iif 1", R"(test:1:5: error: interfaces are compared by name, not by index
    iif 1
        ^
    write: iif "eth0")"},
    {"arp saddr 192.0.2.1", R"(test:1:11: error: expected 'ether' or 'ip', found '192.0.2.1'
    arp saddr 192.0.2.1
              ^~~~~~~~~
    write: arp saddr ether)"},
    {"ip ttl & 1", R"(test:1:11: error: expected a comparison, found the end of the text
    ip ttl & 1
              ^
    write: ip ttl & 0x1 == 0x1)"},
    {"ip ttl | 1 & 2 == 0", R"(test:1:12: error: '&' binds tighter than what stands in front of it
    ip ttl | 1 & 2 == 0
               ^
    put '&' in front of '^' and '^' in front of '|')"},
    {"ip ttl << 8 == 1", R"(test:1:11: error: ip ttl cannot be shifted by 8: it has 8 bits
    ip ttl << 8 == 1
              ^)"},
    {"ip ttl ^ 1 < 5", R"(test:1:8: error: flipped bits are compared with == or != and single values
    ip ttl ^ 1 < 5
           ^
    write the values as they are without '^')"},
    {"@nh,8 1", R"(test:1:7: error: expected ',', found '1'
    @nh,8 1
          ^
    write it like @nh,96,32: a base (ll, nh, th), then offset and length in bits)"},
    {"@ll,4,128 1", R"(test:1:1: error: raw payload has at most 128 bits, counted from the beginning of its first byte
    @ll,4,128 1
    ^~~~~~~~~)"},
    {"meta nfproto 2", R"(test:1:14: error: '2' is not an address family
    meta nfproto 2
                 ^
    write one of: ipv4, ipv6)"},
    {"tcp dport 90-80", R"(test:1:11: error: the range is reversed: its end is less than its start
    tcp dport 90-80
              ^~~~~
    write it as 80-90)"},
    {"tcp dport ssh-http", R"(test:1:11: error: 'ssh-http' is not a port
    tcp dport ssh-http
              ^~~~~~~~
    put spaces around '-' between names: ssh - http)"},
    {"tcp dport htpp", R"(test:1:11: error: 'htpp' is not a port
    tcp dport htpp
              ^~~~
    did you mean 'http'?)"},
    {"tcp dport -1", R"(test:1:11: error: expected a port, found '-'
    tcp dport -1
              ^
    write a number from 0 to 65535, or a service like ssh)"},
    {"tcp dport = 22", R"(test:1:11: error: '=' is no comparison
    tcp dport = 22
              ^
    write == or nothing)"},
    {"tcp dport ! 22", R"(test:1:11: error: '!' works on tcp flags only
    tcp dport ! 22
              ^
    write !=)"},
    {"tcp dport > 22-25", R"(test:1:11: error: an order compares one value, not a set, range or prefix
    tcp dport > 22-25
              ^
    write == or !=)"},
    {"tcp dport 22,23", R"(test:1:13: error: several values stand in braces
    tcp dport 22,23
                ^
    write them as a set: { 22, 80 })"},
    {"tcp dport { }", R"(test:1:13: error: expected an element, found '}'
    tcp dport { }
                ^
    a set has at least one)"},
    {"tcp dport { 22 23 }", R"(test:1:16: error: expected ',' or '}', found '23'
    tcp dport { 22 23 }
                   ^~)"},
    {"tcp dport { 22, 23", R"(test:1:19: error: expected ',' or '}', found the end of the text
    tcp dport { 22, 23
                      ^)"},
    {"tcp dport", R"(test:1:10: error: expected a port, found the end of the text
    tcp dport
             ^
    write a number from 0 to 65535, or a service like ssh)"},
    {"tcp", R"(test:1:4: error: expected a field of tcp, found the end of the text
    tcp
       ^
    fields: sport, dport, sequence, ackseq, doff, reserved, flags, window, checksum, urgptr)"},
    {"ip saddr 2001:db8::1", R"(test:1:10: error: '2001:db8::1' is not an IPv4 address
    ip saddr 2001:db8::1
             ^~~~~~~~~~~
    IPv6 addresses are matched by: ip6 saddr)"},
    {"ip6 saddr 192.0.2.1", R"(test:1:11: error: '192.0.2.1' is not an IPv6 address
    ip6 saddr 192.0.2.1
              ^~~~~~~~~
    IPv4 addresses are matched by: ip saddr)"},
    {"ip saddr 192.0.2.256", R"(test:1:10: error: '192.0.2.256' is not an IPv4 address
    ip saddr 192.0.2.256
             ^~~~~~~~~~~
    write it like 192.0.2.1, 192.0.2.0/24 or 192.0.2.1-192.0.2.9)"},
    {"ether saddr 00:00:5e:00:53", R"(test:1:13: error: '00:00:5e:00:53' is not an Ethernet address
    ether saddr 00:00:5e:00:53
                ^~~~~~~~~~~~~~
    write it like 00:00:5e:00:53:01)"},
    {"tcp flags SYN", R"(test:1:11: error: 'SYN' is not a TCP flag
    tcp flags SYN
              ^~~
    did you mean 'syn'?)"},
    {"tcp flags syn/ack", R"(test:1:11: error: 'syn/ack' is not a TCP flag
    tcp flags syn/ack
              ^~~~~~~
    put spaces around '/' between names: syn / ack)"},
    {"tcp flags & (fin | syn | rst | ack) ! syn", R"(test:1:37: error: '!' cannot follow a mask
    tcp flags & (fin | syn | rst | ack) ! syn
                                        ^
    write != instead)"},
    {"tcp flags & syn | ack == syn", R"(test:1:17: error: a mask of several flags stands in parentheses
    tcp flags & syn | ack == syn
                    ^
    write: tcp flags & (syn | ack) == syn)"},
    {"iifname \"0123456789abcdef\"", R"(test:1:9: error: interface name '0123456789abcdef' is longer than 15 bytes
    iifname "0123456789abcdef"
            ^~~~~~~~~~~~~~~~~~)"},
    {"iifname \"\"", R"(test:1:9: error: an interface name is empty
    iifname ""
            ^~)"},
    {"iifname < eth0", R"(test:1:9: error: iifname has no order
    iifname < eth0
            ^
    write == or !=)"},
    {"tcp dport 1 udp dport 2", R"(test:1:13: error: conflicting protocols: tcp vs. udp
    tcp dport 1 udp dport 2
                ^~~
    no packet has both: write two rules)"},
    {"ip saddr 192.0.2.1 ip6 saddr 2001:db8::1", R"(test:1:20: error: conflicting protocols: ip vs. ip6
    ip saddr 192.0.2.1 ip6 saddr 2001:db8::1
                       ^~~
    no packet has both: write two rules)"},
    {"icmp type redirect icmp id 1", R"(test:1:20: error: conflicting messages: redirect vs. echo-request
    icmp type redirect icmp id 1
                       ^~~~
    no packet has both: write two rules)"},
    {"icmpv6 id 1 icmpv6 max-delay 1",
     R"(test:1:13: error: conflicting messages: echo-request vs. mld-listener-query
    icmpv6 id 1 icmpv6 max-delay 1
                ^~~~~~
    no packet has both: write two rules)"},
    {"accept counter", R"(test:1:8: error: nothing can follow 'accept'
    accept counter
           ^~~~~~~
    put the verdict last, or on a line of its own)"},
    {"drop comment \"a\" counter", R"(test:1:18: error: nothing can follow the comment
    drop comment "a" counter
                     ^~~~~~~
    put the comment last)"},
    {"drop; accept", R"(test:1:7: error: expected the end of the rule, found 'accept'
    drop; accept
          ^~~~~~
    one rule at a time)"},
    {"drop comment \"a", R"(test:1:14: error: the string has no closing quotation mark
    drop comment "a
                 ^~
    close it on the same line)"},
    {"counter packets 18446744073709551616", R"(test:1:17: error: 18446744073709551616 does not fit into 64 bits
    counter packets 18446744073709551616
                    ^~~~~~~~~~~~~~~~~~~~)"},
    {"counter counter", R"(test:1:9: error: a second counter in a rule is not supported yet
    counter counter
            ^~~~~~~
    write two rules to count at two places)"},
    {"", R"(test:1:1: error: expected a statement, found the end of the text
    
    ^
    a rule needs a match, a counter or a verdict)"},
};

INSTANTIATE_TEST_SUITE_P(Rules, EveryMistake, testing::ValuesIn(mistakes));

class EveryFeature : public testing::TestWithParam<std::string_view> {};

TEST_P(EveryFeature, OfNftThatIsMissingIsNamed) {
    const std::string error = error_of(GetParam());
    EXPECT_THAT(error, HasSubstr("not supported yet")) << error;
    EXPECT_THAT(error, HasSubstr("\n    ^")) << error;  // the caret stands below the first word
    EXPECT_EQ(std::ranges::count(error, '\n'), 3) << "a way out: " << error;
}

INSTANTIATE_TEST_SUITE_P(Statements, EveryFeature,
                         testing::Values("reject with tcp reset", "quota over 10 mbytes", "fwd to eth1", "dup to eth1",
                                         "add @s { ip saddr }", "update @s { ip saddr }", "ct state new", "queue num 1",
                                         "notrack", "hbh nexthdr 6", "rt type 0", "dst nexthdr 6", "mh type 1",
                                         "iiftype ether", "fib daddr type local", "masquerade", "snat to 192.0.2.1"));

TEST(Diagnostics, NameMissingFields) {
    for (const std::string_view text :
         {"ip option lsrr exists", "tcp option maxseg size 1", "icmpv6 taddr ::1", "meta skuid 0", "meta iifgroup 1",
          "meta hour 5", "exthdr srh exists", "sctp chunk data exists"})
        EXPECT_THAT(error_of(text), HasSubstr("' is not supported yet\n")) << text;
}

TEST(Diagnostics, NameMissingExpressions) {
    for (const std::string_view text : {"tcp dport { 22 comment \"x\" }", "tcp dport { 22 timeout 1s }",
                                        "iifname \"eth\\*\"", "tcp flags ^ syn == 0", "counter name \"x\""})
        EXPECT_THAT(error_of(text), HasSubstr(" not supported yet")) << text;
}

TEST(Diagnostics, ShowSeveralErrorsOfAFile) {
    const std::string error = file_error_of(R"(table netdev t {
    chain c {
        type filter hook ingress device "eth0" priority 0; polcy accept;
        tcp dprt 22 accept
        udp dport { 53, 70000 } accept; quota over 1 mbytes
        tcp dport 80 accept
        ip saddr 192.0.2.0/40 drop
    }
}
)");
    EXPECT_EQ(error, R"(test:3:60: error: unknown word 'polcy'
            type filter hook ingress device "eth0" priority 0; polcy accept;
                                                               ^~~~~
    a match starts with a protocol: tcp dport 22
test:4:13: error: unknown field 'dprt' of tcp
            tcp dprt 22 accept
                ^~~~
    did you mean 'dport'?
test:5:25: error: 70000 is out of range: udp dport has values from 0 to 65535
            udp dport { 53, 70000 } accept; quota over 1 mbytes
                            ^~~~~
test:5:41: error: 'quota' is not supported yet
            udp dport { 53, 70000 } accept; quota over 1 mbytes
                                            ^~~~~
    leave it out here; nft can run such a rule beside xdpctl
test:7:28: error: prefix length 40 is out of range: ip saddr has 32 bits
            ip saddr 192.0.2.0/40 drop
                               ^~)");
}

TEST(Diagnostics, FindTheNextStatementBehindASet) {
    const std::string error = file_error_of(R"(table netdev t {
    chain c {
        type filter hook ingress device "eth0" priority 0;
        tcp dport { 22,
            70000,
            80 } accept
        tcp dport { 22, 80
        tcp dport { 22, htpp
        udp dport { 53 } accpt
        set s { 1,
            2 }
    }
    flowtable s {
        hook ingress priority 0
        devices = { eth0 }
    }
    chain d {
        type filter hook egress device "eth0" priority 0;
        tcp dport 70001
    }
}
)");
    std::vector<std::string> places;
    for (std::size_t at = error.find("test:"); at != std::string::npos; at = error.find("test:", at + 1))
        places.push_back(error.substr(at + 5, error.find(':', at + 5) - at - 5));
    EXPECT_EQ(places, (std::vector<std::string>{"5", "7", "8", "9", "10", "13", "19"})) << error;
}

TEST(Diagnostics, EndAfterTwenty) {
    std::string text = "table netdev t {\nchain c {\n type filter hook ingress device eth0 priority 0;\n";
    for (int i = 0; i < 1000; ++i)
        text += "tcp dprt 22\n";
    const std::string error = file_error_of(text + "}\n}\n");
    EXPECT_THAT(error, HasSubstr("test:23:5: error"));
    EXPECT_THAT(error, Not(HasSubstr("test:24:5: error")));
    EXPECT_THAT(error, testing::EndsWith("too many errors: the rest is not shown"));
}

TEST(Diagnostics, KeepTabsInFrontOfTheCaret) {
    EXPECT_EQ(
        error_of("\ttcp\tdprt 22"),
        "test:1:6: error: unknown field 'dprt' of tcp\n    \ttcp\tdprt 22\n    \t   \t^~~~\n    did you mean 'dport'?");
}

TEST(Diagnostics, CountLettersNotBytesInFrontOfTheCaret) {
    EXPECT_THAT(error_of("drop comment \"\u00e4\u00f6\" x"),
                HasSubstr("\n    drop comment \"\u00e4\u00f6\" x\n                      ^\n"));
}

TEST(Diagnostics, ShowAWindowOfALongLine) {
    const std::string text = std::string(10000, ' ') + "tcp dprt 22" + std::string(10000, ' ');
    const std::string error = error_of(text);
    EXPECT_THAT(error, HasSubstr("test:1:10005: error"));
    EXPECT_THAT(error, HasSubstr("tcp dprt 22"));
    EXPECT_LT(error.size(), 500U);
}

TEST(Diagnostics, RefuseHostileBytes) {
    EXPECT_THAT(error_of(std::string_view("tcp dport \0 22", 14)),
                HasSubstr("test:1:11: error: byte 0x00 does not belong"));
    EXPECT_THAT(error_of("tcp dport 22\r\n"), HasSubstr("carriage return"));
    EXPECT_THAT(error_of("drop comment \"\x1b[31m\""), HasSubstr("control characters"));
    EXPECT_THAT(error_of("drop comment \"\xff\""), HasSubstr("not valid UTF-8"));
    EXPECT_THAT(error_of("tcp \x1b[31m"), Not(HasSubstr("\x1b")));
    EXPECT_THAT(error_of("drop comment \"" + std::string(129, 'a') + '"'), HasSubstr("longer than 128 bytes"));
}

TEST(Diagnostics, BoundNesting) {
    const std::string deep = "tcp dport " + std::string(100000, '{') + "22" + std::string(100000, '}');
    EXPECT_THAT(error_of(deep), HasSubstr("nested too deeply"));
    const std::string parentheses = "tcp flags " + std::string(100000, '(') + "syn" + std::string(100000, ')');
    EXPECT_THAT(error_of(parentheses), HasSubstr("nested too deeply"));
    EXPECT_THAT(file_error_of(std::string(100000, '{')), HasSubstr("expected 'table'"));
}

struct RefusedFile {
    std::string_view text;
    std::string_view where;
    std::string_view why;
};

class EveryFile : public testing::TestWithParam<RefusedFile> {};

TEST_P(EveryFile, IsRefusedWhereItIsWrong) {
    const std::string error = file_error_of(GetParam().text);
    EXPECT_THAT(error, HasSubstr("test:" + std::string(GetParam().where) + ": error: " + std::string(GetParam().why)));
    EXPECT_EQ(error.find("error: "), error.rfind("error: ")) << "one error: " << error;
}

constexpr RefusedFile files[] = {
    {"table inet t {\n}\n", "1:7", "the family 'inet' is not supported yet"},
    {"table t {\n}\n", "1:7", "expected the family 'netdev'"},
    {"tabel netdev t {\n}\n", "1:1", "expected 'table', found 'tabel'"},
    {"add table netdev t\n", "1:1", "'add' is not supported yet in a file"},
    {"include \"x\"\n", "1:1", "this text cannot include files"},
    {"include x\n", "1:9", "expected a file's name in quotation marks"},
    {"include \"x\"", "1:12", "expected a newline or ';'"},
    {"define x = 1", "1:13", "expected a newline or ';'"},
    {"define x 1\n", "1:10", "expected '='"},
    {"define x =\n", "1:11", "expected a value"},
    {"define tcp = 1\n", "1:8", "'tcp' is a word of the language"},
    {"define x = 1 2\n", "1:14", "expected a newline or ';', found '2'"},
    {"define x = { 1 2 }\n", "1:16", "expected ',' or '}', found '2'"},
    {"define x = == 1\n", "1:12", "expected a value, found '=='"},
    {"define x = drop\n", "1:12", "a variable cannot stand for a verdict"},
    {"define x = @s\n", "1:12", "a variable cannot stand for a named set"},
    {"define x = $y\n", "1:12", "unknown variable '$y'"},
    {"define x = 1\ndefine x = 2\n", "2:8", "the variable 'x' is already defined"},
    {"undefine x\n", "1:10", "unknown variable 'x'"},
    {"define x = 1\ntable netdev t {\nundefine x\n}\n", "3:10", "the variable 'x' is defined outside"},
    {"define x = 70000\ntable netdev t {\nchain c {\ntype filter hook ingress device eth0 priority 0;\ntcp dport "
     "$x\n}\n}\n",
     "5:11", "in the value of $x: 70000 is out of range"},
    {"table netdev 5t {\n}\n", "1:14", "a name is made of letters"},
    {"table netdev \"t\" {\n}\n", "1:14", "expected the table's name"},
    {"table netdev counter {\n}\n", "1:14", "'counter' is a word of the language"},
    {"table netdev t\n{\n}\n", "2:1", "expected 'table'"},
    {"table netdev t {\n", "2:1", "expected '}'"},
    {"table netdev t {\nflowtable s { type ipv4_addr; }\n}\n", "2:1", "'flowtable' in a table is not supported yet"},
    {"table netdev t {\nchian c {\n}\n}\n", "2:1", "expected 'chain', found 'chian'"},
    {"table netdev t {\nchain c {\npolicy drop;\n}\n}\n", "2:7", "chain 'c' has a policy and no hook"},
    {"table netdev t {\nchain c {\ntype nat hook ingress device eth0 priority 0;\n}\n}\n", "3:6",
     "the family netdev has no"},
    {"table netdev t {\nchain c {\ntype filter hook input priority 0;\n}\n}\n", "3:18", "unknown hook 'input'"},
    {"table netdev t {\nchain c {\ntype filter hook ingress device eth0 priority filter-5;\n}\n}\n", "3:47",
     "expected a priority"},
    {"table netdev t {\nchain c {\ntype filter hook ingress device eth0 priority 2147483648;\n}\n}\n", "3:47",
     "priority 2147483648 is out of range"},
    {"table netdev t {\nchain c {\ntype filter hook ingress device eth0;\n}\n}\n", "3:37", "expected 'priority'"},
    {"table netdev t {\nchain c {\ntype filter hook ingress device \"eth*\" priority 0;\n}\n}\n", "3:33",
     "wildcards for devices are not supported yet"},
    {"table netdev t {\nchain c {\ntype filter hook ingress devices = { a, a } priority 0;\n}\n}\n", "3:41",
     "device 'a' is there twice"},
    {"table netdev t {\nchain c {\ntype filter hook ingress device eth0 priority 0;\npolicy drop; policy drop;\n}\n}\n",
     "4:14", "the policy is stated twice"},
    {"table netdev t {\nchain c {\ntype filter hook ingress device eth0 priority 0;\naccept }\n}\n", "4:8",
     "expected a newline or ';', found '}'"},
    {"table netdev t {\nchain c {\ntype filter hook ingress device eth0 priority 0;\n}\nchain d {\ntype filter hook "
     "ingress device eth0 priority 0;\n}\n}\n",
     "5:7", "device eth0 has two chains on hook ingress: c and d"},
    {"table netdev t {\nchain c {\ntype filter hook ingress device eth0 priority 0;\n}\nchain c {\ntype filter hook "
     "egress device eth0 priority 0;\n}\n}\n",
     "6:1", "chain 'c' already has another hook"},
    {"table netdev t {\nchain c {\ntype filter hook ingress device eth0 priority 0;\ntcp dport 1 oifname eth0\n}\n}\n",
     "4:1", "oifname is not known on the ingress hook"},
    {"table netdev t {\n}\nflush ruleset\n", "3:1", "'flush ruleset' behind a table"},
};

INSTANTIATE_TEST_SUITE_P(Files, EveryFile, testing::ValuesIn(files));

// No word is taken for its beginning.
TEST(Token, IsJunkWhenItIsLongerThanATokenCanBe) {
    const Token longest = make_token(TokenKind::Word, 3, Token::length_max);
    EXPECT_EQ(longest.kind, TokenKind::Word);
    EXPECT_EQ(longest.offset, 3);
    EXPECT_EQ(longest.length, Token::length_max);
    const Token longer = make_token(TokenKind::Word, text_size_max - 1, Token::length_max + 1);
    EXPECT_EQ(longer.kind, TokenKind::Junk);
    EXPECT_EQ(longer.offset, text_size_max - 1);
    EXPECT_EQ(longer.length, Token::length_max);
}

}  // namespace
}  // namespace xdpctl::lang
