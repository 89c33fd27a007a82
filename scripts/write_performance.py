"""Write the results of record into the page about performance and into the README, and draw the charts.

The page says where: what stands between ``<!-- rows: NAME … -->`` and ``<!-- end -->`` is replaced by the rows of these
benchmarks, likewise ``machine``, ``missed`` and, in the README, ``comparison``. The rows are those of
``docs/explanation/performance.json``, which ``python -m benchmarks --json`` writes.
"""

import re
from pathlib import Path
from typing import Any

from benchmarks import results, targets
from benchmarks.table import ratio_text
from scripts.comparison import comparison
from scripts.performance_charts import lifecycle_chart, target_chart

DOCS = Path(__file__).parent.parent / "docs"
PAGES = (DOCS / "explanation" / "performance.md", DOCS.parent / "README.md")
RESULTS = DOCS / "explanation" / "performance.json"
CHARTS = {"performance-targets.svg": target_chart, "performance-lifecycle.svg": lifecycle_chart}
COLUMNS = "| | measured | reference | ratio | must | stretch | min-max of rounds | reached |"
ALIGNMENT = "|---|--:|--:|--:|--:|--:|--:|---|"

_PLACE = re.compile(r"<!-- (rows|machine|missed|comparison)(:[^>]*)? -->\n.*?<!-- end -->", re.DOTALL)


def main() -> None:
    """Fill the pages and draw the charts."""
    content = results.read(RESULTS)
    for page in PAGES:
        page.write_text(filled(page.read_text(), content))
    for name, draw in CHARTS.items():
        (DOCS / "images" / name).write_text(draw(content["benchmarks"]))


def filled(page: str, content: dict[str, Any]) -> str:
    """The page with the results in their places."""

    def fill(place: re.Match[str]) -> str:
        names = (place[2] or "").removeprefix(":").split()
        begin = place[0].partition("\n")[0]
        return f"{begin}\n{_text(place[1], names, content)}\n<!-- end -->"

    return _PLACE.sub(fill, page)


def _text(kind: str, names: list[str], content: dict[str, Any]) -> str:
    benchmarks = content["benchmarks"]
    if kind == "comparison":
        return comparison(benchmarks)
    if kind == "machine":
        return ", ".join(f"{name} {value}" for name, value in content["machine"].items()) + "."
    rows = [row for name in names or benchmarks if name in benchmarks for row in benchmarks[name]["rows"]]
    if kind == "missed":
        missed = [row for row in rows if targets.verdict(row) == "**missed**"]
        return "\n".join(f"- {_cell(row['name'])}: {_figure(row)}, must {row['must']}" for row in missed) or "None."
    if not rows:
        return "Not measured yet."
    days = sorted({benchmarks[name]["measured"] for name in names if name in benchmarks})
    return "\n".join([f"Measured {', '.join(days)}.\n", COLUMNS, ALIGNMENT, *map(_row, rows)])


def _figure(row: dict[str, Any]) -> str:
    wanted = targets.target(row["must"])
    return row["measured"] if row["ratio"] is None or (wanted and wanted.unit) else ratio_text(row["ratio"])


def _row(row: dict[str, Any]) -> str:
    ratio = "" if row["ratio"] is None else ratio_text(row["ratio"])
    cells = (row["name"], row["measured"], row["reference"], ratio, row["must"], row["stretch"], row["spread"])
    return f"| {' | '.join(map(_cell, cells))} | {targets.verdict(row)} |"


def _cell(text: str) -> str:
    return text.strip().replace("|", "\\|").replace("<", "&lt;").replace(">", "&gt;")


if __name__ == "__main__":
    main()
