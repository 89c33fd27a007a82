"""The storm over one SQLite file: one server, killed at every boundary of every commit and at random moments."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Any

from chaos.evidence import Evidence, gather
from chaos.history import History, Observation
from chaos.lives import Life, Nursery
from chaos.site import PATIENT, Site, free_ports, passed
from chaos.world import world
from orchestrator_gql.storage.database.failpoints import KILLED

SETTINGS = {
    "ORCHESTRATOR_HEARTBEAT": "0.1",
    "ORCHESTRATOR_GRACE": "5",
    "ORCHESTRATOR_LOG_LEVEL": "WARNING",
}
AT_ONCE = 6
"""Processes at the same time: enough that every kill interrupts some work."""

LATEST = 4
"""A boundary kills at its first, second, third or fourth pass."""

RECORDED = 1.0
"""Seconds in which processes are started while boundaries are recorded."""

LIFE = 3.0
"""Seconds in which a server must reach its failpoint; then it is stopped."""

MOMENT = (0.05, 0.6)
"""Seconds after which a server without a failpoint is killed, from and to."""

FAREWELL = (0.6, 1.2)
"""Seconds after which a server is stopped whose failpoint is in its shutdown, from and to."""

AT_ANY_MOMENT = 0.3
"""The share of lives without a failpoint, after each boundary has had its turn."""

TRIES = 5
"""How many lives may try to reach one boundary."""


@dataclass(frozen=True, slots=True)
class Storm:
    """The result of a storm."""

    evidence: Evidence
    boundaries: frozenset[str]
    """Every boundary that two recorded lives passed."""


@dataclass(frozen=True, slots=True)
class Fate:
    """How a life ends: at its failpoint, or killed after ``seconds`` if it has none."""

    seconds: float
    boundary: str = ""
    times: int = 1

    @property
    def failpoint(self) -> str | None:
        """The value for the environment variable."""
        return f"{self.boundary}:{self.times}" if self.boundary else None


@dataclass(frozen=True, slots=True)
class Boundaries:
    """Which boundaries a server passes: only with a new file, always, and only in its shutdown."""

    birth: frozenset[str]
    life: Counter[str]
    farewell: frozenset[str]


class Fates:
    """Each boundary once, in random order, again if a life did not reach it; then random ones or random moments."""

    def __init__(self, boundaries: Boundaries, dice: random.Random, kills: int) -> None:
        self._boundaries, self._dice, self._left = boundaries, dice, kills
        self._every = sorted(boundaries.life.keys() | boundaries.farewell)
        self._first = dict.fromkeys(dice.sample(self._every, len(self._every)), TRIES)

    def next(self) -> Fate | None:
        """The fate of the next life; None if enough servers have died."""
        if self._first:
            return self._at(next(iter(self._first)), 1)
        if self._left <= 0:
            return None
        if self._dice.random() < AT_ANY_MOMENT:
            return Fate(self._dice.uniform(*MOMENT))
        boundary = self._dice.choice(self._every)
        return self._at(boundary, self._dice.randint(1, min(LATEST, self._boundaries.life[boundary] or 1)))

    def met(self, fate: Fate, kind: str) -> None:
        """Count how a life ended."""
        self._left -= kind != "stop"
        tries = self._first.pop(fate.boundary, 1) - 1
        if kind == "stop" and tries > 0:
            self._first[fate.boundary] = tries  # after the others

    def _at(self, boundary: str, times: int) -> Fate:
        seconds = LIFE if boundary in self._boundaries.life else self._dice.uniform(*FAREWELL)
        return Fate(seconds, boundary, times)


async def storm(folder: Path, nursery: Nursery, *, kills: int, seed: int) -> Storm:
    """Kill ``kills`` servers, at each boundary first, then let every process end."""
    dice = random.Random(seed)
    boundaries = await _recorded(folder / "recorded", nursery)
    site = _site(folder, nursery)
    with History(folder / "history") as history:
        for number, boundary in enumerate(sorted(boundaries.birth)):
            await _born_again(folder / f"birth-{number}", nursery, boundary)
            history.note(Observation.HURT, kind="failpoint", where=boundary)
        fates = Fates(boundaries, dice, kills - len(boundaries.birth))
        log = await _rage(site, history, fates, dice)
    evidence = await gather(folder, site.database_url, log)
    return Storm(evidence, boundaries.birth | boundaries.life.keys() | boundaries.farewell)


async def _rage(site: Site, history: History, fates: Fates, dice: random.Random) -> list[dict[str, Any]]:
    """Run one life after the other while clients start processes; the event log when all have ended."""
    [port] = free_ports(1)
    async with world([f"http://127.0.0.1:{port}"], history, dice) as outside:
        enough = asyncio.Event()
        supplied = asyncio.create_task(outside.supply(enough, AT_ONCE))
        try:
            while fate := fates.next():
                life = await _begin(site, port, outside.remote, fate.failpoint)
                fates.met(fate, await _kill(life, fate, history))
            life = await _begin(site, port, outside.remote)
            enough.set()
            await asyncio.wait([supplied], timeout=PATIENT)  # the invariants report open processes
            log = await outside.log()
        finally:
            supplied.cancel()
            await asyncio.wait([supplied])
        assert await life.end(SIGTERM) == 0
    return log


def _site(folder: Path, nursery: Nursery) -> Site:
    folder.mkdir(exist_ok=True)
    return Site(folder, f"sqlite+aiosqlite:///{folder / 'orchestrator.db'}", nursery, SETTINGS)


async def _begin(site: Site, port: int, remote: str, failpoint: str | None = None, log: Path | None = None) -> Life:
    return await site.begin("server", ["serve"], port=port, remote=remote, failpoint=failpoint, log=log)


async def _recorded(folder: Path, nursery: Nursery) -> Boundaries:
    """The boundaries of two lives without a kill: the first one creates the file, the second one finds it."""
    site = _site(folder, nursery)
    [port] = free_ports(1)
    before: list[Counter[str]] = []
    after: list[Counter[str]] = []
    with History(folder / "history") as history:
        async with world([f"http://127.0.0.1:{port}"], history, random.Random(0)) as outside:
            for number in range(2):
                log = folder / f"boundaries-{number}"
                life = await _begin(site, port, outside.remote, log=log)
                enough = asyncio.Event()
                asyncio.get_running_loop().call_later(RECORDED, enough.set)
                async with asyncio.timeout(PATIENT):
                    await outside.supply(enough, AT_ONCE)
                before.append(passed(log))
                await life.end(SIGTERM)
                after.append(passed(log))
    birth = frozenset(before[0].keys() - after[1].keys())  # the seal of a second may come before or at the end
    return Boundaries(birth, before[1], frozenset(after[1].keys() - before[1].keys()))


async def _kill(life: Life, fate: Fate, history: History) -> str:
    """Wait until the life ends by its fate, and return how it ended.

    A server that did not reach its failpoint in time is stopped: it passes some boundaries only in its shutdown.
    """
    try:
        code = await asyncio.wait_for(asyncio.shield(life.gone), fate.seconds)
    except TimeoutError:
        code = await life.end(SIGTERM if fate.failpoint else SIGKILL)
    kind = {KILLED: "failpoint", -SIGKILL: "kill -9", 0: "stop", -SIGTERM: "stop"}.get(code)
    assert kind is not None, f"the server ended with {code}"
    history.note(Observation.HURT, kind=kind, where=fate.boundary if kind == "failpoint" else "")
    return kind


async def _born_again(folder: Path, nursery: Nursery, boundary: str) -> None:
    """Kill a server while it creates its file; the next server completes the file and takes requests."""
    site = _site(folder, nursery)
    [port] = free_ports(1)
    life = await _begin(site, port, "", f"{boundary}:1")
    assert await asyncio.wait_for(asyncio.shield(life.gone), PATIENT) == KILLED, boundary
    life = await _begin(site, port, "")
    with History(folder / "history") as history:
        async with world([f"http://127.0.0.1:{port}"], history, random.Random(0)) as outside:
            assert await outside.log() == []
    assert await life.end(SIGTERM) == 0
