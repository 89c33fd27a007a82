"""A transaction of PostgreSQL that also claims the process which it wakes still fails for its own reasons."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, select
from support.database import PostgresServer
from support.engine import engine_of
from support.playbooks import of

from orchestrator_gql import step
from orchestrator_gql.engine.workers.worker import WorkerTasks
from orchestrator_gql.storage import processes, tables
from orchestrator_gql.storage.database.after_commit import wake
from orchestrator_gql.types import ProcessStatus


@step("Work")
async def work() -> None:
    pass


_statuses = select(tables.processes.c.status)


class Refused(Exception):
    """The write changed no row."""


async def test_a_refused_write_undoes_the_transaction_although_a_claim_sends_it(postgres: PostgresServer) -> None:
    flow = of(work)
    with postgres.database() as url:
        async with engine_of(url, flow) as engine:
            process = await engine.reaches(await engine.start(flow), ProcessStatus.COMPLETED)

            def changes_nothing(conn: Connection) -> None:
                processes.hold(conn, process.id)
                processes.write(conn, replace(process, epoch=process.epoch + 7), process, None, Refused)
                wake(conn, process.id)

            with pytest.raises(Refused):
                await engine.runtime.database.transaction(changes_nothing)


@pytest.mark.parametrize("dispatcher", ["embedded", "distributed"])
async def test_a_start_that_is_cancelled_at_any_moment_takes_no_task_for_ever(
    postgres: PostgresServer, dispatcher: str
) -> None:
    """A client may leave at each round trip: before the claim, in it, and while the COMMIT is under way."""
    flow = of(work)
    with postgres.database() as url:
        async with engine_of(url, flow, dispatcher=dispatcher, heartbeat=0.1) as engine:
            hooks: Any = engine.runtime.database.hooks
            work_of: WorkerTasks = hooks._dispatcher.work
            await engine.start(flow)
            for turns in range(40):
                starts = [asyncio.create_task(engine.start(flow)) for _ in range(3)]
                for _ in range(turns):
                    await asyncio.sleep(0)
                for start in starts:
                    start.cancel()
                await asyncio.gather(*starts, return_exceptions=True)

            async def is_at_rest() -> bool | None:
                statuses = await engine.read(lambda conn: list(conn.execute(_statuses).scalars()))
                return (set(statuses) == {ProcessStatus.COMPLETED} and not work_of.running) or None

            await engine.until(is_at_rest, awaited="all processes to end and all tasks to be free")
            assert work_of._claiming == 0
            assert not work_of._in_hand
            await engine.reaches(await engine.start(flow), ProcessStatus.COMPLETED)
