"""Every table says what retention does to its rows: a new table cannot be forgotten (SQLite)."""

from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection, func, select
from support.database import sqlite_url
from support.engine import engine_of
from support.old_processes import Maker
from support.traces import columns_of_processes

from orchestrator_gql.storage.retention import TREATMENT
from orchestrator_gql.storage.tables import metadata

NO_PROCESS = "belongs to no process"


def test_every_table_says_what_happens_to_its_rows() -> None:
    assert set(TREATMENT) == set(metadata.tables)


@pytest.mark.parametrize(("table", "columns"), columns_of_processes().items())
def test_a_table_with_the_id_of_a_process_is_handled(table: str, columns: list[str]) -> None:
    assert not TREATMENT[table].startswith(NO_PROCESS), columns


async def test_the_random_processes_of_the_tests_have_rows_in_every_table_that_is_emptied(tmp_path: Path) -> None:
    """Otherwise the test of random processes would not see that a table is left behind."""
    async with engine_of(sqlite_url(tmp_path)) as engine:
        now = engine.clock.now()

        def fill(conn: Connection) -> dict[str, int]:
            Maker(conn, Random(1), now, None).make(30)
            tables = [metadata.tables[name] for name, what in TREATMENT.items() if what.startswith("deleted")]
            return {table.name: conn.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}

        counts = await engine.runtime.database.transaction(fill)

    assert not [
        name for name, number in counts.items() if not number and name not in ("product_subscription_versions",)
    ]
