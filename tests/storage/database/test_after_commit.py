"""What follows a COMMIT does not delay the caller: a request sends its response first (PostgreSQL)."""

import asyncio

import pytest
from support.database import PostgresServer, opened_postgres
from support.payload_rows import ADD

from orchestrator_gql.storage.database.after_commit import CommitEffects, NoHooks
from orchestrator_gql.storage.database.observer import Fact
from orchestrator_gql.utils.tokens import new_id


class Noting(NoHooks):
    """Hooks and observer of a database."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = list[str]()

    def notify(self, effects: CommitEffects) -> None:
        """Note the call."""
        self.calls.append("notify")

    def committed(self, units: int, seconds: float, facts: list[Fact]) -> None:
        """Note the call."""
        self.calls.append("committed")


async def test_the_caller_of_a_transaction_goes_on_before_others_are_woken(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        async with opened_postgres(url) as database:
            noting = database.hooks = database.observer = Noting()
            await database.transaction(lambda conn: ADD.write(conn, {"id": new_id(), "text": "first"}))
            assert noting.calls == []
            await asyncio.sleep(0)
            assert noting.calls == ["committed", "notify"]


async def test_a_transaction_that_fails_wakes_nobody(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        async with opened_postgres(url) as database:
            noting = database.hooks = database.observer = Noting()
            with pytest.raises(ZeroDivisionError):
                await database.transaction(lambda _: 1 // 0)
            await asyncio.sleep(0)
            assert noting.calls == []
