"""What every test may ask for: a database of either kind, a clock to turn, and an engine at work."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from support.clock import TurnableClock
from support.database import PostgresServer, postgres_server, sqlite_url
from support.engine import Engine, engine_of

from orchestrator_gql.workflow.model import Workflow


class Offer(Protocol):
    """Deploys workflows on an engine of their own, which stops when the test ends."""

    async def __call__(self, *workflows: Workflow, **settings: Any) -> Engine: ...


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL for the session; each worker of a parallel run has its own."""
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres", "postgres-distributed"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a fresh database: the test runs on both kinds, on PostgreSQL with either dispatcher."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path)
        return
    is_distributed = request.param == "postgres-distributed"
    monkeypatch.setenv("ORCHESTRATOR_DISPATCHER", "distributed" if is_distributed else "embedded")
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url


@pytest.fixture
def clock() -> TurnableClock:
    """A clock that stands still until it is turned."""
    return TurnableClock()


@pytest.fixture
async def offer(storage: str, clock: TurnableClock) -> AsyncIterator[Offer]:
    """Starts engines on the test's database, by its clock."""
    async with AsyncExitStack() as stack:

        async def deploy(*workflows: Workflow, **settings: Any) -> Engine:
            return await stack.enter_async_context(engine_of(storage, *workflows, clock=clock, **settings))

        yield deploy
