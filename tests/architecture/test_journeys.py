"""The way of a callback's POST through our files stays short."""

import json
import subprocess
import sys
from pathlib import Path

from support.tree import ROOT

FILES, CHANGES = 38, 127
"""Today's number of changes is 117 to 126: a slow commit adds some calls of the writer. One of the files is the slow
lane, which waits while the request is on its way; others are the hand-over of a COMMIT to its thread, and the
transitions that follow without an author's code, apart from their writer."""


def test_the_post_of_a_callback_enters_few_files(tmp_path: Path) -> None:
    """In a process of its own: what other tests left behind in this one would be counted, too."""
    table = tmp_path / "journeys.json"
    subprocess.run(
        [sys.executable, "-m", "benchmarks", "journeys", "--json", str(table)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )

    rows = json.loads(table.read_text())["benchmarks"]["journeys"]["rows"]
    (measured,) = [row["measured"] for row in rows if row["name"].startswith("callback POST")]
    _, files, changes = map(int, measured.split("/"))
    assert (files <= FILES, changes <= CHANGES) == (True, True), measured
