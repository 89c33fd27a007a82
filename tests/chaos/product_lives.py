"""The storm over product subscriptions: servers are killed while operators create, change, validate and end them.

The operators act through GraphQL, at any server that answers. Run alone, this module is the long storm over both
databases.
"""

import argparse
import asyncio
import itertools
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL, SIGTERM
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select
from support.postgres_cluster import postgres_cluster
from support.product_lives import DeedRefused, Operators, Seen, demand_all

from chaos.history import History, Observation, entries
from chaos.lives import Life, Nursery, nursery
from chaos.site import PATIENT, Site, free_ports, passed
from chaos.world import AGAIN, World
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.database.failpoints import KILLED
from orchestrator_gql.storage.tables import processes, product_subscription_versions
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.workflow import Workflow

KILLS = {"sqlite": 400, "postgres": 200}
OPERATORS = 4
ARMED = 0.6
"""The share of lives with a failpoint."""

ANSWERS = (1, 8)
"""The answers to operators after which a server is killed at any moment, from and to; for each server of the site."""

ANSWERS_WITH_A_FAILPOINT = 12
"""The answers after which a server is killed that has not reached its failpoint."""

LIFE = 15.0
"""Seconds after which a server is killed in any case."""

LATEST = 6
"""A boundary kills at its sixth pass at the latest."""

SETTINGS = {
    "ORCHESTRATOR_LEASE": "2.5",
    "ORCHESTRATOR_HEARTBEAT": "0.3",
    "ORCHESTRATOR_GRACE": "5",
    "ORCHESTRATOR_LOG_LEVEL": "WARNING",
}
START = """mutation($input: StartWorkflowInput!) { result: startWorkflow(input: $input) {
  __typename ... on StartWorkflowSuccess { process { id } } ... on UserError { code message } } }"""
SUBMIT = """mutation($input: SubmitFormInput!) { result: submitForm(input: $input) {
  __typename ... on UserError { code message } } }"""
RETRY = """mutation($input: RetryProcessInput!) { result: retryProcess(input: $input) {
  __typename ... on UserError { code message } } }"""
ABORT = """mutation($input: AbortProcessInput!) { result: abortProcess(input: $input) {
  __typename ... on UserError { code message } } }"""
IN_SYNC = """mutation($input: SetInSyncInput!) { result: setInSync(input: $input) {
  __typename ... on UserError { code message } } }"""
STANDS = "query($id: ID!) { process(id: $id) { status state failure { code } openInputRequest { id } } }"
MOVING = ("CREATED", "RUNNING")


class RemoteOperators(Operators):
    """Operators who act through GraphQL, and remember what was acknowledged."""

    def __init__(self, world: World, seed: int) -> None:
        super().__init__(seed)
        self.world = world
        self.started: list[str] = []
        self.ended: dict[str, ProcessStatus] = {}
        self.answers = 0
        self._keys = itertools.count()

    async def start(self, workflow: Workflow, *pages: Any) -> str:
        values = {"workflowName": workflow.name, "pages": list(pages), "idempotencyKey": f"{next(self._keys)}"}
        result = await self._do(START, values)
        id: str = result["process"]["id"]
        self.started.append(id)
        return id

    async def rested(self, process_id: str) -> Seen:
        while (process := await self._process(process_id))["status"] in MOVING:  # noqa: ASYNC110 - servers are dead
            await asyncio.sleep(AGAIN)
        self.answers += 1  # not for each look: while no worker lives, there are only looks
        status, failure = ProcessStatus(process["status"]), process["failure"]
        if status.is_ended:
            self.ended[process_id] = status
        return Seen(status, failure and failure["code"], (process["state"] or {}).get("subscription_id"))

    async def submit(self, process_id: str) -> None:
        request = (await self._process(process_id))["openInputRequest"]
        await self._do(SUBMIT, {"inputRequestId": request["id"], "pages": [{}], "idempotencyKey": request["id"]})

    async def retry(self, process_id: str) -> None:
        await self._do(RETRY, {"processId": process_id})

    async def end(self, process_id: str) -> None:
        await self._do(ABORT, {"processId": process_id})
        self.ended[process_id] = ProcessStatus.ABORTED

    async def set_in_sync(self, id: str) -> None:
        await self._do(IN_SYNC, {"productSubscriptionId": id, "reason": "I looked."})

    async def _process(self, process_id: str) -> dict[str, Any]:
        process: dict[str, Any] = (await self.world.ask(STANDS, {"id": process_id}))["process"]
        return process

    async def _do(self, mutation: str, values: dict[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = (await self.world.ask(mutation, {"input": values}))["result"]
        self.answers += 1
        if "code" in result:
            raise DeedRefused(result["code"])
        return result


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a storm did, and what is wrong after it."""

    counted: Counter[str]
    deaths: Counter[str]
    processes: int
    versions: int
    complaints: list[str]


@dataclass(slots=True)
class Storm:
    """Servers that die and are started again, until enough of them died."""

    site: Site
    operators: RemoteOperators
    servers: int
    kills: int
    dice: random.Random
    history: History
    boundaries: Counter[str] = field(default_factory=Counter)
    deaths: Counter[str] = field(default_factory=Counter)

    @property
    def is_over(self) -> bool:
        """Whether enough servers died."""
        return self.deaths.total() >= self.kills

    async def guard(self, name: str, command: Sequence[str], port: int) -> None:
        """Start the server, and again when it has died; the last life goes on until the task is cancelled."""
        life: Life | None = None
        try:
            while not self.is_over:
                failpoint = self._failpoint() if self.dice.random() < ARMED else None
                life = await self.site.begin(name, command, port=port, failpoint=failpoint)
                with suppress(TimeoutError):
                    async with asyncio.timeout(LIFE):
                        await self._answers(life, is_armed=failpoint is not None)
                code = await life.end(SIGKILL)
                kind = {KILLED: "failpoint", -SIGKILL: "kill -9"}.get(code)
                assert kind is not None, f"{name} ended with {code}"
                self.deaths[kind] += 1
                self.history.note(Observation.HURT, kind=kind, who=name, where=failpoint or "")
            life = await self.site.begin(name, command, port=port)
            await asyncio.Event().wait()
        finally:
            if life is not None:
                await life.end(SIGTERM)

    async def _answers(self, life: Life, *, is_armed: bool) -> None:
        """Wait until the operators got some more answers, or the server is dead."""
        more = ANSWERS_WITH_A_FAILPOINT if is_armed else self.dice.randint(*ANSWERS)
        enough = self.operators.answers + more * self.servers
        while self.operators.answers < enough and not life.gone.done():  # noqa: ASYNC110 - an event is longer
            await asyncio.sleep(0.005)

    def _failpoint(self) -> str:
        boundary = self.dice.choice(sorted(self.boundaries))
        return f"{boundary}:{self.dice.randint(1, min(LATEST, self.boundaries[boundary]))}"


Post = tuple[str, Sequence[str], int]


def posts_of(kind: str, each: int) -> list[Post]:
    """The servers: one on SQLite, as many APIs and workers as ``each`` on PostgreSQL."""
    if kind == "sqlite":
        return [("server", ("serve",), free_ports(1)[0])]
    ports = free_ports(2 * each)
    worker = ("worker", "--public-url", f"http://127.0.0.1:{ports[0]}")
    commands = [("serve", "--role", "api")] * each + [worker] * each
    return [(f"server-{n}", command, port) for n, (command, port) in enumerate(zip(commands, ports, strict=True))]


async def storm(
    folder: Path, servers: Nursery, kind: str, url: str, *, kills: int, seed: int, each: int = 2
) -> Outcome:
    """Kill ``kills`` servers while the operators work, then let the operators finish; compare with the database."""
    posts, dice = posts_of(kind, each), random.Random(seed)
    site = Site(folder, url, servers, SETTINGS, "chaos.product_workflows")
    addresses = [f"http://127.0.0.1:{port}" for _, command, port in posts if command[0] == "serve"]
    with History(folder / "history") as history:
        world = World(addresses, history, dice)
        operators = RemoteOperators(world, seed)
        weather = Storm(site, operators, len(posts), kills, dice, history)
        try:
            async with asyncio.timeout(PATIENT + kills * 3):
                await _furnish(site, posts, operators, weather)
                await _rage(posts, operators, weather)
        finally:
            await world.http.aclose()
    complaints, versions = await _examine(url, operators)
    noted = entries(folder / "history")
    complaints += [str(entry.details) for entry in noted if entry.observation is Observation.REFUSED]
    return Outcome(operators.counted, weather.deaths, len(operators.started), versions, complaints)


async def _furnish(site: Site, posts: Sequence[Post], operators: RemoteOperators, weather: Storm) -> None:
    """Create the first subscriptions, and record the boundaries of the commits; then all servers are killed."""
    logs = [site.folder / f"boundaries-{name}" for name, _, _ in posts]
    lives = [
        await site.begin(name, command, port=port, log=log)
        for (name, command, port), log in zip(posts, logs, strict=True)
    ]
    await operators.furnish()
    for life, log in zip(lives, logs, strict=True):
        await life.end(SIGKILL)
        weather.boundaries += passed(log) if log.exists() else Counter()


async def _rage(posts: Sequence[Post], operators: RemoteOperators, weather: Storm) -> None:
    """Let the operators work while the servers die; the operators finish their deeds after the last death."""
    enough = asyncio.Event()
    guards = [asyncio.create_task(weather.guard(*post)) for post in posts]
    deeds = [asyncio.create_task(operators.operate(number, sys.maxsize, enough)) for number in range(OPERATORS)]
    try:
        while not weather.is_over:
            await asyncio.sleep(0.05)
            broken = [task for task in (*guards, *deeds) if task.done()]
            if broken:
                break
        enough.set()
        await asyncio.gather(*deeds)
    finally:
        for task in (*guards, *deeds):
            task.cancel()
        outcomes = await asyncio.gather(*guards, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


async def _examine(url: str, operators: RemoteOperators) -> tuple[list[str], int]:
    """What is wrong in the database, and how many versions it has; no server may be running any more."""

    def read(conn: Connection) -> tuple[list[str], int]:
        complaints = []
        try:
            demand_all(conn)
        except AssertionError as error:
            complaints.append(f"{error or 'a demand'} ({_line_of(error)})")
        status: dict[UUID, ProcessStatus] = {
            row.id: row.status for row in conn.execute(select(processes.c.id, processes.c.status))
        }
        complaints += [f"the start of {id} was acknowledged" for id in operators.started if UUID(id) not in status]
        complaints += [
            f"process {id} was seen as {seen}, and is {status.get(UUID(id))}"
            for id, seen in operators.ended.items()
            if status.get(UUID(id)) is not seen
        ]
        complaints += [f"process {id} is still {each}" for id, each in status.items() if each in MOVING]
        return complaints, len(conn.execute(select(product_subscription_versions.c.version)).all())

    database = connect(url)
    await database.open()
    try:
        return await database.read(read)
    finally:
        await database.close()


def _line_of(error: AssertionError) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}" if trace else "no line"


def main() -> int:
    """Run the storm over both databases and print what happened; exit with 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m chaos.product_lives", description=__doc__)
    parser.add_argument("--storage", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--kills", type=int, help="how many servers die (400 on SQLite, 200 on PostgreSQL)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="which deeds and faults")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    is_wrong = False
    for kind in ("sqlite", "postgres") if options.storage == "both" else (options.storage,):
        began = time.monotonic()
        outcome = _long(kind, options.kills or KILLS[kind], options.seed)
        minutes = (time.monotonic() - began) / 60
        print(f"{kind}: {outcome.deaths.total()} deaths {dict(outcome.deaths)} in {minutes:.1f} minutes")
        print(f"  {outcome.processes} processes, {outcome.versions} versions; refused: {dict(outcome.counted)}")
        print("\n".join(f"  WRONG: {complaint}" for complaint in outcome.complaints[:20]) or "  nothing is wrong")
        is_wrong = is_wrong or bool(outcome.complaints)
    return 1 if is_wrong else 0


def _long(kind: str, kills: int, seed: int) -> Outcome:
    async def run(folder: str, url: str) -> Outcome:
        async with nursery() as servers:
            return await storm(Path(folder), servers, kind, url, kills=kills, seed=seed)

    with TemporaryDirectory(prefix="orchestrator-products-") as folder:
        if kind == "sqlite":
            return asyncio.run(run(folder, f"sqlite+aiosqlite:///{folder}/orchestrator.db"))
        with postgres_cluster() as cluster, cluster.server.database() as url:
            return asyncio.run(run(folder, url))


if __name__ == "__main__":
    sys.exit(main())
