"""All benchmarks by name, and the sizes with which `make bench-quick` runs the important ones."""

from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import storage
from benchmarks.authors import authors
from benchmarks.bad_input import bad_input
from benchmarks.dashboard import dashboard
from benchmarks.deadlines import deadlines
from benchmarks.fanout import fanout
from benchmarks.growth import growth
from benchmarks.inbox import inbox
from benchmarks.journeys import journeys
from benchmarks.lifecycle import lifecycle
from benchmarks.lifecycle_postgres import lifecycle_postgres
from benchmarks.lifecycle_sides import Sizes
from benchmarks.peers.compare import peers
from benchmarks.postgres import postgres
from benchmarks.product_lists import product_lists
from benchmarks.pruning import pruning
from benchmarks.recovery import recovery
from benchmarks.stalled import stalled
from benchmarks.streams import deliveries, streams
from benchmarks.subscriptions import subscriptions
from benchmarks.table import Line
from benchmarks.throughput import throughput

STORED = 100_000
"""Processes; the target is a million, which takes a minute more: ``--stored 1000000``."""

Rows = Callable[[Path], Coroutine[Any, Any, list[Line]]]


def all_rows(stored: int, database_url: str = "") -> dict[str, Rows]:
    """Every benchmark, in its full size."""
    return {
        "lifecycle": lifecycle,
        "lifecycle_postgres": lifecycle_postgres,
        "peers": peers,
        "transitions": storage.transitions,
        "postgres": postgres,
        "busy": storage.busy,
        "subscriber": storage.subscriber,
        "streams": streams,
        "fanout": fanout,
        "stalled": stalled,
        "deliveries": deliveries,
        "throughput": throughput,
        "bad_input": bad_input,
        "step": storage.step,
        "authors": authors,
        "stored": partial(storage.stored, count=stored),
        "growth": partial(growth, count=stored, database_url=database_url),
        "pruning": pruning,
        "deadlines": partial(deadlines, database_url=database_url),
        "recovery": recovery,
        "inbox": inbox,
        "journeys": journeys,
        "subscriptions": partial(subscriptions, count=stored, database_url=database_url),
        "product_lists": partial(product_lists, count=stored, database_url=database_url),
        "dashboard": dashboard,
    }


def quick_rows() -> dict[str, Rows]:
    """The important benchmarks, with so few rounds that all of them take less than five minutes on an idle machine."""
    sizes = Sizes(rounds=1, single=15, in_flight=((16, 48),))
    return {
        "lifecycle": partial(lifecycle, rounds=2, in_flight=((16, 100),)),
        "lifecycle_postgres": partial(lifecycle_postgres, sizes=sizes),
        "transitions": storage.transitions,
        "postgres": postgres,
        "busy": storage.busy,
        "streams": partial(streams, rounds=1, processes=10, crowds=(1,)),
        "fanout": partial(fanout, rounds=2, batches=5),
        "stalled": partial(stalled, rounds=1, looks=20),
        "deliveries": partial(deliveries, count=20_000, warm=5_000),
        "throughput": partial(throughput, rounds=2),
        "bad_input": partial(bad_input, rounds=1, seconds=2.0),
        "step": storage.step,
    }


QUICK = tuple(quick_rows())
