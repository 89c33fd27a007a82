"""The storm over PostgreSQL: API servers and workers that are killed, frozen and kept busy, and a database that dies.

Each server has a warden that starts it again whenever it is dead, more often than not with a failpoint to die at.
Meanwhile one fault after the other is made. Processes are started, answered and read all the while, at whichever API
server answers.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM
from typing import Any

import psycopg
from sqlalchemy import make_url
from support.postgres_cluster import PostgresCluster

from chaos import workflows
from chaos.evidence import Evidence, gather
from chaos.history import History, Saw
from chaos.lives import Life, Nursery
from chaos.site import PATIENT, Site, free_ports, passed
from chaos.world import World, world
from orchestrator_gql.storage.database.failpoints import KILLED

LEASE = 2.5
SETTINGS = {
    "ORCHESTRATOR_LEASE": str(LEASE),
    "ORCHESTRATOR_HEARTBEAT": "0.5",
    "ORCHESTRATOR_GRACE": "3",
    "ORCHESTRATOR_LOG_LEVEL": "WARNING",
    workflows.SLOW: "0.5",  # what is frozen must have something in its hands
}
AT_ONCE = 16
APIS, WORKERS = 2, 3
RECORDED = 3.0
"""Seconds in which processes are started while boundaries are recorded."""

LATEST = 20
"""A boundary kills at most the twentieth time it is passed: a life should do some work."""

FROZEN = LEASE * 1.6
"""Seconds that a server is held: its leases run out, and others take over what it has in its hands."""

WAKING = 1.5
"""Seconds that a server is spared when it goes on, so that it comes to commit what it had in its hands."""

KINDS = {"kill -9": 8, "stop": 2, "freeze": 5, "busy loop": 2, "queue emptied": 2, "database killed": 1}
"""How often each fault is made, against the others."""

PACE = (0.5, 1.5)
"""Seconds between two faults, from and to: between them some work is done."""

ARMED = 0.6
"""How many lives have a failpoint."""

DEATHS = ("failpoint", "kill -9", "stop")
CANNOT_START, WITHOUT_DATABASE = 2, "cannot be used: connection"
"""How a server ends that finds no database when it starts, and what it says: it is right to."""

REFUSED = "a commit was refused"
"""What a worker logs whose process is in other hands."""


@dataclass(slots=True)
class Post:
    """One server of the deployment, through all its lives."""

    name: str
    command: Sequence[str]
    port: int
    boundaries: Counter[str] = field(default_factory=Counter)
    life: Life | None = None
    lives: int = 0
    frozen: set[int] = field(default_factory=set)
    """The lives that were held longer than their leases."""
    is_armed: bool = False
    """It is to die at a failpoint."""
    is_held: bool = False
    """It is held now; killed meanwhile, it could not show what it does when it wakes up."""

    @property
    def is_api(self) -> bool:
        """Whether it answers requests."""
        return self.name.startswith("api")


@dataclass(frozen=True, slots=True)
class Storm:
    """What came of it; ``refused``: commits of processes that were in other hands, and those by frozen servers."""

    evidence: Evidence
    boundaries: frozenset[str]
    refused: int
    refused_frozen: int


@dataclass(slots=True)
class Deployment:
    """The servers, their wardens and their enemies."""

    site: Site
    cluster: PostgresCluster
    posts: Sequence[Post]
    history: History
    outside: World
    dice: random.Random
    kills: int
    deaths: int = 0
    killed_at: set[str] = field(default_factory=set)
    """The boundaries at which a server died; the others come first."""
    database_dies: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def is_over(self) -> bool:
        """Whether enough servers died."""
        return self.deaths >= self.kills

    async def guard(self, post: Post) -> None:
        """Start the server again whenever it is dead, until cancelled."""
        while True:
            failpoint = self._failpoint(post) if post.lives and self.dice.random() < ARMED else None
            life = await self.begin(post, failpoint)
            code = await asyncio.shield(life.gone)
            self._note_death(post, failpoint, code)
            await asyncio.sleep(self.dice.uniform(0.0, 0.5))

    async def begin(self, post: Post, failpoint: str | None = None, log: Path | None = None) -> Life:
        """The next life of the server; the first one of each role by the command itself."""
        post.lives += 1
        post.is_armed = failpoint is not None
        post.life = await self.site.begin(
            f"{post.name}-{post.lives}",
            post.command,
            port=post.port,
            remote=self.outside.remote,
            failpoint=failpoint,
            log=log,
            forked=post.lives > 1 or not post.name.endswith("-0"),
        )
        return post.life

    def _failpoint(self, post: Post) -> str | None:
        if self.is_over:
            return None
        spared = sorted(post.boundaries.keys() - self.killed_at)
        if spared:
            return f"{self.dice.choice(spared)}:1"
        boundary = self.dice.choice(sorted(post.boundaries))
        return f"{boundary}:{self.dice.randint(1, min(LATEST, post.boundaries[boundary]))}"

    def _note_death(self, post: Post, failpoint: str | None, code: int) -> None:
        kind = {KILLED: "failpoint", -SIGKILL: "kill -9", -SIGTERM: "stop", 0: "stop"}.get(code)
        if kind is None:
            said = (self.site.folder / f"{post.name}-{post.lives}.log").read_text()
            if not (code == CANNOT_START and WITHOUT_DATABASE in said):
                self.history.note(Saw.REFUSED, what=f"{post.name} ended with {code}: {said[-500:]}")
        if kind in DEATHS:
            self.deaths += 1
            where = (failpoint or "").rpartition(":")[0] if kind == "failpoint" else ""
            self.killed_at.add(where)
            self.history.note(Saw.HURT, kind=kind, who=post.name, where=where)

    async def rage(self) -> None:
        """Make one fault after the other until enough servers died."""
        faults: Mapping[str, Callable[[], Awaitable[None]]] = {
            "kill -9": lambda: self._end(SIGKILL),
            "stop": lambda: self._end(SIGTERM),
            "freeze": self._freeze,
            "busy loop": self._keep_busy,
            "queue emptied": self._empty_queue,
            "database killed": self._kill_database,
        }
        async with asyncio.TaskGroup() as group:
            while not self.is_over:
                [kind] = self.dice.choices(list(KINDS), list(KINDS.values()))
                group.create_task(faults[kind]())  # type: ignore[arg-type]
                await asyncio.sleep(self.dice.uniform(*PACE))

    async def _end(self, number: Any) -> None:
        life = self.dice.choice([post for post in self.posts if not post.is_held]).life
        if life is not None:
            life.signal(number)

    async def _freeze(self) -> None:
        able = [post for post in self.posts if not (post.is_api or post.is_armed or post.is_held)]
        post = self.dice.choice(able) if able else None
        life = post.life if post else None
        if post is None or life is None or life.gone.done():
            return
        post.is_held = True
        post.frozen.add(post.lives)
        life.signal(SIGSTOP)
        self.history.note(Saw.HURT, kind="freeze", who=post.name)
        await asyncio.sleep(FROZEN)
        life.signal(SIGCONT)
        await asyncio.sleep(WAKING)
        post.is_held = False

    async def _keep_busy(self) -> None:
        self.history.note(Saw.HURT, kind="busy loop")
        await self.outside.run(busy=FROZEN)

    async def _empty_queue(self) -> None:
        url = make_url(self.site.database_url).set(drivername="postgresql").render_as_string(hide_password=False)

        def empty() -> None:
            with psycopg.connect(url, autocommit=True) as conn:
                conn.execute("TRUNCATE procrastinate_jobs CASCADE")

        async with self.database_dies:  # not while it is away
            await asyncio.to_thread(empty)
        self.history.note(Saw.HURT, kind="queue emptied")

    async def _kill_database(self) -> None:
        async with self.database_dies:
            self.history.note(Saw.HURT, kind="database killed")
            await asyncio.to_thread(self.cluster.stop_immediately)
            await asyncio.sleep(self.dice.uniform(0.2, 2.0))
            await asyncio.to_thread(self.cluster.start)


async def storm(folder: Path, nursery: Nursery, cluster: PostgresCluster, *, kills: int, seed: int) -> Storm:
    """Let so many servers die while everything else goes wrong as well, and let everything end."""
    dice = random.Random(seed)
    ports = free_ports(APIS + WORKERS)
    public = f"http://127.0.0.1:{ports[0]}"
    posts = [Post(f"api-{n}", ("serve", "--role", "api"), port) for n, port in enumerate(ports[:APIS])]
    posts += [Post(f"worker-{n}", ("worker", "--public-url", public), port) for n, port in enumerate(ports[APIS:])]
    with cluster.server.database() as url, History(folder / "history") as history:
        site = Site(folder, url, nursery, SETTINGS)
        async with world([f"http://127.0.0.1:{port}" for port in ports[:APIS]], history, dice) as outside:
            deployment = Deployment(site, cluster, posts, history, outside, dice, kills)
            await _record(deployment)
            log = await _weather(deployment)
        evidence = await gather(folder, url, log)
    boundaries = frozenset(boundary for post in posts for boundary in post.boundaries)
    lines = list(_refused(folder, posts))
    return Storm(evidence, boundaries, sum(n for n, _ in lines), sum(n for n, is_frozen in lines if is_frozen))


async def _record(deployment: Deployment) -> None:
    """One life of each server in which nobody is killed, to learn which boundaries it comes to."""
    logs = [deployment.site.folder / f"boundaries-{post.name}" for post in deployment.posts]
    await asyncio.gather(*(deployment.begin(post, log=log) for post, log in zip(deployment.posts, logs, strict=True)))
    enough = asyncio.Event()
    asyncio.get_running_loop().call_later(RECORDED, enough.set)
    async with asyncio.timeout(PATIENT):
        await deployment.outside.supply(enough, AT_ONCE)
    for post, log in zip(deployment.posts, logs, strict=True):
        assert post.life is not None
        assert await post.life.end(SIGTERM) == 0
        post.boundaries = passed(log)


async def _weather(deployment: Deployment) -> list[dict[str, Any]]:
    """The storm and the calm after it; the log when all have ended."""
    outside = deployment.outside
    enough = asyncio.Event()
    supplied = asyncio.create_task(outside.supply(enough, AT_ONCE))
    wardens = [asyncio.create_task(deployment.guard(post)) for post in deployment.posts]
    try:
        await deployment.rage()
        enough.set()
        await asyncio.wait([supplied], timeout=PATIENT)  # what does not end by then is found by the judge
        log = await outside.log()
    finally:
        for task in (supplied, *wardens):
            task.cancel()
        await asyncio.gather(supplied, *wardens, return_exceptions=True)
    for post in deployment.posts:
        if post.life is not None:
            await post.life.end(SIGTERM)
    return log


def _refused(folder: Path, posts: Sequence[Post]) -> Iterator[tuple[int, bool]]:
    """How many commits each life was refused, and whether it had been frozen."""
    for post in posts:
        for number in range(1, post.lives + 1):
            log = folder / f"{post.name}-{number}.log"
            if log.exists():
                yield log.read_text().count(REFUSED), number in post.frozen
