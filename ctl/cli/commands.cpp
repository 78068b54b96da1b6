// SPDX-License-Identifier: BSD-2-Clause
#include <array>

#include "cli/command.h"
#include "cli/found.h"

namespace xdpctl::cli {

// Each in the file of its noun. Declared here, so that a new command is no reason to compile all others again.
Action declare_confirm(CLI::App& parser);
Action declare_doctor(CLI::App& parser);
Action declare_exporter(CLI::App& parser);
Action declare_histogram(CLI::App& parser);
Action declare_restore(CLI::App& parser);
Action declare_save(CLI::App& parser);
Action declare_list_chain(CLI::App& parser);
Action declare_list_chains(CLI::App& parser);
Action declare_list_map(CLI::App& parser);
Action declare_list_maps(CLI::App& parser);
Action declare_list_set(CLI::App& parser);
Action declare_list_sets(CLI::App& parser);
Action declare_list_tables(CLI::App& parser);
Action declare_top(CLI::App& parser);

namespace {

constexpr std::array table{
    Command{"attach", "", "Attach the filter to interfaces",
            "  xdpctl attach eth0\n"
            "  xdpctl attach eth0 eth1 --mode native\n"
            "  xdpctl attach eth0 --hook egress\n",
            declare_attach},
    Command{"detach", "", "Take the filter off interfaces; rules stay",
            "  xdpctl detach eth0\n"
            "  xdpctl detach eth0 --hook egress\n"
            "  xdpctl detach --all\n",
            declare_detach},
    Command{"status", "", "Show what is attached where, and the chains", "  xdpctl status\n  xdpctl status --json\n",
            declare_status},
    Command{"rule", "add", "Add a rule behind the others of its chain",
            "  xdpctl rule add tcp dport 22 ip saddr 192.0.2.0/24 counter accept\n"
            "  xdpctl rule add --hook egress udp dport 53 counter drop\n"
            "  xdpctl rule add xdpctl ingress position 4 icmp type echo-request counter drop\n"
            "  xdpctl rule add 'tcp dport { 80, 443 } counter accept comment \"web\"'\n",
            declare_rule_add},
    Command{"rule", "insert", "Insert a rule in front of the others of its chain",
            "  xdpctl rule insert ip saddr 203.0.113.7 counter drop\n"
            "  xdpctl rule insert position 4 tcp dport 25 drop\n",
            declare_rule_insert},
    Command{"rule", "replace", "Replace a rule, keeping its place",
            "  xdpctl rule replace handle 4 tcp dport 2222 counter accept\n"
            "  xdpctl rule replace xdpctl ingress handle 4 tcp dport 2222 counter accept\n",
            declare_rule_replace},
    Command{"rule", "delete", "Delete a rule",
            "  xdpctl rule delete handle 4\n"
            "  xdpctl rule delete xdpctl ingress handle 4\n",
            declare_rule_delete},
    Command{"rule", "list", "List chains with their rules and counters",
            "  xdpctl rule list -a\n"
            "  xdpctl rule list xdpctl ingress\n",
            declare_rule_list},
    Command{"chain", "policy", "Set what happens to packets that no rule decides",
            "  xdpctl chain policy drop\n"
            "  xdpctl chain policy xdpctl egress accept\n",
            declare_chain_policy},
    Command{"chain", "add", "Add a regular chain, to jump to",
            "  xdpctl chain add web\n"
            "  xdpctl chain add xdpctl web\n",
            declare_chain_add},
    Command{"chain", "delete", "Delete a chain with its rules",
            "  xdpctl chain delete web\n"
            "  xdpctl chain delete xdpctl web\n",
            declare_chain_delete},
    Command{"chain", "rename", "Rename a chain; jumps follow",
            "  xdpctl chain rename web www\n"
            "  xdpctl chain rename xdpctl web www\n",
            declare_chain_rename},
    Command{"set", "add", "Add elements to a named set while it runs",
            "  xdpctl set add blocked 192.0.2.1\n"
            "  xdpctl set add xdpctl blocked 198.51.100.0/24, 203.0.113.7\n"
            "  xdpctl set add banned '192.0.2.9 timeout 1h'\n",
            declare_set_add},
    Command{"set", "delete", "Delete elements of a named set while it runs", "  xdpctl set delete blocked 192.0.2.1\n",
            declare_set_delete},
    Command{"set", "test", "Tell whether a named set holds an element", "  xdpctl set test blocked 192.0.2.1\n",
            declare_set_test},
    Command{"set", "list", "Print a named set with its elements",
            "  xdpctl set list blocked\n  xdpctl set list xdpctl blocked --json\n", declare_set_list},
    Command{"set", "flush", "Delete all elements of a named set", "  xdpctl set flush blocked\n", declare_set_flush},
    Command{"set", "load", "Replace the elements of a named set by those of a list",
            "  xdpctl set load blocked -f firehol_level1.netset\n"
            "  ipset save bad | xdpctl set load blocked -f -\n",
            declare_set_load},
    Command{"set", "swap", "Exchange the elements of two named sets", "  xdpctl set swap blocked blocked_new\n",
            declare_set_swap},
    Command{"apply", "", "Make a file the running ruleset",
            "  xdpctl apply -f /etc/xdpctl.nft\n"
            "  xdpctl apply -f - --dry-run < new.nft\n"
            "  xdpctl apply -f new.nft --confirm 30s\n"
            "  nft -j list ruleset | xdpctl apply - --device eth0\n",
            declare_apply},
    Command{"confirm", "", "Keep what 'apply --confirm' has made, or take it back",
            "  xdpctl confirm\n"
            "  xdpctl confirm --revert\n",
            declare_confirm},
    Command{"save", "", "Save the running ruleset, and how its interfaces are attached, to a file",
            "  xdpctl save\n"
            "  xdpctl save --counters /root/filter.nft\n"
            "  xdpctl save - | ssh spare xdpctl restore -\n",
            declare_save},
    Command{"restore", "", "Make what was saved the running ruleset",
            "  xdpctl restore\n"
            "  xdpctl restore /root/filter.nft\n",
            declare_restore},
    Command{"check", "", "Check a ruleset file; needs no privilege",
            "  xdpctl check -f /etc/xdpctl.nft\n"
            "  nft list ruleset | xdpctl check -f -\n"
            "  nft -j list ruleset | xdpctl check - --device eth0\n",
            declare_check},
    Command{"import", "iptables", "Convert the rules of iptables-save",
            "  xdpctl import iptables rules.v4 --sets ipset.save --device eth0 --device eth1\n"
            "  iptables-save -c | xdpctl import iptables - --chain filter:INPUT --check\n"
            "  iptables-save | xdpctl import iptables - --device eth0 > new.nft\n",
            declare_import_iptables},
    Command{"import", "ip6tables", "Convert the rules of ip6tables-save",
            "  xdpctl import ip6tables rules.v6 --device eth0 > new.nft\n", declare_import_ip6tables},
    Command{"import", "nft", "Convert a chain of nft's other families",
            "  xdpctl import nft /etc/nftables.conf --check\n"
            "  nft list ruleset | xdpctl import nft - --chain filter:input --device eth0\n",
            declare_import_nft},
    Command{"import", "ipset", "Convert the sets of 'ipset save'", "  xdpctl import ipset ipset.save > sets.nft\n",
            declare_import_ipset},
    Command{"list", "ruleset", "Print the running ruleset in nft's syntax",
            "  xdpctl list ruleset\n"
            "  xdpctl list ruleset -a\n"
            "  xdpctl list ruleset -s > saved.nft\n"
            "  xdpctl list ruleset --cost\n",
            declare_list_ruleset},
    Command{"list", "tables", "Print the names of the tables", "  xdpctl list tables\n", declare_list_tables},
    Command{"list", "chains", "Print all chains without their rules",
            "  xdpctl list chains\n"
            "  xdpctl list chains --json\n",
            declare_list_chains},
    Command{"list", "chain", "Print a chain with its rules",
            "  xdpctl list chain ingress\n"
            "  xdpctl list chain xdpctl web -a\n",
            declare_list_chain},
    Command{"list", "sets", "Print all named sets with their elements", "  xdpctl list sets\n", declare_list_sets},
    Command{"list", "set", "Print a named set with its elements",
            "  xdpctl list set blocked\n"
            "  xdpctl list set xdpctl blocked --json\n",
            declare_list_set},
    Command{"list", "maps", "Print all named verdict maps with their elements", "  xdpctl list maps\n",
            declare_list_maps},
    Command{"list", "map", "Print a named verdict map with its elements",
            "  xdpctl list map services\n"
            "  xdpctl list map xdpctl services --json\n",
            declare_list_map},
    Command{"flush", "ruleset", "Remove all tables, chains and rules, and detach everything",
            "  xdpctl flush ruleset\n", declare_flush_ruleset},
    Command{"flush", "chain", "Remove all rules of a chain",
            "  xdpctl flush chain\n"
            "  xdpctl flush chain xdpctl egress\n",
            declare_flush_chain},
    Command{"stats", "", "Show what was accepted and dropped, why, and by which rule",
            "  xdpctl stats\n"
            "  xdpctl stats eth0 --watch\n"
            "  xdpctl stats --watch 5 --json\n"
            "  xdpctl stats --reset\n",
            declare_stats},
    Command{"monitor", "", "Show packets that are logged or dropped, and changes, as they happen",
            "  xdpctl monitor\n"
            "  xdpctl monitor --drop --iface eth0 net 192.0.2.0/24 and tcp port 22\n"
            "  xdpctl monitor --rule 5 --rate 0 --count 10\n"
            "  xdpctl monitor --log --json\n",
            declare_monitor},
    Command{"histogram", "", "Show how long packets are, and what time they take",
            "  xdpctl histogram --timeout 10\n"
            "  xdpctl histogram eth0 --hook ingress --times\n"
            "  xdpctl histogram --timeout 60 --json\n",
            declare_histogram},
    Command{"capture", "", "Capture packets with the verdicts they got, as pcapng",
            "  xdpctl capture -w drops.pcapng --drop\n"
            "  xdpctl capture -w - --rule 5 -c 100 | tshark -r -\n"
            "  xdpctl capture -w ssh.pcapng -s 128 --timeout 60 tcp port 22\n",
            declare_capture},
    Command{"test-run", "", "Run the packets of a capture through the rules, without attaching anything",
            "  xdpctl test-run --pcap in.pcap\n"
            "  xdpctl test-run --ruleset new.nft --pcap in.pcap --out accepted.pcap\n"
            "  xdpctl test-run --iface eth0 --hook egress --pcap in.pcap --json\n",
            declare_test_run},
    Command{"explain", "", "Tell why packets get their verdicts, rule by rule",
            "  xdpctl explain tcp 192.0.2.1:1234 to 198.51.100.7:22 flags syn\n"
            "  xdpctl explain --ruleset new.nft 'udp [2001:db8::1]:53 > [2001:db8::2]:4000 vlan 5'\n"
            "  xdpctl explain --pcap in.pcap -n 17 --json\n"
            "  xdpctl explain --iface eth0 --live 'tcp port 443' --timeout 30\n",
            declare_explain},
    Command{"top", "", "Watch rates by verdict, interface and rule",
            "  xdpctl top\n"
            "  xdpctl top eth0 --interval 5\n"
            "  xdpctl top --talkers --sample 100\n"
            "  xdpctl top --count 1 --interval 10 --sort bytes > now.txt\n",
            declare_top},
    Command{"doctor", "", "Look for what keeps the filter from working, or from working fast",
            "  xdpctl doctor\n"
            "  xdpctl doctor eth0 --problems\n"
            "  xdpctl doctor --json\n",
            declare_doctor},
    Command{"exporter", "", "Serve the counters to Prometheus",
            "  xdpctl exporter\n"
            "  xdpctl exporter --listen '[::1]:9780' --max-rules 200\n"
            "  xdpctl exporter --sizes\n"
            "  xdpctl exporter --once > /var/lib/prometheus/node-exporter/xdpctl.prom\n",
            declare_exporter},
    Command{"test", "", "Test what a ruleset does with packets, without attaching anything",
            "  xdpctl test edge.test\n"
            "  xdpctl test --tap tests/*.test\n"
            "  xdpctl test --junit results.xml tests/*.test\n",
            declare_test},
    Command{"plan", "", "Show what applying a file would change, for rules and for traffic",
            "  xdpctl plan new.nft\n"
            "  xdpctl plan new.nft --pcap in.pcap\n"
            "  xdpctl plan new.nft --sample 10s --json\n",
            declare_plan},
    Command{"lint", "", "Find rules that never decide anything, and better orders",
            "  xdpctl lint /etc/xdpctl.nft\n"
            "  xdpctl lint --cost /etc/xdpctl.nft\n"
            "  nft list ruleset | xdpctl lint -\n",
            declare_lint},
    Command{"version", "", "Print the version", "  xdpctl version\n", declare_version},
};

}  // namespace

std::span<const Command> commands() {
    return table;
}

}  // namespace xdpctl::cli
