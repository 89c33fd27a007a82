"""Measures the lifecycle on PostgreSQL, on one server and on two, with operators who poll and who are subscribed."""

from contextlib import ExitStack
from pathlib import Path

from benchmarks.database_server import PostgresSite, postgres_site
from benchmarks.lifecycle_sides import (
    CPU,
    DATABASE_CPU,
    FORM,
    IDLE,
    POSTED,
    WHOLE,
    Side,
    Sizes,
    cpu_of,
    measure,
    polled,
    pushed,
    rate_of,
)
from benchmarks.server import ApiAndWorker, Server
from benchmarks.table import Line

SIZES = Sizes()


async def lifecycle_postgres(_: Path, *, sizes: Sizes = SIZES) -> list[Line]:
    """One API server and one worker, and one server with `--role all`; the stretch targets are for pushed events."""
    async with postgres_site() as site:
        sides = await _measured(site, sizes)
    return [line for side in sides for line in _lines(side, sizes)]


async def _measured(site: PostgresSite, sizes: Sizes) -> list[Side]:
    with ExitStack() as stack:
        pair = stack.enter_context(ApiAndWorker(site.database()))
        whole = stack.enter_context(Server(site.database(), command=("serve", "--role", "all")))
        sides = [
            Side("PG api + worker, polled", pair, polled),
            Side("PG api + worker, pushed", pair, pushed),
            Side("PG all, polled", whole, polled),
            Side("PG all, pushed", whole, pushed),
        ]
        await measure(sides, sizes, site)
        return sides


def _lines(side: Side, sizes: Sizes) -> list[Line]:
    flights = [at_once for at_once, _ in sizes.in_flight]
    lines = [
        side.line(WHOLE, stretch="<= 40 ms"),
        side.line(POSTED, stretch="<= 4 ms"),
        side.line(FORM, stretch="<= 14 ms"),
        *(side.line(rate_of(at_once), stretch=">= 70/s") for at_once in flights),
        side.line(CPU, stretch="<= 20 ms"),
        *(side.line(cpu_of(at_once), stretch="<= 20 ms") for at_once in flights),
        side.line(DATABASE_CPU),
    ]
    is_first = side.run is polled  # the same servers run the pushed lifecycles
    return [*lines, side.line(IDLE)] if is_first else lines
