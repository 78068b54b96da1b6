# SPDX-License-Identifier: BSD-2-Clause
"""The figures as text and as JSON."""

import datetime
import json
import os
import re
import subprocess
from pathlib import Path


PACKAGES = ("nftables", "iptables", "ipset", "xdp-tools")


def versions(xdpctl):
    def first_version(*command):
        return re.search(r"\d+(\.\d+)+", subprocess.run(command, check=True, capture_output=True, text=True).stdout)[0]

    packages = {package: first_version("dpkg-query", "-W", "-f", "${Version}", package) for package in PACKAGES}
    return {"xdpctl": first_version(xdpctl, "version")} | packages


def about(versions):
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "machine": f"{os.cpu_count()} CPUs, {model[1] if model else os.uname().machine}",
        "kernel": os.uname().release,
        "load_average": round(os.getloadavg()[0], 1),
        "versions": versions,
    }


def as_json(result):
    """A line a case."""
    head = json.dumps({key: value for key, value in result.items() if key != "cases"}, indent=2)
    cases = ",\n".join("    " + json.dumps(case) for case in result["cases"])
    return f'{head[:-2]},\n  "cases": [\n{cases}\n  ]\n}}\n'


def filters(cases):
    return list(dict.fromkeys(case["filter"] for case in cases))


def sizes(cases):
    return sorted({case["size"] for case in cases})


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table(result, kind, title, cell):
    """Filters down, sizes across; filters without any figure are left out."""
    cases = [case for case in result["cases"] if case["kind"] == kind]
    lines = [f"| {title} | {' | '.join(f'{size:,}' for size in sizes(cases))} |"]
    lines.append("|---" * (len(sizes(cases)) + 1) + "|")
    for name in filters(cases):
        row = [cell(case) for case in cases if case["filter"] == name]
        if any(row):
            lines.append(f"| {name} | {' | '.join(value or '-' for value in row)} |")
    return "\n".join(lines)


def field(name):
    return lambda case: number(case[name]) if name in case else None


def cost(case):
    return f"{number(case['ns'])} ({case['ratio']:.1f})" if "ns" in case else None


def tables(result):
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return "\n\n".join(
        [
            f"{result['date']}; {result['machine']}; kernel {result['kernel']}; {versions};"
            f" load average before the run {result['load_average']:.1f}",
            "Nanoseconds of the receiving CPU for each packet dropped (in brackets: times the empty program), medians:",
            table(result, "rules", "rules", cost),
            table(result, "elements", "elements of a set", cost),
            "Wall time of the commands in milliseconds, medians;"
            f" starting any process takes {result['process_start_ms']} of these:",
        ]
        + [
            table(result, kind, f"{command}, {kind}", field(name))
            for command, name in (("apply all", "apply_ms"), ("add one", "add_ms"), ("delete one", "delete_ms"))
            for kind in ("rules", "elements")
        ]
    ) + "\n"
