"""Draw the charts of the page about performance as SVG."""

import math
import re
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape

from benchmarks import targets
from benchmarks.growth import GROUPS

WIDTH, LABELS, BAR, GAP = 960, 470, 14, 22
GOOD, BAD, OTHER, LINE = "#1a7f4b", "#b8431f", "#5b6b7f", "#8a94a3"
FONT = 'font-family="system-ui, sans-serif" font-size="12"'

Benchmarks = dict[str, Any]

FIGURES = (
    ("lifecycle, one at a time, p50", "ms"),
    ("callback POST, p50", "ms"),
    ("callback -> confirmable, p50", "ms"),
    ("lifecycles, 16 in flight", "/s"),
    ("lifecycles, 64 in flight", "/s"),
    ("server CPU a lifecycle, one at a time", "ms"),
)
SYSTEMS = ("SQLite", "PG api + worker", "PG all", "DBOS")


def target_chart(benchmarks: Benchmarks) -> str:
    """One bar for each row with a target: how many times better or worse than the least that it must reach.

    A group of lists has the bar of the slowest.
    """
    bars = []
    for benchmark, each in benchmarks.items():
        for row in each["rows"]:
            if benchmark == "growth" and _is_of_group(row):
                continue  # the row of the group shows the slowest
            factor = targets.achieved(row, "must")
            if factor is not None and factor > 0:
                bars.append((row["name"].strip(), factor))
    widest = max([abs(math.log10(factor)) for _, factor in bars] + [1.0])
    middle = LABELS + (WIDTH - LABELS) / 2
    half = (WIDTH - LABELS) / 2 - 50
    parts = [_text(middle, 16, "worse than the target ◂ 1 ▸ better", anchor="middle")]
    for number, (name, factor) in enumerate(bars):
        y = 30 + number * GAP
        length = abs(math.log10(factor)) / widest * half
        is_good = factor >= 1
        x = middle if is_good else middle - length
        parts += [
            _text(LABELS - 8, y + 11, name, anchor="end"),
            _rect(x, y, max(length, 1), GOOD if is_good else BAD),
            _text(x + length + 4 if is_good else x - 4, y + 11, f"{factor:.2g}x", anchor="start" if is_good else "end"),
        ]
    height = 40 + len(bars) * GAP
    parts.append(f'<line x1="{middle:.0f}" y1="22" x2="{middle:.0f}" y2="{height - 8}" stroke="{LINE}"/>')
    return _svg(height, parts, "Each target and how far it is")


def _is_of_group(row: dict[str, Any]) -> bool:
    name: str = row["name"]
    return name.partition(": ")[2].startswith(tuple(GROUPS))


def lifecycle_chart(benchmarks: Benchmarks) -> str:
    """The measured lifecycle on each system, one group of bars for each figure."""
    rows = benchmarks.get("peers", {"rows": []})["rows"]
    parts, y = [], 10.0
    for title, unit in FIGURES:
        values = _values(rows, title)
        if not values:
            continue
        widest = max(values.values())
        parts.append(
            _text(10, y + 11, f"{title} ({unit}; {'more' if unit == '/s' else 'less'} is better)", weight="bold")
        )
        y += GAP
        for system, value in values.items():
            length = value / widest * (WIDTH - 260)
            color = OTHER if system == "DBOS" else GOOD
            parts += [
                _text(150, y + 11, system, anchor="end"),
                _rect(160, y, length, color),
                _text(164 + length, y + 11, f"{value:,.1f}"),
            ]
            y += GAP
        y += 8
    return _svg(int(y) + 10, parts, "The same lifecycle on the product and on DBOS")


def _values(rows: Iterable[dict[str, Any]], title: str) -> dict[str, float]:
    """The figure of each system; that of DBOS is the reference of the rows."""
    values: dict[str, float] = {}
    for row in rows:
        system, _, name = row["name"].partition(": ")
        if name == title:
            values[system] = _number(row["measured"])
            values["DBOS"] = _number(row["reference"])
    return {system: values[system] for system in SYSTEMS if system in values}


def _number(text: str) -> float:
    found = re.search(r"[\d,]*\.?\d+", text)
    return float(found[0].replace(",", "")) if found else 0.0


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal") -> str:
    place = f'x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-weight="{weight}"'
    return f'<text {place} fill="#222" {FONT}>{escape(text)}</text>'


def _rect(x: float, y: float, width: float, color: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.0f}" width="{width:.1f}" height="{BAR}" rx="2" fill="{color}"/>'


def _svg(height: int, parts: Iterable[str], title: str) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
    back = f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>'
    return "\n".join([head, f"<title>{title}</title>", back, *parts, "</svg>\n"])
