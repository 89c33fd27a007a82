"""The table of the README that compares the product with others, made of the results of record."""

from collections.abc import Mapping, Sequence
from typing import Any

FIGURES = (
    ("a whole lifecycle, one at a time", "lifecycle, one at a time, p50"),
    ("a callback is answered", "callback POST, p50"),
    ("from the callback until a person can confirm", "callback -> confirmable, p50"),
    ("lifecycles a second, 16 at the same time", "lifecycles, 16 in flight"),
    ("CPU of the servers for a lifecycle", "server CPU a lifecycle, one at a time"),
    ("memory of an idle server process", "RSS idle, a process"),
)
"""The words of the README, and the names of the rows behind the name of the system."""

SYSTEMS = (("ours, SQLite", "SQLite"), ("ours, PostgreSQL", "PG api + worker"))
HEAD = ("", *(title for title, _ in SYSTEMS), "DBOS 3.4", "orchestrator-core 5.5")

Row = Mapping[str, Any]


def comparison(benchmarks: Mapping[str, Any]) -> str:
    """The table as Markdown: each figure, and how many times that of DBOS in the same run it is."""
    ours, other = (_by_name(benchmarks[name]["rows"]) for name in ("peers", "orchestrator-core"))
    lines = [_line(HEAD), _line(("---", *["--:"] * (len(HEAD) - 1)))]
    for title, name in FIGURES:
        rows = [ours[f"{system}: {name}"] for _, system in SYSTEMS]
        lines.append(
            _line((title, *map(_cell, rows), rows[0]["reference"], _cell(other[f"orchestrator-core: {name}"])))
        )
    return "\n".join(lines)


def _by_name(rows: Sequence[Row]) -> dict[str, Row]:
    return {row["name"]: row for row in rows}


def _cell(row: Row) -> str:
    return f"{row['measured']} ({row['ratio']:.1f}x)"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
