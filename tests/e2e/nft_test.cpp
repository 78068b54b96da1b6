// SPDX-License-Identifier: BSD-2-Clause
// Side by side with the real nft: it reads what xdpctl prints, lists it with the same text, and describes it with the
// same JSON; what it refuses, xdpctl refuses.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "lang/parse.h"
#include "lang/print.h"
#include "support/command.h"
#include "support/netns.h"
#include "support/random_ruleset.h"

namespace xdpctl {
namespace {

using nlohmann::json;
using ruleset::Ruleset;

class Nft : public testing::Test {
protected:
    void SetUp() override {
        if (test::run_command({"nft", "--version"}).status != 0)
            GTEST_SKIP() << "nft is not installed";
        netns_.emplace();
        netns_->shell("ip link add eth0 type veth peer name eth1");
    }

    test::CommandResult nft(const std::vector<std::string>& arguments, const std::string& input = {}) {
        std::vector<std::string> argv{"nft"};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        return netns_->run([&] { return test::run_command(argv, input); });
    }

    // Puts the text in the place of what nft has.
    test::CommandResult load(const std::string& text) { return nft({"-f", "-"}, "flush ruleset\n" + text); }

    // The text is canonical: nft and xdpctl list it as it stands, and in JSON the same.
    void expect_listed_alike(const std::string& text);

    std::optional<test::Netns> netns_;
};

// Without what nft 1.0.6 does not list, and what is its own.
json comparable(json listing) {
    for (json& entry : listing["nftables"]) {
        if (entry.contains("metainfo"))
            entry["metainfo"] = {{"json_schema_version", entry["metainfo"]["json_schema_version"]}};
        for (json& object : entry) {
            for (const char* key : {"handle", "dev", "auto-merge"})
                object.erase(key);
            if (object.contains("flags"))
                std::erase(object["flags"].get_ref<json::array_t&>(), "dynamic");
            if (object.value("flags", json::array({0})).empty())
                object.erase("flags");
            object.erase("typeof");
            if (object.contains("type") && object["type"].is_object())
                object["type"] = "integer";
        }
        if (entry.contains("table"))
            entry["table"].erase("comment");
    }
    return listing;
}

std::string file_of(const std::string& rule) {
    return "table netdev t {\nchain c {\ntype filter hook ingress device \"eth0\" priority 0;\n" + rule + "\n}\n}\n";
}

void Nft::expect_listed_alike(const std::string& text) {
    const test::CommandResult loaded = load(text);
    ASSERT_EQ(loaded.status, 0) << loaded.err;
    const auto parsed = lang::parse_ruleset(text, "test");
    ASSERT_TRUE(parsed) << parsed.error().text();
    EXPECT_EQ(nft({"list", "ruleset"}).out, text);
    EXPECT_EQ(lang::print_ruleset(*parsed), text);
    const json listed = comparable(json::parse(nft({"-j", "list", "ruleset"}).out));
    EXPECT_EQ(listed, comparable(lang::ruleset_json(*parsed)));
}

class NftRandom : public Nft, public testing::WithParamInterface<std::uint64_t> {};

TEST_P(NftRandom, ReadsAndListsWhatIsPrinted) {
    if (!netns_)
        return;
    for (const ruleset::Hook hook : {ruleset::Hook::Ingress, ruleset::Hook::Egress}) {
        test::RandomRuleset random(GetParam(),
                                   {.rules = 150, .hook = hook, .devices = {"eth0", "eth1"}, .for_nft_listing = true});
        const Ruleset ruleset = random.ruleset();
        const std::string text = lang::print_ruleset(ruleset);
        const test::CommandResult loaded = load(text);
        ASSERT_EQ(loaded.status, 0) << loaded.err << text;
        EXPECT_EQ(nft({"list", "ruleset"}).out, text);
        const json listed = comparable(json::parse(nft({"-j", "list", "ruleset"}).out));
        const json described = comparable(lang::ruleset_json(ruleset));
        ASSERT_EQ(listed["nftables"].size(), described["nftables"].size());
        for (std::size_t i = 0; i < listed["nftables"].size(); ++i)
            EXPECT_EQ(listed["nftables"][i], described["nftables"][i]);
    }
}

// nft takes xdpctl's JSON for the ruleset that its text says, and xdpctl takes nft's.
TEST_P(NftRandom, ReadsAndPrintsTheSameJson) {
    if (!netns_)
        return;
    for (const ruleset::Hook hook : {ruleset::Hook::Ingress, ruleset::Hook::Egress}) {
        test::RandomRuleset random(GetParam(), {.rules = 150, .hook = hook, .for_nft_listing = true});
        const Ruleset ruleset = random.ruleset();
        const std::string document = lang::ruleset_json(ruleset).dump();
        nft({"flush", "ruleset"});
        const test::CommandResult loaded = nft({"-j", "-f", "-"}, document);
        ASSERT_EQ(loaded.status, 0) << loaded.err << document;
        EXPECT_EQ(nft({"list", "ruleset"}).out, lang::print_ruleset(ruleset));
        // It leaves out the devices.
        const auto read = lang::parse_file(nft({"-j", "list", "ruleset"}).out, "nft", {}, {"eth0"});
        ASSERT_TRUE(read) << read.error().text();
        EXPECT_EQ(read->ruleset, ruleset);
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, NftRandom, testing::Range(std::uint64_t{0}, std::uint64_t{8}));

TEST_F(Nft, PrintsWhatXdpctlReads) {
    const std::string text = R"(table netdev t {
	comment "a table"
	chain c {
		comment "a chain"
		type filter hook ingress devices = { eth0, eth1 } priority filter - 3; policy drop;
		tcp flags { syn, fin | ack } counter packets 5 bytes 6 accept comment "a rule"
		tcp flags & (fin | syn | rst) == { fin, syn | rst }
	}

	chain d {
		type filter hook egress device "eth0" priority 77; policy accept;
	}
}
)";
    const test::CommandResult loaded = load(text);
    ASSERT_EQ(loaded.status, 0) << loaded.err;
    for (const std::vector<std::string>& list :
         {std::vector<std::string>{"list", "ruleset"}, {"-a", "list", "ruleset"}}) {
        const auto parsed = lang::parse_ruleset(nft(list).out, "nft");
        ASSERT_TRUE(parsed) << parsed.error().text();
        EXPECT_EQ(lang::print_ruleset(*parsed), text);
    }
}

TEST_F(Nft, ListsSetsAlike) {
    const std::string text = R"(table netdev t {
	comment "a table"
	set blocked {
		type ipv4_addr
		flags interval
		elements = { 10.0.0.0/8, 11.0.0.1,
			     192.0.2.0/24, 198.51.100.1-198.51.100.9,
			     203.0.113.7 comment "known" }
	}

	set ports {
		type inet_service
		size 100
		flags dynamic
		comment "seen ports"
		elements = { 1, 2, 3, 4, 5,
			     6, 22, 80 comment "web", 443 }
	}

	set fixed {
		type inet_proto
		flags constant
		elements = { icmp, tcp, udp }
	}

	set nets {
		type ipv6_addr
		flags interval
		auto-merge
		elements = { ::1,
			     2001:db8::/32 }
	}

	set wires {
		type ifname
		elements = { "lo" }
	}

	set tags {
		typeof vlan id
		elements = { 1, 5 }
	}

	set stations {
		type ether_addr
		counter
		elements = { 00:00:5e:00:53:01 counter packets 5 bytes 6,
			     00:00:5e:00:53:02 counter packets 0 bytes 0 }
	}

	set types {
		type icmpv6_type
	}

	chain c {
		type filter hook ingress device "eth0" priority filter; policy accept;
		ip saddr @blocked drop
		tcp dport != @ports counter packets 0 bytes 0
		ip6 daddr @nets udp dport @ports accept
		iifname @wires drop
		ether saddr != @stations vlan id @tags ip protocol @fixed drop
		icmpv6 type @types drop
	}
}
)";
    expect_listed_alike(text);
}

TEST_F(Nft, ListsChainsAndMapsAlike) {
    const std::string text = R"(table netdev t {
	set pairs {
		typeof ip saddr . tcp dport
		flags interval
		elements = { 192.0.2.1 . 22,
			     198.51.100.0/24 . 80-90 }
	}

	map services {
		type inet_service : verdict
		elements = { 5 : continue, 6 : return, 22 : accept, 25 : drop, 80 : jump web,
			     443 : goto web }
	}

	map both {
		type ipv4_addr . inet_service : verdict
		flags interval
		elements = { 192.0.2.1 . 22 : accept,
			     198.51.100.0/24 . 80-90 comment "web" : jump web }
	}

	chain web {
		ip saddr 192.0.2.1 return
		counter packets 0 bytes 0 accept
	}

	chain empty {
	}

	chain c {
		type filter hook ingress device "eth0" priority filter; policy accept;
		ip saddr . tcp dport @pairs drop
		ip saddr . udp dport != { 192.0.2.1 . 53, 198.51.100.0/24 . 80-90 } counter packets 0 bytes 0
		continue
		tcp dport vmap @services
		ip saddr . tcp dport vmap @both
		udp dport vmap { 53 : accept, 80-90 : jump web, 443 : goto empty }
		tcp dport 22 jump web
		counter packets 0 bytes 0 goto empty
	}
}
)";
    expect_listed_alike(text);
}

// One rule in many spellings: nft and xdpctl understand the same.
TEST_F(Nft, UnderstandsTheSame) {
    for (const std::string rule : {"tcp dport { 22 }",
                                   "tcp dport 022",
                                   "tcp dport 0x16",
                                   "tcp dport { 80-90, 85-95, 96, 100 }",
                                   "tcp dport {80,81,82}",
                                   "tcp dport ssh - http",
                                   "tcp dport ne 22",
                                   "tcp dport gt { 22 }",
                                   "ip saddr 192.0.2.77/24",
                                   "ip saddr { 192.0.2.0/25, 192.0.2.128/25, 203.0.113.1 }",
                                   "ip saddr { 192.0.2.1, 192.0.2.2, 198.51.100.0/24 }",
                                   "ip6 saddr { 2001:db8::/112, 2001:db8:1::/48 }",
                                   "ip6 saddr ::192.0.2.1",
                                   "ip6 saddr 2001:db8:0:0:1:0:0:1",
                                   "ether type vlan",
                                   "ether type { 0x1234, arp, ip }",
                                   "ether saddr 0:0:5e:0:53:1",
                                   "ip protocol icmpv6",
                                   "ip protocol { 6-17, 1 }",
                                   "ip protocol comp",
                                   "meta l4proto { 6, 17, 58, 200 }",
                                   "icmp code 3",
                                   "icmpv6 type { 1, 132 }",
                                   "vlan id { 7-9, 5 }",
                                   "meta length { 33-55, 56-88, 100 }",
                                   "iifname { eth1, eth0 }",
                                   "iifname eth*",
                                   "tcp flags 0x12",
                                   "tcp flags { syn }",
                                   "tcp flags 0xff",
                                   "tcp flags 0",
                                   "tcp flags ! syn,ack",
                                   "tcp flags & (syn | ack) == 0",
                                   "tcp flags & (syn|ack) != 0",
                                   "tcp flags & 0xff == syn",
                                   "tcp flags == syn,ack",
                                   "tcp flags & syn != syn",
                                   "tcp flags & (syn | ack) > syn",
                                   "tcp flags != syn,ack / fin,syn,ack",
                                   "tcp flags 1-5",
                                   "tcp flags <= 0x12",
                                   "counter packets 5",
                                   "counter bytes 6 packets 7 drop comment word",
                                   "ip6 saddr 2001:db8::1 icmp type 8",
                                   "tcp dport 22 ip protocol udp"}) {
        const auto parsed = lang::parse_ruleset(file_of(rule), "test");
        ASSERT_TRUE(parsed) << parsed.error().text();
        const test::CommandResult loaded = load(file_of(rule));
        ASSERT_EQ(loaded.status, 0) << rule << ": " << loaded.err;
        EXPECT_EQ(lang::print_ruleset(*parsed), nft({"list", "ruleset"}).out) << rule;
    }
}

// Variables: values in nft's listing are those that xdpctl puts in their place.
TEST_F(Nft, UnderstandsVariables) {
    for (const auto& [definitions, rule] : std::vector<std::pair<std::string, std::string>>{
             {"define x = 22", "tcp dport $x"},
             {"define x = 22", "tcp dport != $x"},
             {"define x = 22", "tcp dport > $x"},
             {"define x = 22", "tcp dport { $x, 80, $x }"},
             {"define x = 22-25", "tcp dport { $x, 80 }"},
             {"define x = 22-25", "tcp dport $x"},
             {"define x = 22", "tcp dport $x - 25"},
             {"define x = { 22 }", "tcp dport { $x }"},
             {"define x = {\n22,\n80\n}", "tcp dport != $x"},
             {"define x = 22\ndefine y = { $x, 5 }\nredefine x = 23", "tcp dport { $y, $x }"},
             {"define x = 22\nundefine x\ndefine x = 23", "tcp dport $x"},
             {"define x = 22", "redefine x = 23\ntcp dport $x"},
             {"redefine x = 5", "define y = { $x, 6 }\ntcp dport $y"},
             {"define x = 192.0.2.0/24", "ip saddr { $x, 198.51.100.1 }"},
             {"define x = 2001:db8::1", "ip6 saddr $x"},
             {"define x = 00:00:5e:00:53:01", "ether saddr { $x }"},
             {"define x = tcp", "ip protocol $x"},
             {"define x = \"eth*\"", "iifname $x"},
             {"define x = syn, ack", "tcp flags $x"},
             {"define x = syn | ack", "tcp flags $x"},
             {"define x = (syn | ack)", "tcp flags & $x == syn"},
             {"define x = syn\ndefine y = ack", "tcp flags & ($x | $y) == $x"},
         }) {
        const std::string text = definitions + "\n" + file_of(rule);
        const auto parsed = lang::parse_ruleset(text, "test");
        ASSERT_TRUE(parsed) << parsed.error().text();
        const test::CommandResult loaded = load(text);
        ASSERT_EQ(loaded.status, 0) << text << loaded.err;
        EXPECT_EQ(lang::print_ruleset(*parsed), nft({"list", "ruleset"}).out) << text;
    }
}

TEST_F(Nft, RefusesVariablesThatXdpctlRefuses) {
    for (const auto& [definitions, rule] : std::vector<std::pair<std::string, std::string>>{
             {"", "tcp dport $x"},
             {"define x = 22, 80", "tcp dport $x"},
             {"define x = drop", "accept"},
             {"define x = == 22", "accept"},
             {"define x = 22 80", "accept"},
             {"define x = $y", "accept"},
             {"define tcp = 22", "accept"},
             {"define x 22", "accept"},
             {"define x = 22\ndefine x = 23", "accept"},
             {"define x = 22", "define x = 23\naccept"},
             {"define x = 22\nundefine x", "tcp dport $x"},
             {"define x = 70000", "tcp dport $x"},
             {"define x = { }", "tcp dport $x"},
             {"define x = { 22", "accept"},
         }) {
        const std::string text = definitions + "\n" + file_of(rule);
        EXPECT_FALSE(lang::parse_ruleset(text, "test")) << text;
        EXPECT_NE(load(text).status, 0) << text;
    }
}

TEST_F(Nft, RefusesWhatXdpctlRefuses) {
    for (const std::string rule : {"tcp dport 65536",
                                   "tcp dport 90-80",
                                   "tcp dport { }",
                                   "tcp dport nosuchservice",
                                   "tcp dport 22,23",
                                   "tcp dport = 22",
                                   "tcp dport ! 22",
                                   "tcp dport > 22-25",
                                   "tcp dport -1",
                                   "tcp dport",
                                   "tcp dprt 22",
                                   "vlan id 4096",
                                   "vlan id { 1, 4096 }",
                                   "ether type 0x10000",
                                   "ip saddr 192.0.2.0/33",
                                   "ip saddr 2001:db8::1",
                                   "ip6 saddr 192.0.2.1",
                                   "ip6 saddr 2001:db8::/129",
                                   "ip saddr 192.0.2.256",
                                   "ip saddr < 192.0.2.0/24",
                                   "ip saddr 192.0.2.9-192.0.2.5",
                                   "ether saddr 00:00:5e:00:53",
                                   "ip protocol 256",
                                   "meta length 4294967296",
                                   "icmp type 256",
                                   "icmp type nosuchtype",
                                   "tcp flags nosuchflag",
                                   "tcp flags 0x100",
                                   "tcp flags & (fin | syn) ! syn",
                                   "tcp flags ! syn / syn,ack",
                                   "tcp flags syn/syn,ack",
                                   "iifname \"\"",
                                   "iifname \"*\"",
                                   "iifname \"0123456789abcdefg\"",
                                   "tcp dport 1 udp dport 2",
                                   "ip saddr 192.0.2.1 ip6 saddr 2001:db8::1",
                                   "ip protocol udp tcp dport 22",
                                   "meta l4proto udp tcp dport 22",
                                   "ip protocol { tcp, udp } tcp dport 22",
                                   "ether type ip6 ip saddr 192.0.2.1",
                                   "ether type arp tcp dport 22",
                                   "ether type ip vlan id 5",
                                   "ip saddr 192.0.2.1 vlan id 6",
                                   "ip6 nexthdr tcp ip saddr 192.0.2.1",
                                   "icmp type 8 icmpv6 type 128",
                                   "icmp type 8 ip6 saddr 2001:db8::1",
                                   "icmpv6 type 128 ip saddr 192.0.2.1",
                                   "tcp dport 22 icmp type 8",
                                   "accept counter",
                                   "accept comment \"x\" counter",
                                   "accept comment",
                                   "counter packets 18446744073709551616",
                                   "length 5",
                                   "l4proto tcp",
                                   "tcp dport\n22",
                                   "accept }"}) {
        EXPECT_FALSE(lang::parse_ruleset(file_of(rule), "test")) << rule;
        EXPECT_NE(load(file_of(rule)).status, 0) << rule;
    }
}

TEST_F(Nft, RefusesFilesThatXdpctlRefuses) {
    const std::string hook = "type filter hook ingress device eth0 priority 0;";
    for (const std::string& text :
         {std::string("table netdev 5t {\n}\n"), std::string("table netdev \"t\" {\n}\n"),
          std::string("table netdev counter {\n}\n"), std::string("table netdev t\n{\n}\n"),
          std::string("table netdev t {\n"),
          "table netdev t {\nchain c {\n" + hook + " policy drop; policy drop;\n}\n}\n",
          "table netdev t {\nchain c { " + hook + " accept }\n}\n",
          std::string("table netdev t {\nchain c {\ntype filter hook ingress device eth0 priority filter-5;\n}\n}\n"),
          std::string("table netdev t {\nchain c {\ntype filter hook ingress device eth0;\n}\n}\n"),
          std::string("table netdev t {\nchain c {\ntype filter hook input priority 0;\n}\n}\n"),
          std::string("table netdev t {\nchain c {\ntype filter hook ingress devices = { } priority 0;\n}\n}\n"),
          "table netdev t {\nchain c {\n" + hook + "\naccept comment \"" + std::string(129, 'a') + "\"\n}\n}\n",
          "table netdev t { chain c { " + hook + " accept; }; } table netdev u { }\n"}) {
        EXPECT_FALSE(lang::parse_ruleset(text, "test")) << text;
        EXPECT_NE(load(text).status, 0) << text;
    }
}

// Every name that xdpctl keeps from being a chain's is one that nft does not take, and the other way round.
TEST_F(Nft, ReservesTheSameWords) {
    for (const std::string word :
         {"table", "chain", "tcp",  "ip",     "ether", "accept",  "drop", "counter", "limit",  "log",
          "eq",    "index", "rate", "over",   "bytes", "packets", "hook", "ingress", "egress", "filter",
          "saddr", "dport", "ssh",  "xdpctl", "main",  "flags",   "syn",  "day",     "last",   "priority"}) {
        const std::string text = fmt::format(
            "table netdev t {{\nchain {} {{\ntype filter hook egress device eth0 priority "
            "0;\n}}\n}}\n",
            word);
        EXPECT_EQ(lang::parse_ruleset(text, "test").has_value(), load(text).status == 0) << word;
    }
}

}  // namespace
}  // namespace xdpctl
