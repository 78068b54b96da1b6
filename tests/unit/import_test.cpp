// SPDX-License-Identifier: BSD-2-Clause
// Rulesets of other tools: what they become, what is left out and why. Each result is parsed as a ruleset, too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "import/ipset.h"
#include "import/iptables.h"
#include "import/nft.h"
#include "import/output.h"
#include "import/words.h"
#include "lang/parse.h"

namespace xdpctl::importing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const Place place{.table = "xdpctl", .chain = "ingress", .devices = {"eth0"}};

Conversion convert(const std::string& rules, Family family = Family::Ipv4, const std::string& sets = {}) {
    auto conversion = convert_iptables("*raw\n:PREROUTING ACCEPT [0:0]\n" + rules + "COMMIT\n",
                                       {.family = family, .chain = {}, .sets = sets, .place = place});
    EXPECT_TRUE(conversion) << conversion.error().text();
    if (!conversion)
        return {};
    const auto valid = check(*conversion);
    EXPECT_TRUE(valid) << valid.error().text() << '\n' << conversion->ruleset;
    return *std::move(conversion);
}

// The rules of the converted base chain, without indentation.
std::vector<std::string> rules_of(const Conversion& conversion) {
    std::vector<std::string> out;
    bool in_base = false;
    for_each_line(conversion.ruleset, [&](std::size_t, std::string_view line) {
        if (line == "}")
            in_base = false;
        else if (in_base)
            out.emplace_back(line);
        else
            in_base = line.starts_with("type filter");
    });
    return out;
}

struct Case {
    std::string rule;  // behind -A PREROUTING
    std::string becomes;
};

class ImportRule : public testing::TestWithParam<Case> {};

TEST_P(ImportRule, Becomes) {
    const Conversion conversion = convert("-A PREROUTING " + GetParam().rule + "\n");
    ASSERT_EQ(conversion.converted, 1U) << conversion.left_out.front().reason.why;
    EXPECT_THAT(rules_of(conversion), ElementsAre(GetParam().becomes));
}

INSTANTIATE_TEST_SUITE_P(
    Rules, ImportRule,
    testing::Values(
        Case{"-j DROP", "meta protocol ip counter drop"},
        Case{"-s 192.0.2.0/24 -j DROP", "ip saddr 192.0.2.0/24 counter drop"},
        Case{"! -s 192.0.2.0/24 -d 198.51.100.7/32 -j ACCEPT",
             "ip saddr != 192.0.2.0/24 ip daddr 198.51.100.7/32 counter accept"},
        Case{"-s 192.0.2.0/255.255.255.0 -j DROP", "ip saddr 192.0.2.0/24 counter drop"},
        Case{"-s 192.0.0.1/255.0.0.255 -j DROP", "ip saddr & 255.0.0.255 == 192.0.0.1 counter drop"},
        Case{"-i eth+ -p udp -j DROP", "iifname \"eth*\" ip protocol udp counter drop"},
        Case{"! -i eth1 -j DROP", "meta protocol ip iifname != \"eth1\" counter drop"},
        Case{"-p tcp -m tcp --dport 22 -j DROP", "ip protocol tcp tcp dport 22 counter drop"},
        Case{"-p tcp -m tcp --sport 1024: ! --dport :80 -j DROP",
             "ip protocol tcp tcp sport 1024-65535 tcp dport != 0-80 counter drop"},
        Case{"-p udp -m multiport --dports 53,5000:5999 -j DROP",
             "ip protocol udp udp dport { 53, 5000-5999 } counter drop"},
        Case{"-p tcp -m multiport ! --dports 22,80 -j DROP", "ip protocol tcp tcp dport != { 22, 80 } counter drop"},
        Case{"-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP",
             "ip protocol tcp tcp flags & (fin | syn | rst | ack) == syn counter drop"},
        Case{"-p tcp -m tcp ! --syn -j DROP",
             "ip protocol tcp tcp flags & (fin | syn | rst | ack) != syn counter drop"},
        Case{"-p tcp -m tcp --tcp-flags ALL NONE -j DROP",
             "ip protocol tcp tcp flags & (fin | syn | rst | psh | ack | urg) == 0x0 counter drop"},
        Case{"-p icmp -m icmp --icmp-type 8 -j DROP", "ip protocol icmp icmp type 8 counter drop"},
        Case{"-p icmp -m icmp --icmp-type 3/4 -j DROP", "ip protocol icmp icmp type 3 icmp code 4 counter drop"},
        Case{"-p icmp -m icmp --icmp-type port-unreachable -j DROP",
             "ip protocol icmp icmp type 3 icmp code 3 counter drop"},
        Case{"-m iprange --src-range 192.0.2.1-192.0.2.9 -j DROP", "ip saddr 192.0.2.1-192.0.2.9 counter drop"},
        Case{"-m length --length 100:200 -j DROP", "ip length 100-200 counter drop"},
        Case{"-m ttl --ttl-lt 5 -j DROP", "ip ttl < 5 counter drop"},
        Case{"-m dscp --dscp 0x2e -j DROP", "ip dscp 0x2e counter drop"},
        Case{"-m mac --mac-source 00:00:5E:00:53:01 -j DROP",
             "meta protocol ip ether saddr 00:00:5E:00:53:01 counter drop"},
        Case{"-f -j DROP", "ip frag-off & 0x1fff != 0 counter drop"},
        Case{"-s 192.0.2.1/32 -m comment --comment \"a b\" -j DROP",
             "ip saddr 192.0.2.1/32 counter drop comment \"a b\""},
        Case{"-m limit -j ACCEPT", "meta protocol ip limit rate 3/hour burst 5 packets counter accept"},
        Case{"-s 192.0.2.1/32 -m limit --limit 10/min --limit-burst 7 -j ACCEPT",
             "ip saddr 192.0.2.1/32 limit rate 10/minute burst 7 packets counter accept"},
        Case{"-m limit --limit-burst 2 --limit 5/sec -p tcp -m tcp --dport 22 -j ACCEPT",
             "ip protocol tcp limit rate 5/second burst 2 packets tcp dport 22 counter accept"},
        Case{"-m limit --limit 5 -s 192.0.2.1/32 -m length --length 100 -j LOG",
             "ip saddr 192.0.2.1/32 limit rate 5/second burst 5 packets ip length 100 counter log"},
        Case{"-s 192.0.2.1/32", "ip saddr 192.0.2.1/32 counter"},
        Case{"-s 192.0.2.1/32 -j LOG --log-prefix \"seen: \" --log-level 6",
             "ip saddr 192.0.2.1/32 counter log prefix \"seen: \""},
        Case{"-s 192.0.2.1/32 -j RETURN", "ip saddr 192.0.2.1/32 counter return"}));

class ImportLeftOut : public testing::TestWithParam<Case> {};

TEST_P(ImportLeftOut, SaysWhy) {
    const std::string rule = "-A PREROUTING " + GetParam().rule;
    const Conversion conversion = convert("-A PREROUTING -s 192.0.2.1/32 -j ACCEPT\n" + rule + "\n");
    ASSERT_EQ(conversion.left_out.size(), 1U) << conversion.ruleset;
    EXPECT_EQ(conversion.left_out[0].line, 4U);
    EXPECT_EQ(conversion.left_out[0].text, rule);
    EXPECT_THAT(conversion.left_out[0].reason.why, HasSubstr(GetParam().becomes));
    EXPECT_EQ(conversion.converted, 1U);
    EXPECT_EQ(conversion.total, 2U);
    EXPECT_THAT(conversion.ruleset, HasSubstr("# line 4 is left out: -A PREROUTING"));
}

INSTANTIATE_TEST_SUITE_P(
    Rules, ImportLeftOut,
    testing::Values(Case{"-m conntrack --ctstate ESTABLISHED -j ACCEPT", "keeps no connections"},
                    Case{"-m state --state NEW -j ACCEPT", "keeps no connections"},
                    Case{"-m hashlimit --hashlimit-above 5/sec --hashlimit-name x -j DROP", "keeps no rates"},
                    Case{"-m limit --limit 5/year -j ACCEPT", "5/year is no rate"},
                    Case{"-m limit --limit /sec -j ACCEPT", "is no rate"},
                    Case{"-m limit --limit 0/sec -j ACCEPT", "cannot be 0"},
                    Case{"-m limit ! --limit 5/sec -j ACCEPT", "negated"},
                    Case{"-m limit --limit-burst 0 -j ACCEPT", "cannot be 0"},
                    Case{"-m limit --limit 1/s -m limit --limit 5/m -j ACCEPT", "a second limit"},
                    Case{"-m addrtype --dst-type LOCAL -j ACCEPT", "routing table"},
                    Case{"-o eth1 -j DROP", "no outgoing interface"},
                    Case{"-p tcp -m multiport --ports 22 -j DROP", "either port"},
                    Case{"-s 192.0.2.1 -j REJECT --reject-with icmp-port-unreachable", "does not answer"},
                    Case{"-j CT --notrack", "keeps no connections"}, Case{"-j NOWHERE", "there is no chain NOWHERE"},
                    Case{"--dport 22 -j DROP", "without a protocol"}, Case{"-p tcp --dport 70000 -j DROP", "70000"},
                    Case{"-p tcp --dport 9:2 -j DROP", "reversed"}, Case{"-s 192.0.2.300 -j DROP", "192.0.2.300"},
                    Case{"-m set --match-set bad src -j DROP", "the set bad is not known"},
                    Case{"-p tcp --tcp-flags SYN,FOO SYN -j DROP", "unknown TCP flags"},
                    Case{"! -p icmp -m frobnicate --x 5 -j DROP", "unknown"}, Case{"-s", "has no value"},
                    Case{"!", "nothing follows"}));

TEST(ImportIptables, KeepsChainsCountsAndThePolicy) {
    const auto conversion =
        convert_iptables(R"(# Generated by iptables-save
*filter
:INPUT DROP [1:40]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:f2b-sshd - [0:0]
:unused - [0:0]
[7:700] -A INPUT -p tcp -m tcp --dport 22 -j f2b-sshd
[0:0] -A INPUT -i lo -j ACCEPT
-A INPUT -s 203.0.113.0/24 -j RETURN
-A FORWARD -j DROP
[3:300] -A f2b-sshd -s 192.0.2.66/32 -j DROP
-A f2b-sshd -j RETURN
COMMIT
)",
                         {.family = Family::Ipv4, .chain = "filter:INPUT", .sets = {}, .place = place});
    ASSERT_TRUE(conversion) << conversion.error().text();
    EXPECT_EQ(conversion->ruleset, R"(table netdev xdpctl {
	chain f2b-sshd {
		ip saddr 192.0.2.66/32 counter packets 3 bytes 300 drop
		meta protocol ip counter return
	}
	chain ingress {
		type filter hook ingress device "eth0" priority filter; policy accept;
		ip protocol tcp tcp dport 22 counter packets 7 bytes 700 jump f2b-sshd
		meta protocol ip iifname "lo" counter packets 0 bytes 0 accept
		ip saddr 203.0.113.0/24 counter drop
		meta protocol ip counter drop comment "policy"
	}
}
)");
    EXPECT_EQ(conversion->total, 6U);
    EXPECT_EQ(conversion->converted, 5U);
    ASSERT_EQ(conversion->left_out.size(), 1U);
    EXPECT_THAT(conversion->left_out[0].reason.why, HasSubstr("filter:FORWARD"));
    EXPECT_EQ(conversion->left_out[0].reason.next, "--chain filter:FORWARD");
    EXPECT_TRUE(check(*conversion));
}

TEST(ImportIptables, ReadsCommands) {
    const auto conversion = convert_iptables(
        "iptables -t raw -N web\n"
        "iptables -t raw -A web -s 192.0.2.1 -j DROP\n"
        "iptables -w -t raw -A PREROUTING -p tcp --dport 80 -g web\n"
        "iptables -t raw -I PREROUTING -s 192.0.2.2 -j ACCEPT\n"
        "iptables -t raw -I PREROUTING 2 -s 192.0.2.3 -j ACCEPT\n",
        {.family = Family::Ipv4, .chain = {}, .sets = {}, .place = place});
    ASSERT_TRUE(conversion) << conversion.error().text();
    EXPECT_THAT(rules_of(*conversion),
                ElementsAre("ip saddr 192.0.2.2 counter accept", "ip saddr 192.0.2.3 counter accept",
                            "ip protocol tcp tcp dport 80 counter goto web"));
    EXPECT_TRUE(check(*conversion));
}

TEST(ImportIptables, DoesNotGuessTheChain) {
    const IptablesOptions options{.family = Family::Ipv4, .chain = {}, .sets = {}, .place = place};
    const auto input = convert_iptables("*filter\n:INPUT DROP [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n", options);
    ASSERT_FALSE(input);
    EXPECT_EQ(input.error().kind, ErrorKind::Input);
    EXPECT_THAT(input.error().next, HasSubstr("--chain filter:INPUT"));
    const auto two = convert_iptables("*raw\n-A PREROUTING -j ACCEPT\n*mangle\n-A PREROUTING -j ACCEPT\n", options);
    ASSERT_FALSE(two);
    EXPECT_THAT(two.error().next, HasSubstr("--chain raw:PREROUTING"));
    const auto missing =
        convert_iptables("*raw\n-A PREROUTING -j ACCEPT\n",
                         {.family = Family::Ipv4, .chain = "nat:PREROUTING", .sets = {}, .place = place});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::NotFound);
}

TEST(ImportIptables, RefusesWhatIsNoneOfIts) {
    for (const std::string text : {"", "table inet filter {\n}\n", "-A INPUT \"open\n", "iptables -F\n", ":INPUT\n",
                                   "iptables -I INPUT 99999999999999999999 -j DROP\n"}) {
        const auto conversion =
            convert_iptables(text, {.family = Family::Ipv4, .chain = {}, .sets = {}, .place = place});
        ASSERT_FALSE(conversion) << text;
        EXPECT_EQ(conversion.error().kind, ErrorKind::Input);
    }
}

TEST(ImportIptables, ConvertsIpv6) {
    const Conversion conversion = convert(
        "-A PREROUTING -s 2001:db8::/32 -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j DROP\n"
        "-A PREROUTING -p tcp -m tcp --dport 22 -j DROP\n"
        "-A PREROUTING -m length --length 100:200 -j DROP\n"
        "-A PREROUTING -m hl --hl-gt 9 -j DROP\n",
        Family::Ipv6);
    EXPECT_THAT(rules_of(conversion),
                ElementsAre("ip6 saddr 2001:db8::/32 meta l4proto ipv6-icmp icmpv6 type 128 counter drop",
                            "meta protocol ip6 meta l4proto tcp tcp dport 22 counter drop",
                            "ip6 length 60-160 counter drop", "ip6 hoplimit > 9 counter drop"));
}

const std::string saved_sets =
    "create bad hash:net family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x5\n"
    "add bad 192.0.2.0/24\n"
    "add bad 198.51.100.7\n"
    "create hosts hash:ip family inet6 hashsize 1024 maxelem 100 comment\n"
    "add hosts 2001:db8::1 comment \"a host\"\n"
    "create services hash:ip,port family inet hashsize 1024 maxelem 65536\n"
    "add services 192.0.2.1,tcp:80\n"
    "add services 192.0.2.1,udp:53\n";

TEST(ImportIptables, UsesSets) {
    const Conversion conversion = convert(
        "-A PREROUTING -m set --match-set bad src -j DROP\n"
        "-A PREROUTING -m set --match-set services dst,dst -j DROP\n"
        "-A PREROUTING -m set --match-set hosts src -j DROP\n"
        "-A PREROUTING -m set ! --match-set bad dst -j DROP\n"
        "-A PREROUTING -m set ! --match-set services dst,dst -j DROP\n",
        Family::Ipv4, saved_sets);
    EXPECT_THAT(rules_of(conversion),
                ElementsAre("ip saddr @bad counter drop", "ip daddr . meta l4proto . th dport @services counter drop",
                            HasSubstr("the set hosts is of the other family"), "ip daddr != @bad counter drop",
                            HasSubstr("negated, it matches packets without ports too")));
}

TEST(ImportIpset, BecomesSets) {
    const auto conversion = convert_ipset(saved_sets, place);
    ASSERT_TRUE(conversion) << conversion.error().text();
    EXPECT_EQ(conversion->converted, 8U);
    EXPECT_EQ(conversion->total, 8U);
    const auto ruleset = lang::parse_ruleset(conversion->ruleset, "converted");
    ASSERT_TRUE(ruleset) << ruleset.error().text();
    EXPECT_THAT(conversion->ruleset, HasSubstr("2001:db8::1 comment \"a host\""));
    EXPECT_THAT(conversion->ruleset, HasSubstr("type ipv4_addr . inet_proto . inet_service"));
}

TEST(ImportIpset, KeepsTimesAndCounts) {
    const auto conversion = convert_ipset(
        "create timed hash:ip family inet6 timeout 300 counters comment\n"
        "add timed 2001:db8::1 timeout 7 packets 3 bytes 180 comment \"a host\"\n"
        "add timed 2001:db8::2 timeout 900\n"
        "create some hash:ip,port timeout 0\n"
        "add some 192.0.2.1,udp:53 timeout 5\n"
        "add some 192.0.2.1,tcp:80 timeout 0\n",
        place);
    ASSERT_TRUE(conversion) << conversion.error().text();
    EXPECT_EQ(conversion->converted, 6U);
    EXPECT_THAT(conversion->ruleset, HasSubstr("2001:db8::1 counter packets 3 bytes 180 timeout 300s expires 7s,"));
    EXPECT_THAT(conversion->ruleset, HasSubstr("2001:db8::2 counter packets 0 bytes 0 timeout 900s }"));
    EXPECT_THAT(conversion->ruleset, HasSubstr("192.0.2.1 . udp . 53 timeout 5s,"));
    EXPECT_THAT(conversion->ruleset, HasSubstr("192.0.2.1 . tcp . 80 }"));
    EXPECT_THAT(conversion->ruleset, HasSubstr("flags timeout\n"));
    const auto ruleset = lang::parse_ruleset(conversion->ruleset, "converted");
    ASSERT_TRUE(ruleset) << ruleset.error().text();
    const ruleset::Set& timed = *ruleset->tables.front().find_set("timed");
    EXPECT_TRUE(timed.counts);
    EXPECT_EQ(timed.timeout, std::chrono::seconds(300));
    EXPECT_EQ(timed.elements->note(0)->expires, std::chrono::seconds(7));
}

TEST(ImportIpset, LeavesOutWholeSets) {
    const auto conversion = convert_ipset(
        "create a hash:net\nadd a 192.0.2.0/24\nadd a 192.0.2.1 nomatch\n"
        "add a 203.0.113.1\n"
        "create b list:set\nadd b a\n"
        "create c hash:mac\nadd c 00:00:5E:00:53:01\n"
        "create d hash:ip timeout 300\nadd d 192.0.2.1 timeout 0\n"
        "create e hash:ip timeout soon\n",
        place);
    ASSERT_TRUE(conversion) << conversion.error().text();
    EXPECT_EQ(conversion->converted, 2U);
    EXPECT_EQ(conversion->total, 11U);
    EXPECT_THAT(conversion->ruleset, Not(HasSubstr("set a ")));
    EXPECT_THAT(conversion->ruleset, HasSubstr("set c "));
    EXPECT_THAT(conversion->left_out[0].reason.why, HasSubstr("line 3"));
    EXPECT_FALSE(convert_ipset("add a 192.0.2.1\n", place));
    EXPECT_FALSE(convert_ipset("", place));
}

TEST(ImportNft, ConfinesRulesToTheirFamily) {
    const auto conversion = convert_nft(R"(define web = { 80, 443 }
table inet filter {
	set bad {
		type ipv4_addr
		flags interval
		elements = { 192.0.2.0/24,
			     198.51.100.7 }
	}
	counter named { }
	chain services {
		tcp dport $web counter packets 5 bytes 300 accept
		udp dport 53 return # handle 9
	}
	chain pre { # handle 2
		type filter hook prerouting priority raw; policy drop;
		ip saddr @bad drop
		ct state established accept
		meta l4proto { tcp, udp } jump services
		counter comment "all"
		ip6 saddr 2001:db8::/32 return
		iifname "lo" goto services
	}
	chain in {
		type filter hook input priority 0;
		accept
	}
}
)",
                                        {.chain = {}, .place = place});
    ASSERT_TRUE(conversion) << conversion.error().text();
    EXPECT_THAT(rules_of(*conversion), ElementsAre("ip saddr @bad drop", HasSubstr("# line 17 is left out: ct state"),
                                                   "meta protocol { ip, ip6 } meta l4proto { tcp, udp } jump services",
                                                   "meta protocol { ip, ip6 } counter comment \"all\"",
                                                   "ip6 saddr 2001:db8::/32 drop", HasSubstr("# line 21 is left out"),
                                                   "meta protocol { ip, ip6 } counter drop comment \"policy\""));
    EXPECT_EQ(conversion->left_out.size(), 4U);
    const auto valid = check(*conversion);
    EXPECT_TRUE(valid) << valid.error().text() << conversion->ruleset;
}

TEST(ImportNft, TakesTheDevicesOfANetdevChain) {
    const auto conversion = convert_nft(
        "table netdev t { chain c { type filter hook ingress devices = { eth0, \"eth1\" } priority 0; "
        "tcp dport 22 drop; } }",
        {.chain = {}, .place = {}});
    ASSERT_TRUE(conversion) << conversion.error().text();
    EXPECT_THAT(conversion->ruleset, HasSubstr("devices = { \"eth0\", \"eth1\" }"));
    EXPECT_TRUE(check(*conversion));
}

TEST(ImportNft, RefusesWhatIsNotClosed) {
    for (const std::string text :
         {"table ip t {", "table ip t { chain c { a \"b\n } }", "}", "table ip t { chain c { x { } }", ""}) {
        const auto conversion = convert_nft(text, {.chain = {}, .place = place});
        ASSERT_FALSE(conversion) << text;
        EXPECT_EQ(conversion.error().kind, ErrorKind::Input);
    }
}

TEST(ImportWords, AreQuotedAsInAShell) {
    EXPECT_THAT(*split_words(R"(a "b c" 'd "e' f\ g "h\"i")"), ElementsAre("a", "b c", "d \"e", "f g", "h\"i"));
    EXPECT_THAT(*split_words(R"(--comment "")"), ElementsAre("--comment", ""));
    EXPECT_FALSE(split_words("\"open"));
}

}  // namespace
}  // namespace xdpctl::importing
