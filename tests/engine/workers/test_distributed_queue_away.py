"""The watch of a worker whose queue is unavailable or not yet open."""

import pytest
from support.database import PostgresServer
from support.engine import engine_of

from orchestrator_gql.engine.workers.distributed import DistributedDispatcher
from orchestrator_gql.utils.errors import StorageUnavailable


async def test_a_watch_before_its_queue_is_open_raises_storage_unavailable(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        async with engine_of(url) as engine:
            closed = DistributedDispatcher(engine.runtime)

            with pytest.raises(StorageUnavailable):
                await closed._notify_again([])
