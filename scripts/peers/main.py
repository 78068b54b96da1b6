# SPDX-License-Identifier: BSD-2-Clause
"""Measures all filters in one run and writes the report. Run by scripts/bench-peers."""

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

import filters
import plot
import report
from namespaces import CommandFailed, Line, Namespace

BUILD = Path("build/release").resolve()
XDPCTL = str(BUILD / "ctl/cli/xdpctl")
LIVE = str(BUILD / "bench/xdpctl-bench-live")

APPLIES = 3
APPLY_SECONDS = 5  # one that takes longer is not repeated
EDITS = 5
PACKETS_MIN = 500
RUN_SECONDS = 1200


class Subject:
    """A filter with a namespace and a line of its own."""

    def __init__(self, sender, number, make):
        self.namespace = Namespace()
        self.line = Line(sender, self.namespace, f"r{os.getpid():x}{chr(ord('a') + number)}")
        self.filter = make(self.namespace, self.line)

    def sample(self, size):
        """Packets received, and nanoseconds the receiving CPU needed."""
        ends = (self.line.sending_end, self.line.receiving_end)
        output = self.namespace.run(LIVE, "measure", *ends, "--sources", str(self.filter.sources(size)))
        reading = json.loads(output)
        return reading["packets"], reading["busy_nanoseconds"]


def bare_drop(namespace, line):
    return filters.BareDrop(namespace, line.device, LIVE, line.receiving_end)


def xdpctl(kind):
    return lambda namespace, line: kind(namespace, line.device, XDPCTL)


def peer(kind):
    return lambda namespace, line: kind(namespace, line.device)


# The first is what the others are compared with. It has no rules, or any number of them.
SUBJECTS = [
    bare_drop,
    xdpctl(filters.XdpctlXdp),
    xdpctl(filters.XdpctlTc),
    peer(filters.NftIngress),
    peer(filters.NftPrerouting),
    peer(filters.IptablesNft),
    peer(filters.IptablesLegacy),
    xdpctl(filters.XdpctlSet),
    xdpctl(filters.XdpctlIntervals),
    peer(filters.XdpFilter),
    peer(filters.NftSet),
    peer(filters.NftIntervals),
    peer(filters.Ipset),
]


def milliseconds(seconds):
    return round(1000 * statistics.median(seconds), 2)


def control_plane(filter, size):
    """Leaves the filter with its rules and fresh counters."""
    if isinstance(filter, filters.BareDrop):
        return {}
    applies = []
    adds = []
    deletes = []
    edits = size <= filter.edits_max
    for turn in range(APPLIES):
        filter.clear()
        applies.append(filter.apply(size))
        for _ in range(EDITS if edits and turn == 0 else 0):
            adds.append(filter.add())
            deletes.append(filter.delete())
        if applies[-1] > APPLY_SECONDS:
            break
    out = {"apply_ms": milliseconds(applies)}
    if edits:
        out |= {"add_ms": milliseconds(adds), "delete_ms": milliseconds(deletes)}
    return out


def progress(text):
    print(f"bench-peers: {text}", file=sys.stderr, flush=True)


class Deadline:
    def __init__(self, seconds):
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def check(self):
        if time.monotonic() > self._end:
            raise CommandFailed(f"not done after {self._seconds} s")


class Case:
    """A filter with a number of rules: `figures` is what is known of it."""

    def __init__(self, subject, kind, size):
        self.figures = {"filter": subject.filter.name, "kind": kind, "size": size}
        self._kind = kind
        self._subject = subject
        self._size = size
        self._samples = []

    def apply(self):
        """False if the filter does not take as many rules."""
        try:
            self.figures |= control_plane(self._subject.filter, self._size)
            self._dropped_before = self._subject.filter.dropped()
        except CommandFailed as failure:
            self.figures["error"] = str(failure)
            progress(f"{self}: {failure}")
            return False
        return True

    def sample(self):
        packets, busy = self._subject.sample(self._size)
        if packets < PACKETS_MIN:
            raise CommandFailed(f"{self}: only {packets} packets arrived")
        self._samples.append((packets, busy))

    def finish(self):
        """Believes the samples if the filter says that it has dropped every packet of them."""
        received = sum(packets for packets, _ in self._samples)
        dropped = self._subject.filter.dropped() - self._dropped_before
        if dropped != received:
            raise CommandFailed(f"{self}: dropped {dropped} of {received} packets")
        costs = [round(busy / packets, 1) for packets, busy in self._samples]
        self.figures |= {"packets": received, "dropped": dropped, "samples": costs, "ns": statistics.median(costs)}

    def compare(self, reference):
        self.figures["ratio"] = round(self.figures["ns"] / reference.figures["ns"], 2)

    def __str__(self):
        return f"{self._subject.filter.name}, {self._size} {self._kind}"


def measure_size(subjects, kind, size, rounds, deadline):
    """The figures of every filter."""
    cases = [Case(subject, kind, size) for subject in subjects]
    running = []
    for case in cases:
        deadline.check()
        if case.apply():
            running.append(case)
    for _ in range(rounds):
        for case in running:
            deadline.check()
            case.sample()
    for case in running:
        case.finish()
        case.compare(cases[0])
    return [case.figures for case in cases]


def sizes(text):
    return sorted({int(size) for size in text.split(",")})


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench-peers")
    parser.add_argument("--rules", type=sizes, default=sizes("1,10,100,1000,10000"))
    parser.add_argument("--elements", type=sizes, default=sizes("10000,100000,1000000"))
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--output", type=Path, default=Path("docs/bench"))
    options = parser.parse_args()
    if min(options.rules + options.elements) < 1 or options.rounds < 1:
        parser.error("numbers of rules, elements and rounds are at least 1")
    return options


def main():
    options = arguments()
    about = report.about(report.versions(XDPCTL))
    deadline = Deadline(RUN_SECONDS)
    sender = Namespace()
    subjects = [Subject(sender, number, make) for number, make in enumerate(SUBJECTS)]
    starting = milliseconds([sender.seconds("true") for _ in range(EDITS)])
    cases = []
    for kind, numbers in (("rules", options.rules), ("elements", options.elements)):
        takers = [subjects[0]] + [each for each in subjects[1:] if each.filter.is_set == (kind == "elements")]
        for size in numbers:
            progress(f"{size} {kind}")
            cases += measure_size(takers, kind, size, options.rounds, deadline)
    for namespace in [subject.namespace for subject in subjects] + [sender]:
        namespace.close()

    result = about | {"rounds": options.rounds, "process_start_ms": starting, "cases": cases}
    text = report.tables(result)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "peers.json").write_text(report.as_json(result))
    (options.output / "peers.md").write_text(text)
    (options.output / "peers.svg").write_text(plot.svg(result))
    print(text)
    progress(f"wrote peers.md, peers.json and peers.svg to {options.output}")


if __name__ == "__main__":
    try:
        main()
    except CommandFailed as failure:
        sys.exit(f"bench-peers: {failure}")
