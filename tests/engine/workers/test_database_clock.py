"""On PostgreSQL a server uses the clock of the database."""

import time

from support.database import PostgresServer

from orchestrator_gql.app import assemble, running
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.engine.workers.embedded import EmbeddedDispatcher
from orchestrator_gql.storage import timers
from orchestrator_gql.utils.clock import SteadyClock
from orchestrator_gql.workflows.registry import Registry

DAY_AND_MORE = 26 * 3600.0


async def test_on_postgres_a_server_uses_the_clock_of_the_database_even_if_its_own_is_wrong(
    postgres: PostgresServer,
) -> None:
    ahead = SteadyClock(lambda: time.time() + DAY_AND_MORE)
    behind = SteadyClock(lambda: time.time() - DAY_AND_MORE)
    differences = []
    with postgres.database() as url:
        for clock in (ahead, behind):
            runtime = assemble(read_settings(database_url=url), Registry(()), clock)
            async with running(runtime, EmbeddedDispatcher(runtime)):
                database_time = await runtime.database.read(timers.database_time)
                differences.append(abs((clock.now() - database_time).total_seconds()))

    assert max(differences) < 5
