"""Whose clock a server goes by, on both databases."""

import time

from support.database import PostgresServer

from orchestrator_gql.app import assemble, running
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.engine.workers.embedded import EmbeddedDispatcher
from orchestrator_gql.storage import timers
from orchestrator_gql.utils.clock import SteadyClock
from orchestrator_gql.workflows.registry import Registry

DAY_AND_MORE = 26 * 3600.0


async def test_on_postgres_a_server_goes_by_the_clock_of_the_database_whatever_its_own_says(
    postgres: PostgresServer,
) -> None:
    ahead = SteadyClock(lambda: time.time() + DAY_AND_MORE)
    behind = SteadyClock(lambda: time.time() - DAY_AND_MORE)
    apart = []
    with postgres.database() as url:
        for clock in (ahead, behind):
            dispatcher = EmbeddedDispatcher()
            runtime = assemble(read_settings(database_url=url), Registry(()), dispatcher, clock)
            async with running(runtime, dispatcher):
                said = await runtime.database.read(timers.database_time)
                apart.append(abs((clock.now() - said).total_seconds()))

    assert max(apart) < 5
