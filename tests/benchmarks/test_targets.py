"""The targets of rows are understood, and the page gets its rows where it says."""

from dataclasses import asdict
from pathlib import Path

import pytest
from support.tree import ROOT

from benchmarks import results, targets
from benchmarks.catalogue import STORED, all_rows
from benchmarks.table import Line, costs, head, rates, shown, spread_of_ratios
from scripts.performance_charts import lifecycle_chart, target_chart
from scripts.write_performance import PAGES, RESULTS, filled

NOT_REPEATED = {"orchestrator-core"}
PAGE = ROOT / "docs/explanation/performance.md"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (Line("a rate that is high enough", "50/s", "100/s", 0.5, ">= 0.25", ">= 0.45"), "stretch"),
        (Line("a rate between the targets", "30/s", "100/s", 0.3, ">= 0.25", ">= 0.45"), "must"),
        (Line("a rate that is too low", "3/s", "100/s", 0.03, ">= 0.25", ">= 0.45"), "**missed**"),
        (Line("a ratio of costs", "3 us", "1 us", 3.0, "<= 4", "<= 2"), "must"),
        (Line("a figure with a unit, whatever the ratio", "34.1 ms", "1 ms", 34.1, "<= 15 ms"), "**missed**"),
        (Line("a figure with thousands", "1,183.2 ms", "", None, "<= 1500 ms"), "must"),
        (Line("memory that shrank", "-0.3 MB", "119 MB", None, "<= 4 MB", "flat"), "must"),
        (Line("ahead of the other", "9.0 ms", "10.0 ms", 0.9, "< 1", "<= 4 ms"), "must"),
        (Line("behind the other", "11.0 ms", "10.0 ms", 1.1, "< 1", "<= 4 ms"), "**missed**"),
        (Line("a target in words", "+1 MB", "", None, "flat"), ""),
        (Line("no target", "1 ms"), ""),
    ],
    ids=lambda value: value.name if isinstance(value, Line) else "",
)
def test_a_row_reaches_its_target_or_misses_it(line: Line, expected: str) -> None:
    assert targets.verdict(asdict(line)) == expected


def test_rows_of_an_earlier_run_are_kept_unless_they_are_measured_again(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    results.store(file, {"fanout": [Line("one", "1 ms")], "stalled": [Line("two", "2 ms")]})
    results.store(file, {"fanout": [Line("one", "3 ms")]})

    rows = results.read(file)["benchmarks"]

    assert [rows[name]["rows"][0]["measured"] for name in ("fanout", "stalled")] == ["3 ms", "2 ms"]


def test_the_page_gets_its_rows_and_what_was_missed_in_their_places(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    slow = rates("fan-out to 1,000 : <raw>", 6, 100, 0.6, 1.0, spread="0.050-0.070")
    results.store(file, {"fanout": [slow, costs("CPU", 2e-6, 1e-6, 4, 2)]})

    page = filled(PAGE.read_text(), results.read(file))

    assert (
        "| fan-out to 1,000 : &lt;raw&gt; | 6/s | 100/s | 0.060 | &gt;= 0.6 | &gt;= 1.0 | 0.050-0.070 | **missed** |"
        in page
    )
    assert "- fan-out to 1,000 : &lt;raw&gt;: 0.060, must >= 0.6" in page
    assert results.machine()["python"] in page
    assert filled(page, results.read(file)) == page


def test_every_benchmark_that_the_page_names_exists() -> None:
    named = {
        name
        for line in PAGE.read_text().splitlines()
        if line.startswith("<!-- rows:")
        for name in line.removeprefix("<!-- rows:").removesuffix("-->").split()
    }

    assert named - NOT_REPEATED <= set(all_rows(STORED))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_pages_show_the_results_of_record(page: Path) -> None:
    text = page.read_text()

    assert "<!-- end -->" in text
    assert filled(text, results.read(RESULTS)) == text, "run: python -m scripts.write_performance"


def test_the_charts_show_each_target_and_each_system() -> None:
    peers = [
        asdict(Line(f"{system}: callback POST, p50", "2.0 ms", "4.0 ms", 0.5, "< 1", "<= 4 ms"))
        for system in ("SQLite", "PG all")
    ]

    drawn = target_chart({"peers": {"rows": peers}}), lifecycle_chart({"peers": {"rows": peers}})

    assert all(chart.startswith("<svg ") and chart.endswith("</svg>\n") for chart in drawn)
    assert drawn[0].count("2x</text>") == 2
    assert all(f">{name}</text>" in drawn[1] for name in ("SQLite", "PG all", "DBOS", "4.0"))


def test_a_row_is_printed_under_its_columns() -> None:
    row = shown(rates("a row", 30, 100, 0.25, 0.45, spread=spread_of_ratios([30, 20], [100, 100])))

    assert row.index("30/s") < row.index("100/s") < row.index("0.300") < row.index(">= 0.25")
    assert row.endswith("0.200-0.300")
    assert head().index("min-max") == row.index("0.200-0.300")
