# SPDX-License-Identifier: BSD-2-Clause
"""The filters, each with N rules that drop one source address, all counted.

Frames come from the addresses of SOURCES. In a list of rules only the last one drops them, all of them; in a set each
element drops one address.
"""

import json
import re

SOURCES = "198.18.0.0/16"
SOURCES_MAX = 65535
ADDED = "203.0.113.1"


def source(number):
    return f"198.18.{number >> 8}.{number & 255}"


def elsewhere(number):
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def rule_addresses(size):
    return [elsewhere(i) for i in range(size - 1)] + [SOURCES]


def set_addresses(size):
    sent = min(size, SOURCES_MAX)
    return [source(i + 1) for i in range(sent)] + [elsewhere(i) for i in range(size - sent)]


class Filter:
    """A filter on `device` in `namespace`. Whoever makes one calls clear() before each apply()."""

    name = ""
    is_set = False
    # With more rules or elements than this single ones are not added and deleted: it takes the peer too long.
    edits_max = 10_000_000

    def __init__(self, namespace, device):
        self.namespace = namespace
        self.device = device

    def sources(self, size):
        return min(size, SOURCES_MAX) if self.is_set else SOURCES_MAX

    def clear(self):
        """Leaves no rule."""

    def apply(self, size):
        """Seconds."""
        raise NotImplementedError

    def add(self):
        """Seconds."""
        raise NotImplementedError

    def delete(self):
        """Seconds."""
        raise NotImplementedError

    def dropped(self):
        """Packets dropped by the rules since they were applied, by the filter's own count."""
        raise NotImplementedError


class BareDrop(Filter):
    name = "empty XDP_DROP program"
    edits_max = 0

    def __init__(self, namespace, device, live, end):
        super().__init__(namespace, device)
        namespace.run(live, "bare-drop", end)

    def dropped(self):
        counters = self.namespace.run("ethtool", "-S", self.device)
        return sum(int(count) for count in re.findall(r"rx_queue_\d+_xdp_drops: (\d+)", counters))


class Xdpctl(Filter):
    mode = ""

    def __init__(self, namespace, device, command):
        super().__init__(namespace, device)
        self._command = command
        self._handle = None
        namespace.run(command, "attach", device, "--mode", self.mode)

    def clear(self):
        self.namespace.run(self._command, "flush", "chain")

    def rules(self, size):
        return [f"ip saddr {address} counter drop" for address in rule_addresses(size)]

    def sets(self, size):
        return ""

    def text(self, size):
        return self.table(self.sets(size), self.rules(size))

    def table(self, sets, rules):
        chain = f'type filter hook ingress device "{self.device}" priority filter; policy accept;'
        lines = "\n".join(rules)
        return f"table netdev xdpctl {{\n{sets}chain ingress {{\n{chain}\n{lines}\n}}\n}}\n"

    def apply(self, size):
        return self.namespace.seconds(self._command, "-q", "apply", "-f", "-", text=self.text(size))

    def add(self):
        seconds = self.namespace.seconds(self._command, "-q", "rule", "add", *f"ip saddr {ADDED} counter drop".split())
        listing = self.namespace.run(self._command, "rule", "list", "-a")
        self._handle = re.search(rf"saddr {re.escape(ADDED)} .*# handle (\d+)", listing)[1]
        return seconds

    def delete(self):
        return self.namespace.seconds(self._command, "-q", "rule", "delete", "handle", self._handle)

    def dropped(self):
        objects = json.loads(self.namespace.run(self._command, "--json", "list", "ruleset"))["nftables"]
        expressions = [expression for object in objects for expression in object.get("rule", {}).get("expr", [])]
        return sum(expression["counter"]["packets"] for expression in expressions if "counter" in expression)


class XdpctlXdp(Xdpctl):
    name = "xdpctl, XDP"
    mode = "native"


class XdpctlTc(Xdpctl):
    name = "xdpctl, TC ingress"
    mode = "tc"


class XdpctlSet(XdpctlXdp):
    name = "xdpctl, XDP, set"
    is_set = True
    flags = ""

    def sets(self, size):
        return f"set blocked {{\ntype ipv4_addr\n{self.flags}elements = {{ {', '.join(set_addresses(size))} }}\n}}\n"

    def rules(self, size):
        return ["ip saddr @blocked counter drop"]

    def clear(self):
        self.namespace.run(self._command, "-q", "apply", "-f", "-", text=self.table("", []))

    def add(self):
        return self.namespace.seconds(self._command, "-q", "set", "add", "blocked", ADDED)

    def delete(self):
        return self.namespace.seconds(self._command, "-q", "set", "delete", "blocked", ADDED)


class XdpctlIntervals(XdpctlSet):
    name = "xdpctl, XDP, interval set"
    flags = "flags interval\n"


class Nft(Filter):
    family = ""
    hook = ""

    def clear(self):
        self.namespace.run("nft", "flush", "ruleset")

    def chain(self, rules):
        return f"chain input {{\ntype filter hook {self.hook_of_device()}; policy accept;\n{rules}\n}}\n"

    def hook_of_device(self):
        return self.hook.format(device=self.device)

    def apply(self, size):
        rules = "\n".join(f"ip saddr {address} counter drop" for address in rule_addresses(size))
        text = f"table {self.family} peers {{\n{self.chain(rules)}}}\n"
        return self.namespace.seconds("nft", "-f", "-", text=text)

    def add(self):
        rule = f"add rule {self.family} peers input ip saddr {ADDED} counter drop"
        return self.namespace.seconds("nft", *rule.split())

    def delete(self):
        listing = self.namespace.run("nft", "-a", "list", "chain", self.family, "peers", "input")
        handle = re.search(rf"saddr {re.escape(ADDED)} .*# handle (\d+)", listing)[1]
        return self.namespace.seconds("nft", "delete", "rule", self.family, "peers", "input", "handle", handle)

    def dropped(self):
        listing = self.namespace.run("nft", "list", "chain", self.family, "peers", "input")
        return sum(int(count) for count in re.findall(r"counter packets (\d+)", listing))


class NftIngress(Nft):
    name = "nft, netdev ingress"
    family = "netdev"
    hook = 'ingress device "{device}" priority filter'


class NftPrerouting(Nft):
    name = "nft, raw prerouting"
    family = "ip"
    hook = "prerouting priority raw"


class NftSet(NftIngress):
    name = "nft, netdev ingress, hash set"
    is_set = True
    flags = ""

    def apply(self, size):
        elements = ", ".join(set_addresses(size))
        blocked = f"set blocked {{\ntype ipv4_addr\n{self.flags}elements = {{ {elements} }}\n}}\n"
        text = f"table netdev peers {{\n{blocked}{self.chain('ip saddr @blocked counter drop')}}}\n"
        return self.namespace.seconds("nft", "-f", "-", text=text)

    def add(self):
        return self.namespace.seconds("nft", "add", "element", "netdev", "peers", "blocked", f"{{ {ADDED} }}")

    def delete(self):
        return self.namespace.seconds("nft", "delete", "element", "netdev", "peers", "blocked", f"{{ {ADDED} }}")


class NftIntervals(NftSet):
    name = "nft, netdev ingress, interval set"
    flags = "flags interval\n"
    edits_max = 10_000


class Iptables(Filter):
    command = ""

    def clear(self):
        self.namespace.run(self.command, "-t", "raw", "-F")

    def apply(self, size):
        return self.restore([f"-s {address}" for address in rule_addresses(size)])

    def restore(self, matches):
        rules = "\n".join(f"-A PREROUTING {match} -j DROP" for match in matches)
        return self.namespace.seconds(f"{self.command}-restore", text=f"*raw\n{rules}\nCOMMIT\n")

    def add(self):
        return self.namespace.seconds(self.command, *f"-t raw -A PREROUTING -s {ADDED} -j DROP".split())

    def delete(self):
        return self.namespace.seconds(self.command, *f"-t raw -D PREROUTING -s {ADDED} -j DROP".split())

    def dropped(self):
        listing = self.namespace.run(self.command, *"-t raw -L PREROUTING -n -v -x".split())
        return sum(int(count) for count in re.findall(r"^\s*(\d+)\s+\d+ DROP", listing, re.MULTILINE))


class IptablesNft(Iptables):
    name = "iptables-nft, raw prerouting"
    command = "iptables-nft"


class IptablesLegacy(Iptables):
    name = "iptables-legacy, raw prerouting"
    command = "iptables-legacy"


class Ipset(IptablesLegacy):
    """A set that one rule of iptables-legacy looks into."""

    name = "ipset hash:ip, raw prerouting"
    is_set = True

    def clear(self):
        super().clear()
        self.namespace.run("ipset", "destroy")

    def apply(self, size):
        elements = "\n".join(f"add blocked {address}" for address in set_addresses(size))
        text = f"create blocked hash:ip maxelem {size + 1}\n{elements}\n"
        return self.namespace.seconds("ipset", "restore", text=text) + self.restore(["-m set --match-set blocked src"])

    def add(self):
        return self.namespace.seconds("ipset", "add", "blocked", ADDED)

    def delete(self):
        return self.namespace.seconds("ipset", "del", "blocked", ADDED)


class XdpFilter(Filter):
    """Takes one address a command; its pinned map is filled by bpftool, which takes them all at once."""

    name = "xdp-filter, exact addresses"
    is_set = True
    edits_max = 9_999  # its map has room for 10,000
    _map = "/sys/fs/bpf/xdp-filter/filter_ipv4"
    _source_flag = "1 0 0 0 0 0 0 0"

    def __init__(self, namespace, device):
        super().__init__(namespace, device)
        self._load()

    def _load(self):
        self.namespace.run("xdp-filter", "load", "--mode", "native", "--features", "ipv4", self.device)

    def clear(self):
        self.namespace.run("xdp-filter", "unload", self.device)
        self._load()

    def apply(self, size):
        keys = (address.replace(".", " ") for address in set_addresses(size))
        lines = (f"map update pinned {self._map} key {key} value {self._source_flag}" for key in keys)
        return self.namespace.seconds("bpftool", "batch", "file", "-", text="\n".join(lines) + "\n")

    def add(self):
        return self.namespace.seconds("xdp-filter", "ip", "--mode", "src", ADDED)

    def delete(self):
        return self.namespace.seconds("xdp-filter", "ip", "--mode", "src", "--remove", ADDED)

    def dropped(self):
        status = self.namespace.run("xdp-filter", "status")
        return int(re.search(r"XDP_DROP\s+(\d+) pkts", status)[1])
