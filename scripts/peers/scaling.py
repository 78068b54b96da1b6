# SPDX-License-Identifier: BSD-2-Clause
"""Figures of xdpctl-bench's scaling benchmarks as a plot and as JSON. Run by scripts/bench-scaling."""

import json
import os
import re
import sys
from html import escape
from pathlib import Path

from plot import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axis, spread, style

NAME = re.compile(r"scaling/(?P<origin>\w+)/rules:\d+/(?P<family>\w+)/(?P<traffic>\w+)/counter")
TRAFFIC = {"hits": "hits", "crosses": "three-rule crosses"}
COLOUR = {"acl1": 3, "fw1": 1, "ipc1": 6}
STEP = 50  # nanoseconds between lines of the grid


def series(benchmarks):
    """{(origin, traffic): [(rules, ns over the empty program, the least of all runs)]}, by rules."""
    out = {}
    for benchmark in benchmarks:
        name = NAME.match(benchmark["name"])
        if name and "over_ns" in benchmark:
            points = out.setdefault((name["origin"], name["traffic"]), {})
            rules, ns = round(benchmark["rules"]), round(benchmark["over_ns"], 1)
            points[rules] = min(ns, points.get(rules, ns))
    return {key: sorted(points.items()) for key, points in out.items()}


def machine():
    models = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    return f"{len(models)} CPUs, {models[0]}, kernel {os.uname().release}"


def svg(lines, family, about):
    top = STEP * (max(ns for points in lines.values() for _, ns in points) // STEP + 1)
    sizes = sorted({rules for points in lines.values() for rules, _ in points})
    x = Axis(1, max(sizes), LEFT, RIGHT)

    def y(ns):
        return BOTTOM - (BOTTOM - TOP) * ns / top

    title = f"Judging a packet ({family}), nanoseconds over an empty XDP program"
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        f' role="img" aria-label="{title}">',
        f"<style>{style()}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text class="title" x="{LEFT}" y="24">{title}</text>',
        f'<text x="{LEFT}" y="44">{escape(about)}</text>',
        f'<text x="{(LEFT + RIGHT) / 2}" y="{BOTTOM + 44}" text-anchor="middle">rules of ClassBench, each with a'
        " counter (dashed: crosses)</text>",
    ]
    for step in range(int(top // STEP) + 1):
        place = y(step * STEP)
        out.append(f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{place:.1f}" y2="{place:.1f}"/>')
        out.append(f'<text x="{LEFT - 8}" y="{place + 4:.1f}" text-anchor="end">{step * STEP}</text>')
    for decade in range(6):
        place = x.place(10**decade)
        out.append(f'<line class="grid" x1="{place:.1f}" x2="{place:.1f}" y1="{TOP}" y2="{BOTTOM}"/>')
        out.append(f'<text x="{place:.1f}" y="{BOTTOM + 20}" text-anchor="middle">{10**decade:,}</text>')
    labels = spread([y(points[-1][1]) for points in lines.values()])
    for ((origin, traffic), points), label in zip(lines.items(), labels):
        colour = COLOUR[origin]
        path = " ".join(f"{x.place(rules):.1f},{y(ns):.1f}" for rules, ns in points)
        dashes = " set" if traffic == "crosses" else ""
        end_x, end_y = x.place(points[-1][0]), y(points[-1][1])
        out.append(f'<polyline class="line c{colour}{dashes}" points="{path}"/>')
        out.append(f'<line class="c{colour}" x1="{end_x + 2:.1f}" y1="{end_y:.1f}" x2="{RIGHT + 14}" y2="{label:.1f}"/>')
        out.append(f'<text class="t{colour}" x="{RIGHT + 18}" y="{label + 4:.1f}">{origin}, {TRAFFIC[traffic]}</text>')
    return "\n".join(out) + "\n</svg>\n"


def main():
    output, *figures = sys.argv[1:]
    runs = [json.loads(Path(name).read_text()) for name in figures]
    benchmarks = [benchmark for run in runs for benchmark in run["benchmarks"]]
    lines = series(benchmarks)
    if not lines:
        sys.exit("scaling: the run has no figures")
    family = NAME.match(benchmarks[0]["name"])["family"]
    context = runs[0]["context"]
    about = f"{machine()}, {context['date'][:10]}, load average {context['load_avg'][0]:.1f}, the least of {len(runs)} runs"
    cases = [
        {"origin": origin, "traffic": traffic, "rules": rules, "over_ns": ns}
        for (origin, traffic), points in lines.items()
        for rules, ns in points
    ]
    Path(f"{output}.json").write_text(json.dumps({"about": about, "family": family, "cases": cases}, indent=1) + "\n")
    Path(f"{output}.svg").write_text(svg(lines, {"ipv4": "IPv4", "ipv6": "IPv6"}[family], about))
    print(f"wrote {output}.json and {output}.svg")


if __name__ == "__main__":
    main()
