"""A step is committed in one round trip; PostgreSQL itself refuses the COMMIT if the process is not as expected."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from support.database import PostgresServer
from support.engine import Engine, engine_of
from support.operator import ADA
from support.playbooks import of

from orchestrator_gql import step
from orchestrator_gql.commands.engine import set_engine_state
from orchestrator_gql.process import Process
from orchestrator_gql.storage import expected_processes, processes
from orchestrator_gql.storage.database.after_commit import commit_effects
from orchestrator_gql.types import ProcessStatus


class Refused(Exception):
    """A write changed no row."""


@pytest.fixture
async def engine(postgres: PostgresServer) -> AsyncIterator[Engine]:
    with postgres.database() as url:
        async with engine_of(url, of(step("Work")(lambda: None))) as engine:
            yield engine


async def ended_process(engine: Engine) -> Process:
    """A process that nobody changes any more."""
    return await engine.reaches(await engine.start(of(step("Work")(lambda: None))), ProcessStatus.COMPLETED)


async def write_expecting(engine: Engine, expected: Process, before: Process) -> None:
    """Write the process ``before`` with another version, expecting the other process."""

    def unit(conn: Connection) -> None:
        expected_processes.expect(conn, expected)
        processes.write(conn, before, before, None, Refused)

    await engine.runtime.database.transaction(unit)


async def test_a_process_as_expected_is_written(engine: Engine) -> None:
    process = await ended_process(engine)
    await write_expecting(engine, process, process)
    assert (await engine.process(process.id)).version == process.version + 1


@pytest.mark.parametrize("name", ["epoch", "seq", "version"])
async def test_a_process_that_changed_is_not_written(engine: Engine, name: str) -> None:
    process = await ended_process(engine)
    other = replace(process, **{name: getattr(process, name) + 1})
    with pytest.raises(Refused):
        await write_expecting(engine, other, process)
    assert await engine.process(process.id) == process


async def test_nothing_is_written_while_the_engine_is_paused(engine: Engine) -> None:
    process = await ended_process(engine)
    await set_engine_state(engine.runtime, ADA, paused=True, reason="upgrade")
    with pytest.raises(Refused):
        await write_expecting(engine, process, process)
    assert await engine.process(process.id) == process


async def test_a_condition_refuses_a_read_that_follows(engine: Engine) -> None:
    process = await ended_process(engine)

    def unit(conn: Connection) -> None:
        expected_processes.expect(conn, replace(process, seq=7))
        processes.load(conn, process.id)

    with pytest.raises(DBAPIError, match="division by zero"):
        await engine.runtime.database.transaction(unit)


async def test_a_refused_write_is_not_committed_with_the_writes_beside_it(engine: Engine) -> None:
    process, other = await ended_process(engine), await ended_process(engine)

    def unit(conn: Connection) -> None:
        commit_effects(conn).is_repeatable = True
        processes.write(conn, other, other, None, Refused)
        processes.write(conn, replace(process, epoch=process.epoch + 1), process, None, Refused)

    with pytest.raises(Refused):
        await engine.runtime.database.transaction(unit)
    assert await engine.process(other.id) == other
    await write_expecting(engine, other, other)  # the connection is as good as new
