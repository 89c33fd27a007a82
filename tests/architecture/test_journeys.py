"""The way of a callback's POST through our files stays short."""

from pathlib import Path

from benchmarks.journeys import journeys

FILES, CHANGES = 35, 120


async def test_the_post_of_a_callback_enters_few_files(tmp_path: Path) -> None:
    """The least of three counts: on a busy machine a heartbeat may fall into one, and enters files of its own."""
    counts = []
    for name in "abc":
        (folder := tmp_path / name).mkdir()
        (measured,) = [line.measured for line in await journeys(folder) if line.name.startswith("callback POST")]
        _, files, changes = map(int, measured.split("/"))
        counts.append((files, changes))
        if files <= FILES and changes <= CHANGES:
            return
    raise AssertionError(counts)
