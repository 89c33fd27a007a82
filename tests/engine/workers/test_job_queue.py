"""The connections of a worker's queue (PostgreSQL)."""

import asyncio
import re
from typing import Any

from sqlalchemy import text
from support.database import PostgresServer
from support.engine import engine_of
from support.playbooks import of

from orchestrator_gql import step
from orchestrator_gql.engine.workers.distributed import DistributedDispatcher
from orchestrator_gql.storage.database import advice, thread_reads
from orchestrator_gql.storage.database.postgres import POOL, READERS

WAKE_UPS = 2
"""The connections that send and receive NOTIFY."""

_queue = text("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '% queue' AND datname = :name")
_name = text("SELECT current_database()")


@step("Work")
async def work() -> None:
    pass


async def test_a_server_opens_at_most_as_many_connections_as_we_say(postgres: PostgresServer) -> None:
    """Those of the queue are counted while it has more to do at once than ever."""
    of_server, of_worker = map(int, re.findall(r"up to (\d+), a worker (\d+)", advice.TOO_FEW)[0])
    with postgres.database() as url:
        async with engine_of(url, of(work), dispatcher="distributed") as engine:
            hooks: Any = engine.runtime.database.hooks
            dispatcher = hooks._dispatcher
            assert isinstance(dispatcher, DistributedDispatcher)
            run = dispatcher._queue.connector.execute_query_all_async
            name = await engine.read(lambda conn: conn.execute(_name).scalar())

            async def counted() -> int | None:
                await asyncio.gather(*(run("SELECT pg_sleep(0.01)") for _ in range(20)))
                number: int = await engine.read(lambda conn: conn.execute(_queue, {"name": name}).scalar_one())
                return number if number >= of_worker - of_server else None

            number = await engine.until(counted, awaited="the connections of the queue")

    assert number == of_worker - of_server
    assert of_server == POOL + READERS + thread_reads.CONNECTIONS + WAKE_UPS
