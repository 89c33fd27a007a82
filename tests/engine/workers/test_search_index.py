"""A server indexes new processes in the background, and what an update of the schema noted, on both databases."""

import asyncio
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from conftest import Offer
from sqlalchemy import Connection, func, select
from support.database import PostgresServer
from support.old_schemas import empty_database, upgrade_to
from support.rows import BEGIN, process_row, store

from orchestrator_gql.engine.workers import search_index
from orchestrator_gql.storage import process_segments
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.database.schema import migrate
from orchestrator_gql.storage.process_filters import ProcessFilter
from orchestrator_gql.storage.process_lists import count
from orchestrator_gql.storage.tables import process_terms, processes, unindexed_processes

pytestmark = pytest.mark.one_dispatcher
OLD = 25


async def test_a_server_indexes_its_processes(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_index, "EVERY", 0.05)
    monkeypatch.setattr(process_segments, "SIZE", 10)
    engine = await offer()
    rows = [
        process_row(number, started_at=engine.clock.now() - timedelta(minutes=30 - number)) for number in range(OLD)
    ]
    await engine.runtime.database.transaction(lambda conn: store(conn, rows, is_analyzed=False))

    async with asyncio.timeout(20):
        while await engine.runtime.database.read(_waiting) != OLD % 10:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    assert await engine.runtime.database.read(_segments) == [1, 2]


def _waiting(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(unindexed_processes)).scalar_one()


def _segments(conn: Connection) -> list[int]:
    segment = process_terms.c.segment
    return list(conn.execute(select(segment).distinct().order_by(segment)).scalars())


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_processes_of_the_release_before_are_found_and_indexed(
    kind: str, tmp_path: Path, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_segments, "SIZE", 10)
    monkeypatch.setattr(process_segments, "BATCH", 4)
    wanted = ProcessFilter(search="router 7")
    with empty_database(kind, tmp_path, postgres) as url:
        database = connect(url)
        await database.open()
        try:
            await database.alter(lambda conn: upgrade_to(conn, "0022"))
            await database.alter(lambda conn: store(conn, [process_row(number) for number in range(OLD)]))
            await migrate(database)
            found = [await database.read(lambda conn: count(conn, wanted))]
            while await database.transaction(partial(process_segments.index, now=BEGIN + timedelta(days=1))):
                found.append(await database.read(lambda conn: count(conn, wanted)))
            waiting, segments = await database.read(_waiting), await database.read(_segments)
            stored = await database.read(
                lambda conn: conn.execute(select(func.count()).select_from(processes)).scalar()
            )
        finally:
            await database.close()

    assert found == [1] * 9
    assert (stored, waiting, segments) == (OLD, OLD % 10, [1, 2])
