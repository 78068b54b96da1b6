# SPDX-License-Identifier: BSD-2-Clause
"""The cost a packet over the number of rules as SVG, both axes logarithmic, for light and dark pages."""

import math
from html import escape

import report

WIDTH, HEIGHT = 860, 500
LEFT, RIGHT, TOP, BOTTOM = 70, 590, 60, 440
LABEL_GAP = 17
# Light and dark, told apart by the colour-blind too; where colours end, dashes go on.
COLOURS = [
    ("#6e7781", "#8b949e"),
    ("#cf222e", "#ff7b72"),
    ("#bc4c00", "#ffa657"),
    ("#0969da", "#58a6ff"),
    ("#1b7c83", "#39c5cf"),
    ("#8250df", "#bc8cff"),
    ("#1a7f37", "#3fb950"),
    ("#cf222e", "#ff7b72"),
    ("#9a6700", "#d29922"),
    ("#0969da", "#58a6ff"),
    ("#8250df", "#bc8cff"),
    ("#bc4c00", "#ffa657"),
    ("#1a7f37", "#3fb950"),
]


def style():
    def rules(index, paper, ink, faint):
        colours = "".join(
            f".c{i}{{stroke:{pair[index]}}}.t{i}{{fill:{pair[index]}}}" for i, pair in enumerate(COLOURS)
        )
        return f".paper{{fill:{paper}}}text{{fill:{ink}}}.grid{{stroke:{faint}}}{colours}"

    light = rules(0, "#ffffff", "#1f2328", "#d1d9e0")
    dark = rules(1, "#0d1117", "#e6edf3", "#30363d")
    return (
        "text{font:13px sans-serif}.title{font-size:16px;font-weight:bold}.line{fill:none;stroke-width:2}"
        f".set{{stroke-dasharray:6 4}}.grid{{stroke-width:1}}{light}@media(prefers-color-scheme:dark){{{dark}}}"
    )


class Axis:
    def __init__(self, low, high, start, end):
        self._low = math.log10(low)
        self._scale = (end - start) / max(math.log10(high) - self._low, 1e-9)
        self._start = start

    def place(self, value):
        return self._start + (math.log10(value) - self._low) * self._scale


# The ends of an axis: 1, 2 or 5 times a power of ten.
ENDS = [step * 10**decade for decade in range(9) for step in (1, 2, 5)]


def below(value):
    return max(end for end in ENDS if end <= value)


def above(value):
    return min(end for end in ENDS if end >= value)


def spread(wanted):
    """Places of labels from top to bottom that keep their distance, near where they are wanted."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    places = {}
    last = -math.inf
    for i in order:
        last = places[i] = max(wanted[i], last + LABEL_GAP)
    bottom = BOTTOM
    for i in reversed(order):
        places[i] = min(places[i], bottom)
        bottom = places[i] - LABEL_GAP
    return [places[i] for i in range(len(wanted))]


def series(result):
    """(name, is a set, [(size, ns)]) of every filter with figures."""
    out = []
    for name in report.filters(result["cases"]):
        cases = [case for case in result["cases"] if case["filter"] == name and "ns" in case]
        if cases:
            is_set = all(case["kind"] == "elements" for case in cases)
            out.append((name, is_set, [(case["size"], case["ns"]) for case in cases]))
    return out


def svg(result):
    lines = series(result)
    names = report.filters(result["cases"])
    costs = [ns for _, _, points in lines for _, ns in points]
    sizes = report.sizes(result["cases"])
    low, high = below(min(costs)), above(max(costs))
    x = Axis(sizes[0], sizes[-1], LEFT, RIGHT)
    y = Axis(low, high, BOTTOM, TOP)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        ' role="img" aria-label="Cost of a dropped packet over the number of rules">',
        f"<style>{style()}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text class="title" x="{LEFT}" y="24">Receiving CPU per dropped packet, ns</text>',
        f'<text x="{LEFT}" y="44">{escape(result["machine"])}, kernel {escape(result["kernel"])},'
        f' {result["date"]}</text>',
        f'<text x="{(LEFT + RIGHT) / 2}" y="{BOTTOM + 44}" text-anchor="middle">rules, the last one drops'
        " (dashed: addresses in a set)</text>",
    ]
    for decade in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1):
        place = y.place(10**decade)
        out.append(f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{place:.1f}" y2="{place:.1f}"/>')
        out.append(f'<text x="{LEFT - 8}" y="{place + 4:.1f}" text-anchor="end">{10**decade:,}</text>')
    for size in sizes:
        place = x.place(size)
        out.append(f'<line class="grid" x1="{place:.1f}" x2="{place:.1f}" y1="{TOP}" y2="{BOTTOM}"/>')
        out.append(f'<text x="{place:.1f}" y="{BOTTOM + 20}" text-anchor="middle">{size:,}</text>')
    labels = spread([y.place(points[-1][1]) for _, _, points in lines])
    for (name, is_set, points), label in zip(lines, labels):
        colour = names.index(name) % len(COLOURS)
        path = " ".join(f"{x.place(rules):.1f},{y.place(ns):.1f}" for rules, ns in points)
        dashes = " set" if is_set else ""
        end_x, end_y = x.place(points[-1][0]), y.place(points[-1][1])
        out.append(f'<polyline class="line c{colour}{dashes}" points="{path}"/>')
        out.append(f'<line class="c{colour}" x1="{end_x + 2:.1f}" y1="{end_y:.1f}" x2="{RIGHT + 14}" y2="{label:.1f}"/>')
        out.append(f'<text class="t{colour}" x="{RIGHT + 18}" y="{label + 4:.1f}">{escape(name)}</text>')
    return "\n".join(out) + "\n</svg>\n"
