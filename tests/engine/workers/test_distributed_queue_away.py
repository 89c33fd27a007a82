"""The watch of a worker whose queue is away, or not yet there: it goes on looking, and says what it waits for."""

import pytest
from support.database import PostgresServer
from support.engine import engine_of

from orchestrator_gql.engine.workers.distributed import DistributedDispatcher
from orchestrator_gql.utils.errors import StorageUnavailable


async def test_a_watch_that_looks_before_its_queue_is_open_finds_the_storage_away(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        async with engine_of(url) as engine:
            closed = DistributedDispatcher(url)
            closed.attach(engine.runtime)

            with pytest.raises(StorageUnavailable):
                await closed._notify_again([])
