"""The way of a callback's POST through our files stays short."""

from pathlib import Path

from benchmarks.journeys import journeys

FILES, CHANGES = 35, 120
"""Today's numbers are a little smaller: a slow commit adds some calls of the writer."""


async def test_the_post_of_a_callback_enters_few_files(tmp_path: Path) -> None:
    (measured,) = [line.measured for line in await journeys(tmp_path) if line.name.startswith("callback POST")]
    _, files, changes = map(int, measured.split("/"))

    assert (files <= FILES, changes <= CHANGES) == (True, True), measured
