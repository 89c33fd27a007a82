"""A request that the stop of the server overtakes is asked to try again, and is no fault of the server."""

from collections.abc import Callable
from typing import Any

import pytest
from support.engine import engine_of

from orchestrator_gql.utils.errors import StorageUnavailable


async def _snapshot(database: Any) -> None:
    async with database.snapshot():
        pass


async def _read_here(database: Any) -> None:
    database.read_here(lambda _: None)


USES: dict[str, Callable[[Any], Any]] = {
    "transaction": lambda database: database.transaction(lambda _: None),
    "read": lambda database: database.read(lambda _: None),
    "alter": lambda database: database.alter(lambda _: None),
    "snapshot": _snapshot,
    "read in the thread": _read_here,
}


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("use", USES)
async def test_each_use_of_a_closed_database_asks_to_try_again(storage: str, use: str) -> None:
    async with engine_of(storage) as engine:
        database = engine.runtime.database

    with pytest.raises(StorageUnavailable, match="try again in a moment"):
        await USES[use](database)
