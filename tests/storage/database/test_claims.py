"""A transaction of PostgreSQL that also claims the process which it wakes still fails for its own reasons."""

from dataclasses import replace

import pytest
from sqlalchemy import Connection
from support.database import PostgresServer
from support.engine import engine_of
from support.playbooks import of

from orchestrator_gql import step
from orchestrator_gql.storage import processes
from orchestrator_gql.storage.database.after_commit import wake
from orchestrator_gql.types import ProcessStatus


@step("Work")
async def work() -> None:
    pass


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
