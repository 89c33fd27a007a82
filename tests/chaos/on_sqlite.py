"""The storm over one SQLite file: one server, killed at every boundary of every commit, and at any moment between."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Any

from chaos.evidence import Evidence, gather
from chaos.history import History, Saw
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
"""Processes under way: enough that every kill finds something to destroy."""

LATEST = 4
"""A boundary kills the first, second, third or fourth time it is passed."""

RECORDED = 1.0
"""Seconds in which processes are started while boundaries are recorded."""

LIFE = 3.0
"""Seconds that a life is given to come to its failpoint; then it is stopped."""

MOMENT = (0.05, 0.6)
"""Seconds between which a life is ended that has no failpoint, or only one at its end."""


@dataclass(frozen=True, slots=True)
class Storm:
    """What came of it."""

    evidence: Evidence
    boundaries: frozenset[str]
    """Every boundary there is, as two recorded lives went through them."""


@dataclass(frozen=True, slots=True)
class Fate:
    """How a life ends: at the failpoint or, where there is none, killed after so many seconds."""

    seconds: float
    failpoint: str | None = None


@dataclass(frozen=True, slots=True)
class Boundaries:
    """When in a life the boundaries are come to: only in the first one of a file, in any, and only at its end."""

    birth: frozenset[str]
    life: Counter[str]
    farewell: frozenset[str]


async def storm(folder: Path, nursery: Nursery, *, kills: int, seed: int) -> Storm:
    """Kill so many servers, at each boundary first, and let everything end."""
    dice = random.Random(seed)
    boundaries = await _recorded(folder / "recorded", nursery)
    site = _site(folder, nursery)
    with History(folder / "history") as history:
        for number, boundary in enumerate(sorted(boundaries.birth)):
            await _born_again(folder / f"birth-{number}", nursery, boundary)
            history.note(Saw.HURT, kind="failpoint", where=boundary)
        log = await _rage(site, history, _plan(boundaries, dice, kills - len(boundaries.birth)), dice)
    evidence = await gather(folder, site.database_url, log)
    return Storm(evidence, boundaries.birth | boundaries.life.keys() | boundaries.farewell)


async def _rage(site: Site, history: History, plan: Iterator[Fate], dice: random.Random) -> list[dict[str, Any]]:
    """One life after the other, while processes are started; the log when all have ended."""
    [port] = free_ports(1)
    async with world([f"http://127.0.0.1:{port}"], history, dice) as outside:
        enough = asyncio.Event()
        supplied = asyncio.create_task(outside.supply(enough, AT_ONCE))
        for fate in plan:
            life = await _begin(site, port, outside.remote, fate.failpoint)
            await _kill(life, fate, history)
        life = await _begin(site, port, outside.remote)
        enough.set()
        await asyncio.wait([supplied], timeout=PATIENT)  # what does not end by then is found by the judge
        log = await outside.log()
        supplied.cancel()
        assert await life.end(SIGTERM) == 0
    return log


def _site(folder: Path, nursery: Nursery) -> Site:
    folder.mkdir(exist_ok=True)
    return Site(folder, f"sqlite+aiosqlite:///{folder / 'orchestrator.db'}", nursery, SETTINGS)


async def _begin(site: Site, port: int, remote: str, failpoint: str | None = None, log: Path | None = None) -> Life:
    return await site.begin("server", ["serve"], port=port, remote=remote, failpoint=failpoint, log=log)


async def _recorded(folder: Path, nursery: Nursery) -> Boundaries:
    """The boundaries of two lives in which nobody is killed: the first one's, which makes the file, and the next's."""
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
    birth = frozenset(before[0].keys() - before[1].keys())
    return Boundaries(birth, before[1], frozenset(after[1].keys() - before[1].keys()))


def _plan(boundaries: Boundaries, dice: random.Random, kills: int) -> Iterator[Fate]:
    """Each boundary once, in no order; then any of them and, every third time, any moment."""
    every = sorted(boundaries.life.keys() | boundaries.farewell)
    dice.shuffle(every)

    def at(boundary: str) -> Fate:
        seconds = LIFE if boundary in boundaries.life else dice.uniform(*MOMENT)
        return Fate(seconds, f"{boundary}:{dice.randint(1, min(LATEST, boundaries.life[boundary] or 1))}")

    for number in range(kills):
        if number < len(every):
            yield at(every[number])
        else:
            yield at(dice.choice(every)) if number % 3 else Fate(dice.uniform(*MOMENT))


async def _kill(life: Life, fate: Fate, history: History) -> None:
    """See that the life ends as is its fate.

    One that did not come to its failpoint in time is told to stop: some boundaries are only come to then.
    """
    try:
        code = await asyncio.wait_for(asyncio.shield(life.gone), fate.seconds)
    except TimeoutError:
        code = await life.end(SIGTERM if fate.failpoint else SIGKILL)
    if code == KILLED and fate.failpoint:
        history.note(Saw.HURT, kind="failpoint", where=fate.failpoint.rpartition(":")[0])
    elif code == -SIGKILL:
        history.note(Saw.HURT, kind="kill -9")
    else:
        assert code == 0, f"the server ended with {code}"
        history.note(Saw.HURT, kind="stop")


async def _born_again(folder: Path, nursery: Nursery, boundary: str) -> None:
    """Kill a server while it makes its file; the next one makes it whole, and takes requests."""
    site = _site(folder, nursery)
    [port] = free_ports(1)
    life = await _begin(site, port, "", f"{boundary}:1")
    assert await asyncio.wait_for(asyncio.shield(life.gone), PATIENT) == KILLED, boundary
    life = await _begin(site, port, "")
    with History(folder / "history") as history:
        async with world([f"http://127.0.0.1:{port}"], history, random.Random(0)) as outside:
            assert await outside.log() == []
    assert await life.end(SIGTERM) == 0
