"""`make bench`: the whole lifecycle through the real doors, beside what the machine itself costs."""

import asyncio
import os
import platform
import resource
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.lifecycle import Measured, run_lifecycles
from benchmarks.server import Server


def main() -> None:
    """Measure and print."""
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    print(f"{platform.machine()}, {os.cpu_count()} cores, {versions}")
    with tempfile.TemporaryDirectory() as folder:
        commit = _commit_cost(Path(folder))
        print(f"reference: one durable SQLite commit of one row, p50: {commit * 1000:.2f} ms\n")
        with Server(Path(folder) / "bench.db") as server:
            idle = server.rss()
            asyncio.run(run_lifecycles(server.url, count=10, at_once=2))  # warm
            alone = _measured(server, count=100, at_once=1)
            many = _measured(server, count=600, at_once=16)
            _print(alone, many, commit, idle, server.rss())


def _measured(server: Server, *, count: int, at_once: int) -> tuple[Measured, float]:
    before = server.cpu()
    measured = asyncio.run(run_lifecycles(server.url, count=count, at_once=at_once))
    return measured, (server.cpu() - before) / count


def _print(
    alone: tuple[Measured, float], many: tuple[Measured, float], commit: float, idle: float, after: float
) -> None:
    one, one_cpu = alone
    rows = [
        (
            "whole lifecycle, one at a time, p50",
            f"{one.p50(one.whole):.1f} ms",
            "<= 15 ms",
            one.p50(one.whole) / commit / 1000,
        ),
        (
            "callback POST answered, p50",
            f"{one.p50(one.posted):.2f} ms",
            "<= 3 ms",
            one.p50(one.posted) / commit / 1000,
        ),
        (
            "callback -> confirmable form, pushed, p50",
            f"{one.p50(one.form):.2f} ms",
            "<= 8 ms",
            one.p50(one.form) / commit / 1000,
        ),
        ("lifecycles/s, 16 in flight", f"{many[0].rate:.0f}", ">= 150", None),
        ("server CPU a lifecycle, one at a time", f"{one_cpu * 1000:.1f} ms", "<= 6 ms", None),
        ("server CPU a lifecycle, 16 in flight", f"{many[1] * 1000:.1f} ms", "<= 6 ms", None),
        ("RSS idle", f"{idle:.0f} MB", "<= 90 MB", None),
        (f"RSS after {one.count + many[0].count} lifecycles", f"{after:.0f} MB", "<= 110 MB", None),
    ]
    print(f"{'':44}{'measured':>12}{'target':>12}{'x commit':>10}")
    for name, value, target, ratio in rows:
        print(f"{name:44}{value:>12}{target:>12}{f'{ratio:.1f}' if ratio else '':>10}")


def _commit_cost(folder: Path) -> float:
    """The median seconds of one durable commit, raw: nothing here can be faster."""
    database = sqlite3.connect(folder / "raw.db", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)")
    costs = []
    for _ in range(300):
        began = time.perf_counter()
        database.execute("INSERT INTO t (x) VALUES (?)", ("x" * 200,))
        costs.append(time.perf_counter() - began)
    database.close()
    return statistics.median(costs)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    main()
