"""A connection stays taken between two units, unless somebody else needs it or its session may be lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event, text

from orchestrator_gql.storage.database.kept_connections import KEPT, KeptConnections

SIZE = KEPT + 2


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path}/a.db", pool_size=SIZE, max_overflow=0, pool_timeout=0.1)
    yield engine
    engine.dispose()


@pytest.fixture
def connections(engine: Engine) -> Iterator[KeptConnections]:
    connections = KeptConnections(engine, SIZE)
    yield connections
    connections.dispose()


def checked_out(connections: KeptConnections) -> int:
    return connections.engine.pool.checkedout()  # type: ignore[attr-defined, no-any-return]


def test_the_pool_is_not_asked_for_each_unit(engine: Engine, connections: KeptConnections) -> None:
    taken = list[object]()
    event.listen(engine, "checkout", lambda *_: taken.append(None))
    for _ in range(5):
        conn = connections.take()
        conn.execute(text("SELECT 1"))  # SQLAlchemy begins a transaction
        connections.give_back(conn, connections.losses)
    assert len(taken) == 1


@pytest.mark.parametrize("others", range(SIZE + 1))
def test_who_takes_a_connection_of_the_pool_gets_one(engine: Engine, connections: KeptConnections, others: int) -> None:
    """Each unit that ends gives way, whatever number of connections others took from the pool."""
    taken = [engine.connect() for _ in range(others)]
    units = [connections.take() for _ in range(SIZE - others)]
    for conn in units:
        connections.give_back(conn, connections.losses)
    assert checked_out(connections) <= min(SIZE, others + KEPT)
    if units:
        taken.append(engine.connect())
    for conn in taken:
        conn.close()


def test_a_connection_that_was_taken_before_a_loss_is_not_kept(connections: KeptConnections) -> None:
    """It may have the prepared statements of before a migration, and a unit is repeated only once."""
    losses = connections.losses
    before, lost = connections.take(), connections.take()
    lost.invalidate()
    connections.give_back(lost, losses)
    connections.give_back(before, losses)
    assert checked_out(connections) == 0


def test_after_a_loss_none_is_kept(connections: KeptConnections) -> None:
    taken = [connections.take() for _ in range(KEPT)]
    for conn in taken:
        connections.give_back(conn, connections.losses)
    assert checked_out(connections) == KEPT
    connections.give_up()
    assert checked_out(connections) == 0
