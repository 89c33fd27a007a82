"""Each benchmark of the newer ones runs at a tiny size, and fills its rows; nothing is said about time."""

from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.database import URL_VARIABLE, PostgresServer
from support.sizes import exhaustive

from benchmarks import postgres as transitions_of_postgres
from benchmarks import storage
from benchmarks.bad_input import bad_input
from benchmarks.catalogue import QUICK, STORED, all_rows
from benchmarks.fanout import fanout
from benchmarks.lifecycle import lifecycle
from benchmarks.lifecycle_postgres import lifecycle_postgres
from benchmarks.lifecycle_sides import Sizes
from benchmarks.peers import compare
from benchmarks.pruning import pruning
from benchmarks.stalled import stalled
from benchmarks.streams import deliveries, streams
from benchmarks.table import Line
from benchmarks.throughput import throughput

TINY = Sizes(rounds=1, single=1, in_flight=((2, 2),))

SMALL: dict[str, tuple[Callable[[Path], Coroutine[Any, Any, list[Line]]], int]] = {
    "lifecycle": (partial(lifecycle, rounds=1, single=1, in_flight=((2, 2),)), 8),
    "fanout": (partial(fanout, count=3, rounds=1, batches=1), 6),
    "stalled": (partial(stalled, seconds=0.1, rounds=1, looks=2, stopped=3, returning=3), 8),
    "streams": (partial(streams, rounds=1, processes=1, crowds=(1,)), 1),
    "deliveries": (partial(deliveries, count=40, warm=20), 1),
    "throughput": (partial(throughput, rounds=1, count=4, receipts=2), 3),
    "pruning": (partial(pruning, count=64, rounds=1, seconds=0.3, postgres=False), 4),
    "bad_input": (partial(bad_input, rounds=1, seconds=0.0, stored=60, silent=4, strangers=2), 3 * 4),
}
"""Small sizes, and how many rows there are."""

SHORT = ("lifecycle", "deliveries", "pruning")
"""A benchmark of a server, of its streams and of the storage: the others are of these kinds."""


@pytest.mark.parametrize("name", [*SHORT, *exhaustive(*(name for name in SMALL if name not in SHORT))])
async def test_a_benchmark_runs_to_its_end_and_fills_its_rows(name: str, tmp_path: Path) -> None:
    measure, count = SMALL[name]

    lines = await measure(tmp_path)

    assert len(lines) == count
    assert all(line.name and line.measured for line in lines)
    assert name in all_rows(STORED)


@pytest.mark.parametrize("name", ["transitions", "busy", "subscriber", "step", "stored"])
async def test_a_benchmark_of_the_storage_runs_to_its_end(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "ROUNDS", 1)
    monkeypatch.setattr(storage, "IN_FLIGHT", 3)

    lines = await all_rows(10)[name](tmp_path)

    assert lines
    assert all(line.ratio for line in lines)


async def test_the_transitions_run_on_postgresql(
    tmp_path: Path, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transitions_of_postgres, "ROUNDS", 1)
    monkeypatch.setattr(transitions_of_postgres, "IN_FLIGHT", 3)
    with postgres.database() as url:
        monkeypatch.setenv(URL_VARIABLE, url)
        (line,) = await transitions_of_postgres.postgres(tmp_path)

    assert line.ratio


@pytest.mark.exhaustive
async def test_the_lifecycle_runs_on_postgresql_with_one_server_and_with_two(
    tmp_path: Path, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres.database() as url:
        monkeypatch.setenv(URL_VARIABLE, url)
        lines = await lifecycle_postgres(tmp_path, sizes=TINY)

    assert len({line.name for line in lines}) == len(lines) == 4 * 7 + 2


async def test_without_the_environment_of_the_peers_the_row_names_the_command_that_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "PYTHON", tmp_path / "python")

    (line,) = await compare.peers(tmp_path)

    assert "make bench-peers" in line.name


def test_the_quick_benchmarks_are_some_of_all() -> None:
    assert set(QUICK) < set(all_rows(STORED))
