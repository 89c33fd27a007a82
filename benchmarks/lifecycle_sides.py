"""Measures the same lifecycle on several systems that take turns, for the rows of PostgreSQL and of the peers."""

import asyncio
import statistics
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from benchmarks.database_server import PostgresSite
from benchmarks.lifecycle import Measured, run_lifecycles
from benchmarks.polled import GraphQLOperator, RestOperator, run_polled
from benchmarks.server import RunningServer
from benchmarks.table import Line, spread_of, spread_of_ratios

Run = Callable[[str, int, int], Awaitable[Measured]]
"""Runs so many lifecycles at this URL, so many of them at the same time."""


async def polled(url: str, count: int, at_once: int) -> Measured:
    """The product, with operators who poll."""
    return await run_polled(url, GraphQLOperator, count=count, at_once=at_once)


async def polled_peer(url: str, count: int, at_once: int) -> Measured:
    """A peer, with operators who poll."""
    return await run_polled(url, RestOperator, count=count, at_once=at_once)


async def pushed(url: str, count: int, at_once: int) -> Measured:
    """The product, with an operator who is subscribed."""
    return await run_lifecycles(url, count=count, at_once=at_once)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rounds, and the lifecycles of a round: one at a time, and in flight."""

    rounds: int = 3
    single: int = 20
    in_flight: tuple[tuple[int, int], ...] = ((16, 64), (64, 128))
    """How many at once, and how many in all."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What is measured of a system in each round. Of a rate more is better, of everything else less."""

    name: str
    unit: str
    is_rate: bool = False


WHOLE = Figure("lifecycle, one at a time, p50", "ms")
POSTED = Figure("callback POST, p50", "ms")
FORM = Figure("callback -> confirmable, p50", "ms")
CPU = Figure("server CPU a lifecycle, one at a time", "ms")
DATABASE_CPU = Figure("CPU of PostgreSQL a lifecycle, one at a time", "ms")
IDLE = Figure("RSS idle, a process", "MB")


def rate_of(at_once: int) -> Figure:
    """Lifecycles a second with so many in flight."""
    return Figure(f"lifecycles, {at_once} in flight", "/s", is_rate=True)


def cpu_of(at_once: int) -> Figure:
    """Seconds of CPU of a lifecycle with so many in flight."""
    return Figure(f"server CPU a lifecycle, {at_once} in flight", "ms")


@dataclass(slots=True)
class Side:
    """A running system, how lifecycles are run on it, and its figures by round."""

    name: str
    server: RunningServer
    run: Run
    figures: dict[Figure, list[float]] = field(default_factory=dict)

    async def round(self, sizes: Sizes, site: PostgresSite) -> None:
        """Measure once."""
        before, database = self.server.cpu(), site.cpu()
        single = await self.run(self.server.url, sizes.single, 1)
        self._add(CPU, (self.server.cpu() - before) * 1000 / sizes.single)
        self._add(DATABASE_CPU, (site.cpu() - database) * 1000 / sizes.single)
        for figure, values in ((WHOLE, single.whole), (POSTED, single.posted), (FORM, single.form)):
            self._add(figure, statistics.median(values))
        for at_once, count in sizes.in_flight:
            before = self.server.cpu()
            many = await self.run(self.server.url, count, at_once)
            self._add(rate_of(at_once), many.rate)
            self._add(cpu_of(at_once), (self.server.cpu() - before) * 1000 / count)

    def _add(self, figure: Figure, value: float) -> None:
        self.figures.setdefault(figure, []).append(value)

    def line(self, figure: Figure, must: str = "", stretch: str = "", *, other: "Side | None" = None) -> Line:
        """The row of the figure, beside that of another system if there is one."""
        name, values = f"{self.name}: {figure.name}", self.figures[figure]
        measured = statistics.median(values)
        if other is None:
            spread = spread_of(values, figure.unit) if len(values) > 1 else ""
            return Line(name, _text(measured, figure), must=must, stretch=stretch, spread=spread)
        reference = statistics.median(other.figures[figure])
        spread = spread_of_ratios(values, other.figures[figure]) if len(values) > 1 else ""
        texts = (_text(measured, figure), _text(reference, figure))
        return Line(name, *texts, measured / reference if reference else None, must, stretch, spread)


def _text(value: float, figure: Figure) -> str:
    gap = "" if figure.is_rate else " "
    return f"{value:,.1f}{gap}{figure.unit}"


async def measure(sides: list[Side], sizes: Sizes, site: PostgresSite) -> None:
    """Warm each system, then measure all of them in turn, round by round."""
    for side in sides:
        side.figures[IDLE] = [side.server.rss() / side.server.processes]
        await side.run(side.server.url, max(sizes.single // 2, 2), 2)
    for _ in range(sizes.rounds):
        for side in sides:
            await asyncio.sleep(0.2)
            await side.round(sizes, site)
