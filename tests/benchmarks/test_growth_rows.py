"""A filled database has the rows, and the indexes of a new database."""

import pytest
from sqlalchemy import create_engine

from benchmarks.growth_rows import INDEXES, KINDS, fill
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.database.schema import migrate


def indexes_of(url: str) -> list[str]:
    """The statements of the indexes, without conditions: PostgreSQL writes an equal condition in another form."""
    engine = create_engine(url.replace("+aiosqlite", ""))
    with engine.connect() as conn:
        found = conn.exec_driver_sql(INDEXES[conn.dialect.name]).all()
    engine.dispose()
    return sorted(statement.partition(" WHERE ")[0] for _, statement in found)


@pytest.mark.one_dispatcher
async def test_a_filled_database_has_the_indexes_of_a_new_one(storage: str) -> None:
    database = connect(storage)
    await database.open()
    await migrate(database)
    await database.close()
    new = indexes_of(storage)
    assert new

    events = await fill(storage, 2 * len(KINDS))

    assert events > 2 * len(KINDS)
    assert indexes_of(storage) == new
