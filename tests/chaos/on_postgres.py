"""The storm over PostgreSQL: API servers and workers are killed, frozen and kept busy, and the database dies.

Each server has a warden, a task that starts it again when it is dead, usually with a failpoint at which it dies. At the
same time the storm causes one fault after the other. Clients start, answer and read processes all the time, at any API
server that answers.
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
from chaos.history import History, Observation
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
    workflows.SLOW: "0.5",  # a frozen worker must have a process
}
AT_ONCE = 24
APIS, WORKERS = 2, 3
CONNECTIONS = 220
"""All of them need 172 at most, as 'Deploy on PostgreSQL' counts; sessions of killed servers last a little longer."""
RECORDED = 3.0
"""Seconds in which processes are started while boundaries are recorded."""

LATEST = 20
"""A boundary kills at the twentieth pass at the latest, so that a server does some work before."""

FROZEN = LEASE * 1.6
"""Seconds that a server is frozen: its leases end, and other workers take over its processes."""

WAKING = 1.5
"""Seconds without faults for a server that goes on, so that it tries to commit its former processes."""

KINDS = {"kill -9": 8, "stop": 2, "freeze": 5, "busy loop": 2, "queue emptied": 2, "database killed": 1}
"""The weight of each fault against the others."""

PACE = (0.8, 2.0)
"""Seconds between two faults, from and to: the servers do some work in between."""

ARMED = 0.6
"""The share of lives that have a failpoint."""

DEATHS = ("failpoint", "kill -9", "stop")
CANNOT_START, WITHOUT_DATABASE = 2, "cannot be used: connection"
"""The exit code and the message of a server that finds no database at its start; both are correct."""

REFUSED = "a commit was refused"
"""What a worker logs if another worker has its process."""


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
    """The numbers of the lives that were frozen longer than their leases."""
    is_armed: bool = False
    """It will die at a failpoint."""
    is_held: bool = False
    """It is frozen now. The storm does not kill it: it must show what it does when it goes on."""

    @property
    def is_api(self) -> bool:
        """Whether it answers requests."""
        return self.name.startswith("api")


@dataclass(frozen=True, slots=True)
class Storm:
    """The result of a storm; ``refused`` counts commits of workers that had lost their process."""

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
    """The boundaries at which a server died already; the others are used first."""
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
        remaining = sorted(post.boundaries.keys() - self.killed_at)
        if remaining:
            return f"{self.dice.choice(remaining)}:1"
        boundary = self.dice.choice(sorted(post.boundaries))
        return f"{boundary}:{self.dice.randint(1, min(LATEST, post.boundaries[boundary]))}"

    def _note_death(self, post: Post, failpoint: str | None, code: int) -> None:
        kind = {KILLED: "failpoint", -SIGKILL: "kill -9", -SIGTERM: "stop", 0: "stop"}.get(code)
        if kind is None:
            log = (self.site.folder / f"{post.name}-{post.lives}.log").read_text()
            if not (code == CANNOT_START and WITHOUT_DATABASE in log):
                self.history.note(Observation.REFUSED, what=f"{post.name} ended with {code}: {log[-500:]}")
        if kind in DEATHS:
            self.deaths += 1
            where = (failpoint or "").rpartition(":")[0] if kind == "failpoint" else ""
            self.killed_at.add(where)
            self.history.note(Observation.HURT, kind=kind, who=post.name, where=where)

    async def rage(self) -> None:
        """Cause one fault after the other until enough servers died."""
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
        post = await self._busiest()
        life = post.life if post else None
        if post is None or life is None or life.gone.done():
            return
        post.is_held = True
        post.frozen.add(post.lives)
        life.signal(SIGSTOP)
        self.history.note(Observation.HURT, kind="freeze", who=post.name)
        await asyncio.sleep(FROZEN)
        life.signal(SIGCONT)
        await asyncio.sleep(WAKING)
        post.is_held = False

    async def _keep_busy(self) -> None:
        self.history.note(Observation.HURT, kind="busy loop")
        await self.outside.run(workflows.straight, busy=FROZEN)

    async def _busiest(self) -> Post | None:
        """The worker with the most processes, of the servers that are neither armed nor frozen."""
        held = await self._execute("SELECT worker FROM processes WHERE worker IS NOT NULL")
        counts = Counter(int(worker.split(":")[1]) for (worker,) in held)
        able = [post for post in self.posts if not (post.is_armed or post.is_held) and post.life]
        busy = [post for post in able if post.life and counts[post.life.pid]]
        return max(busy, key=lambda post: counts[post.life.pid] if post.life else 0, default=None)

    async def _empty_queue(self) -> None:
        await self._execute("TRUNCATE procrastinate_jobs CASCADE")
        self.history.note(Observation.HURT, kind="queue emptied")

    async def _execute(self, statement: str) -> Sequence[Any]:
        url = make_url(self.site.database_url).set(drivername="postgresql").render_as_string(hide_password=False)

        def execute() -> Sequence[Any]:
            with psycopg.connect(url, autocommit=True) as conn:
                cursor = conn.execute(statement.encode())
                return cursor.fetchall() if cursor.description else ()

        async with self.database_dies:  # not while the database is down
            return await asyncio.to_thread(execute)

    async def _kill_database(self) -> None:
        async with self.database_dies:
            self.history.note(Observation.HURT, kind="database killed")
            await asyncio.to_thread(self.cluster.stop_immediately)
            await asyncio.sleep(self.dice.uniform(0.2, 2.0))
            await asyncio.to_thread(self.cluster.start)


async def storm(folder: Path, nursery: Nursery, cluster: PostgresCluster, *, kills: int, seed: int) -> Storm:
    """Kill ``kills`` servers among all other faults, then let every process end."""
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
    """Run each server once without a kill, to record the boundaries that it passes."""
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
    """The storm and the time after it; the event log when all processes have ended."""
    outside = deployment.outside
    enough = asyncio.Event()
    supplied = asyncio.create_task(outside.supply(enough, AT_ONCE))
    wardens = [asyncio.create_task(deployment.guard(post)) for post in deployment.posts]
    try:
        await deployment.rage()
        enough.set()
        await asyncio.wait([supplied], timeout=PATIENT)  # the invariants report open processes
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
    """For each life: how many of its commits were refused, and whether it had been frozen."""
    for post in posts:
        for number in range(1, post.lives + 1):
            log = folder / f"{post.name}-{number}.log"
            if log.exists():
                yield log.read_text().count(REFUSED), number in post.frozen
