"""A look-up of one id finds the same rows as a look-up of several ids, whatever executes the statement."""

import importlib
import pkgutil
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from sqlalchemy import Connection, select
from support.playbooks import calls
from support.remote import Remote

from orchestrator_gql import storage
from orchestrator_gql.storage.by_id import ById
from orchestrator_gql.storage.tables import callbacks, processes
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.utils.tokens import new_id

pytestmark = pytest.mark.one_dispatcher

MODULES = [
    importlib.import_module(f"{storage.__name__}.{found.name}") for found in pkgutil.iter_modules(storage.__path__)
]
QUERIES = [value for module in MODULES for value in vars(module).values() if isinstance(value, ById)]


def looked_up(query: ById, conn: Connection) -> tuple[Any, Any]:
    """The rows of each id that is stored, alone and beside an id that is not."""
    stored = [*conn.execute(select(processes.c.id)).scalars(), *conn.execute(select(callbacks.c.id)).scalars()]
    unknown: UUID = new_id()
    alone = [list(query.rows(conn, [id])) for id in stored]
    assert not list(query.rows(conn, [unknown]))
    assert not list(query.rows(conn, []))
    return alone, [list(query.rows(conn, [id, unknown])) for id in stored]


async def test_one_id_and_several_find_the_same_rows(offer: Offer) -> None:
    remote = Remote()
    workflow = calls(remote)
    engine = await offer(workflow)
    for _ in range(2):
        process_id = await engine.start(workflow)
        await remote.asked()
        await engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)
    database, found = engine.runtime.database, 0
    assert len(QUERIES) > 5

    for query in QUERIES:
        alone, several = await database.read(partial(looked_up, query))
        async with database.snapshot() as snapshot:  # on SQLite a connection of aiosqlite
            in_snapshot, _ = await snapshot.read(partial(looked_up, query))

        assert alone == several == in_snapshot
        found += sum(map(bool, alone))
    assert found >= 6
