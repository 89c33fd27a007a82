"""How much of its tables and random draws a run holds: `make test` a part of each, `make test-exhaustive` all.

``ORCHESTRATOR_TEST_EXHAUSTIVE=1`` chooses all. What a run leaves out is the same in every run.
"""

import os
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from _pytest.mark import ParameterSet

from support.tree import ROOT

IS_EXHAUSTIVE = os.environ.get("ORCHESTRATOR_TEST_EXHAUSTIVE") == "1"
"""True if the run holds all."""

SPARED = frozenset({"storage", "races", "crash", "chaos"})
"""Folders about databases or races: there a row means something else on each database, so all pairs run."""

BOTH = frozenset(
    {
        "commands/test_processes_start.py",
        "engine/callbacks/test_deliveries_at_once.py",
        "engine/callbacks/test_external_ids.py",
        "engine/input_requests/test_decisions.py",
        "engine/test_changed_waits.py",
        "engine/test_engine_errors.py",
        "engine/test_known_callbacks.py",
        "engine/test_large_processes.py",
        "engine/test_process_locks.py",
        "engine/test_process_locks_clean_up.py",
        "engine/test_retention.py",
        "engine/test_runner.py",
        "engine/test_subscription_locks.py",
    }
)
"""Files about commits, claims and locks: there a test without a table runs on SQLite and on PostgreSQL."""

DISPATCHERS = "workers"
"""The folder about dispatchers: there a test without a table runs with each."""


def size(short: int, full: int) -> int:
    """How many examples, rows or rounds: ``short`` in `make test`, ``full`` in `make test-exhaustive`."""
    return full if IS_EXHAUSTIVE else short


def exhaustive(*rows: Any) -> list[ParameterSet]:
    """Rows of a table that only `make test-exhaustive` runs; a row of several parameters is a tuple."""
    several = [row if isinstance(row, tuple) else (row,) for row in rows]
    return [pytest.param(*row, marks=pytest.mark.exhaustive) for row in several]


def directions(turn: int) -> tuple[bool, ...]:
    """Whether a list is read forward: both ways, or in `make test` the ways by turns."""
    return (True, False) if IS_EXHAUSTIVE else (turn % 2 == 0,)


def left_out(items: Iterable[pytest.Item]) -> set[pytest.Item]:
    """The tests that `make test` leaves out: marked `exhaustive`, most pairs of tables, and what has no turn."""
    left = set[pytest.Item]()
    tables = defaultdict[str, list[pytest.Function]](list)
    for item in items:
        if item.get_closest_marker("exhaustive"):
            left.add(item)
        elif isinstance(item, pytest.Function) and _is_each_value_enough(item):
            if set(item.callspec.params) != {"storage"}:
                tables[item.nodeid.partition("[")[0]].append(item)
            elif not _has_turn(item):
                left.add(item)
    for rows in tables.values():
        left.update(set(rows) - _each_value(rows))
    return left


def _is_each_value_enough(item: pytest.Function) -> bool:
    """True if each row of a table and each database must be met, but not each row on each database."""
    if not hasattr(item, "callspec") or item.get_closest_marker("each_pair"):
        return False
    is_about_databases = not SPARED.isdisjoint(item.path.relative_to(ROOT / "tests").parts)
    has_table_and_database = "storage" in item.callspec.params and not is_about_databases
    return has_table_and_database or item.get_closest_marker("each_value") is not None


def _has_turn(item: pytest.Function) -> bool:
    """True if the test without a table runs on this database: SQLite and PostgreSQL take turns, and so do dispatchers.

    The name of the test decides, so that a test which is added or chosen alone changes no other turn.
    """
    parts = item.path.relative_to(ROOT / "tests").parts
    turn, storage = zlib.crc32(item.nodeid.partition("[")[0].encode()), item.callspec.params["storage"]
    is_for_sqlite = turn % 2 == 0
    if DISPATCHERS in parts:
        return True
    if "/".join(parts) not in BOTH and is_for_sqlite != (storage == "sqlite"):
        return False
    is_one_enough = storage == "sqlite" or item.get_closest_marker("one_dispatcher") is not None
    return is_one_enough or storage == ("postgres", "postgres-distributed")[turn // 2 % 2]


def _each_value(tests: Sequence[pytest.Function]) -> set[pytest.Function]:
    """The tests on a diagonal through all tables, and what else is needed to meet each row of each table."""
    rows = {test: _rows(test) for test in tests}
    tables = [list(dict.fromkeys(column)) for column in zip(*rows.values(), strict=True)]
    diagonal = [tuple(table[turn % len(table)] for table in tables) for turn in range(max(map(len, tables)))]
    kept = {test for test, place in rows.items() if place in diagonal}
    met = {value for test in kept for value in enumerate(rows[test])}
    for test, place in rows.items():
        if not met.issuperset(enumerate(place)):
            kept.add(test)
            met.update(enumerate(place))
    return kept


def _rows(test: pytest.Function) -> tuple[tuple[int, ...], ...]:
    """The row of each table that the test is made of. Several parameters of one table are one row."""
    tables = [_names(mark.args[0]) for mark in test.iter_markers("parametrize")]
    others = sorted(set(test.callspec.params).difference(*tables))
    return tuple(tuple(id(test.callspec.params[name]) for name in names) for names in (*tables, *zip(others)))


def _names(argument: str | Sequence[str]) -> list[str]:
    return [name.strip() for name in argument.split(",")] if isinstance(argument, str) else list(argument)
