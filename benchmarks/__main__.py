"""`make bench`: measures the product, each row beside a reference from the same run."""

import argparse
import asyncio
import os
import platform
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import storage
from benchmarks.authors import authors
from benchmarks.dashboard import dashboard
from benchmarks.deadlines import deadlines
from benchmarks.growth import growth
from benchmarks.inbox import inbox
from benchmarks.journeys import journeys
from benchmarks.lifecycle import lifecycle
from benchmarks.postgres import postgres
from benchmarks.product_lists import product_lists
from benchmarks.recovery import recovery
from benchmarks.subscriptions import subscriptions
from benchmarks.table import Line, head, shown

STORED = 100_000
"""Processes; the target is a million: ``--stored 1000000``."""

Rows = Callable[[Path], Coroutine[Any, Any, list[Line]]]


def main() -> None:
    """Run the benchmarks that the arguments name, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(_rows(STORED))}; default: all")
    parser.add_argument("--stored", type=int, default=STORED, help="processes of `stored`, and subscriptions")
    parser.add_argument("--database", default="", metavar="URL", help="an empty PostgreSQL, for subscriptions too")
    options = parser.parse_args()
    rows = _rows(options.stored, options.database)
    if unknown := set(options.names) - set(rows):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    print(f"{platform.machine()}, {os.cpu_count()} cores, {versions}\n{head()}")
    for name in options.names or rows:
        _run(name, rows[name])


def _rows(stored: int, database_url: str = "") -> dict[str, Rows]:
    return {
        "lifecycle": lifecycle,
        "transitions": storage.transitions,
        "busy": storage.busy,
        "subscriber": storage.subscriber,
        "step": storage.step,
        "authors": authors,
        "stored": partial(storage.stored, count=stored),
        "growth": partial(growth, count=stored, database_url=database_url),
        "deadlines": partial(deadlines, database_url=database_url),
        "recovery": recovery,
        "inbox": inbox,
        "journeys": journeys,
        "subscriptions": partial(subscriptions, count=stored, database_url=database_url),
        "product_lists": partial(product_lists, count=stored, database_url=database_url),
        "postgres": postgres,
        "dashboard": dashboard,
    }


def _run(name: str, rows: Rows) -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="orchestrator-bench-") as folder:
        for line in asyncio.run(rows(Path(folder))):
            print(shown(line), flush=True)
    print(f"  {name}: {time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    main()
