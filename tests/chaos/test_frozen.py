"""A worker is frozen in a step for longer than its lease; when it goes on, another worker has its process."""

import asyncio
import random
from contextlib import AsyncExitStack
from pathlib import Path
from signal import SIGCONT, SIGSTOP, SIGTERM

from sqlalchemy import select
from support.command_line import until
from support.database import PostgresServer

from chaos import workflows
from chaos.evidence import gather
from chaos.history import History, Observation
from chaos.invariants import lost, twice
from chaos.lives import Life, nursery
from chaos.on_postgres import REFUSED
from chaos.site import Site, free_ports
from chaos.world import World, world
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.tables import processes

SLOW = 3.0
SETTINGS = {
    "ORCHESTRATOR_LEASE": "1",
    "ORCHESTRATOR_HEARTBEAT": "0.2",
    "ORCHESTRATOR_LOG_LEVEL": "WARNING",
    workflows.SLOW: str(SLOW),
}


async def step_was_called(folder: Path, times: int) -> None:
    """Wait until the body of the slow step was called ``times`` times."""

    def look() -> bool | None:
        return sum(count for (_, name), count in workflows.journal(folder).items() if name == "slow") >= times or None

    await asyncio.to_thread(until, look)


async def holder(url: str) -> int:
    """The process id of the worker that has the only process."""
    database = connect(url)
    await database.open()
    try:
        worker = await database.read(lambda conn: conn.execute(select(processes.c.worker)).scalar_one())
    finally:
        await database.close()
    return int(worker.split(":")[1])


async def freeze_and_thaw(site: Site, outside: World, lives: dict[str, Life]) -> str:
    """Freeze the worker in the slow step until another worker runs it, too; the name of the frozen worker."""
    running = asyncio.create_task(outside.run(workflows.straight))
    await step_was_called(site.folder, 1)
    pid = await holder(site.database_url)
    [frozen] = [name for name, life in lives.items() if life.pid == pid]
    lives[frozen].signal(SIGSTOP)
    outside.history.note(Observation.HURT, kind="freeze")
    await step_was_called(site.folder, 2)
    lives[frozen].signal(SIGCONT)
    async with asyncio.timeout(60):
        await running
    await asyncio.to_thread(until, lambda: REFUSED in (site.folder / f"{frozen}.log").read_text() or None)
    return frozen


async def test_a_frozen_worker_cannot_commit_a_process_that_another_worker_took_over(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    ports = free_ports(3)
    public = f"http://127.0.0.1:{ports[0]}"
    with postgres.database() as url, History(tmp_path / "history") as history:
        async with AsyncExitStack() as stack:
            site = Site(tmp_path, url, await stack.enter_async_context(nursery()), SETTINGS)
            outside = await stack.enter_async_context(world([public], history, random.Random(0)))
            api = await site.begin("api", ["serve", "--role", "api"], port=ports[0])
            command = ["worker", "--public-url", public]
            lives = {f"worker-{port}": await site.begin(f"worker-{port}", command, port=port) for port in ports[1:]}
            frozen = await freeze_and_thaw(site, outside, lives)
            log = await outside.log()
            ends = [await life.end(SIGTERM) for life in (api, *lives.values())]
        evidence = await gather(tmp_path, url, log)

    [ended] = evidence.processes.values()
    [slow] = [execution for execution in ended.executions if execution.name == "slow"]
    assert slow.attempt == 2
    ends_of_slow = [e for e in log if e.get("stepName") == "slow" and e["toStepStatus"] == "SUCCESS"]
    assert [event["attempt"] for event in ends_of_slow] == [2]
    assert (tmp_path / f"{frozen}.log").read_text().count(REFUSED) == 1
    assert (lost(evidence), twice(evidence), ends) == ([], [], [0, 0, 0])
