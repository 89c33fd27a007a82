"""If the SQLite file cannot be written, writes are refused, reads go on, and no restart is needed afterwards."""

import asyncio
import resource
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.util import greenlet_spawn
from support.database import sqlite_url
from support.engine import Engine
from support.remote import Remote
from support.web import Site, site_of

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.callbacks.urls import route
from orchestrator_gql.storage.database.long_reads import READERS
from orchestrator_gql.storage.database.sqlite import SqliteDatabase
from orchestrator_gql.types import Json, ProcessStatus, State
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.workflow import workflow

COMPLETED = ProcessStatus.COMPLETED

T = TypeVar("T")


@contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """No file of this process can grow, as on a full disk (EFBIG; Python ignores the signal of the kernel)."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


@contextmanager
def files_away(folder: Path) -> Iterator[None]:
    """The files of the database are moved to another folder, and back."""
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    moved = [path for path in folder.glob("orchestrator.db*") if path.suffix != ".lock"]
    for path in moved:
        path.rename(elsewhere / path.name)
    try:
        yield
    finally:
        assert not (folder / "orchestrator.db").exists(), "an empty file was created in its place"
        for path in moved:
            (elsewhere / path.name).rename(path)


@pytest.mark.parametrize("trouble", [full_disk, files_away])
async def test_writes_are_refused_reads_go_on_and_everything_continues_by_itself_afterwards(
    tmp_path: Path, trouble: Any
) -> None:
    remote, ran = Remote(), list[str]()
    at_work, go = asyncio.Event(), asyncio.Event()

    @step("Judge")
    async def judge(callback_result: Json) -> None: ...

    @workflow("Call")
    def calls() -> Any:
        return begin >> callback_step("Playbook", remote.action(), judge)

    @step("Work")
    async def work() -> State:
        ran.append("work")
        at_work.set()
        await go.wait()
        return {"is_done": True}

    @workflow("Work")
    def works() -> Any:
        return begin >> work

    async with site_of(sqlite_url(tmp_path), calls, works) as site:
        engine = site.engine
        waiting, running = await engine.start(calls), await engine.start(works)
        address = route(waiting, await remote.asked())
        await engine.reaches(waiting, ProcessStatus.AWAITING_CALLBACK)
        await at_work.wait()

        with trouble(tmp_path):
            go.set()  # a step ends while nothing can be stored
            refused = await site.http.post(address, json={"rc": 0})
            started = await site.answer('mutation { startWorkflow(input: {workflowName: "calls"}) { __typename } }')
            ready = await site.http.get("/health/ready")
            read = await asyncio.gather(*(counted(site) for _ in range(8)), *at_once(engine))

        accepted = await site.http.post(address, json={"rc": 0})
        await engine.reaches(waiting, COMPLETED)
        ended = await engine.reaches(running, COMPLETED)
        ready_again = await site.http.get("/health/ready")
        count = await counted(site)

    assert (refused.status_code, refused.json()["code"]) == (503, "storage-unavailable")
    assert refused.headers["retry-after"] and ready.headers["retry-after"]
    assert started["errors"][0]["extensions"]["code"] == "STORAGE_UNAVAILABLE"
    assert (ready.status_code, ready_again.status_code) == (503, 200)
    assert read == [2] * (8 + READERS)
    assert (accepted.status_code, accepted.json().get("duplicate")) == (200, None)
    assert (ended.state, ran, count) == ({"is_done": True}, ["work"], 2)
    async with site_of(sqlite_url(tmp_path), calls, works) as after:
        assert (await after.engine.process(waiting)).status is COMPLETED


async def counted(site: Site) -> int:
    """The number of processes that a reader finds."""
    total: int = (await site.ask("{ processes { totalCount } }"))["processes"]["totalCount"]
    return total


def at_once(engine: Engine) -> list[Awaitable[int]]:
    """The counts of all long readers; each uses its own connection."""

    def count(conn: Connection) -> int:
        total: int = conn.execute(text("SELECT count(*) FROM processes")).scalar_one()
        return total

    return [long_read(engine.runtime.database, count) for _ in range(READERS)]


async def long_read(database: Any, unit: Callable[[Connection], T]) -> T:
    """The result of a read that takes too long for the loop."""
    assert isinstance(database, SqliteDatabase) and database._long_reads is not None
    return await database._long_reads.read(unit)


async def test_a_reader_opens_no_other_file_of_that_name(tmp_path: Path) -> None:
    database = SqliteDatabase(sqlite_url(tmp_path))
    await database.open()
    assert database._long_reads is not None
    try:
        await greenlet_spawn(database._long_reads._engine.dispose)  # the next reader opens the file
        with files_away(tmp_path):
            with pytest.raises(StorageUnavailable):
                await long_read(database, lambda conn: conn.execute(text("SELECT 1")).scalar())
            another = tmp_path / "orchestrator.db"
            another.touch()
            with pytest.raises(StorageUnavailable):
                await long_read(database, lambda conn: conn.execute(text("SELECT 1")).scalar())
            another.unlink()
        assert await long_read(database, lambda conn: conn.execute(text("SELECT 1")).scalar()) == 1
    finally:
        await database.close()


async def test_a_damaged_file_is_reported_as_an_unavailable_storage(tmp_path: Path) -> None:
    database = SqliteDatabase(sqlite_url(tmp_path))
    await database.open()
    try:
        await database.transaction(lambda conn: conn.execute(text("CREATE TABLE t (id INTEGER PRIMARY KEY)")))
        with database.engine.connect() as conn:
            conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")  # into the file that is damaged next
        database.engine.dispose()
        (tmp_path / "orchestrator.db").write_bytes(b"a shopping list, not a database......" * 1000)
        with pytest.raises(StorageUnavailable):
            await database.read(lambda conn: conn.execute(text("SELECT count(*) FROM t")).scalar())
    finally:
        await database.close()
