"""The triggers of the schema work for whoever writes a row, also if the tables are not on the writer's search path."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, func, insert, make_url, select, text, update
from support.database import PostgresServer
from support.many_subscriptions import plain_engine
from support.rows import BEGIN, process_row, store, store_subscription

from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.database.schema import migrate
from orchestrator_gql.storage.tables import (
    process_segments,
    process_subscriptions,
    processes,
    product_subscriptions,
    products,
    unindexed_processes,
)
from orchestrator_gql.targets import Target
from orchestrator_gql.types import ProcessStatus

pytestmark = pytest.mark.one_dispatcher

SCHEMA = "Our orders"

TRIGGERS = text("""
    SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text NOT LIKE '%procrastinate%'
""")

OLD, NEW = UUID(int=1), UUID(int=2)


def start(conn: Connection) -> None:
    store(conn, [process_row(1, id=NEW)], is_analyzed=False)


def change_text(conn: Connection) -> None:
    conn.execute(update(processes).values(subject="another").where(processes.c.id == NEW))


def settle(conn: Connection) -> None:
    conn.execute(update(processes).values(status=ProcessStatus.ABORTED).where(processes.c.id == OLD))


def link(conn: Connection) -> None:
    subscription = select(product_subscriptions.c.id).scalar_subquery()
    conn.execute(
        insert(process_subscriptions).values(process_id=OLD, subscription_id=subscription, target=Target.MODIFY)
    )


def change_product(conn: Connection) -> None:
    other = select(products.c.id).where(products.c.name == "Lens").scalar_subquery()
    conn.execute(update(product_subscriptions).values(product_id=other))


WRITES: dict[str, Callable[[Connection], None]] = {
    "note_new_process": start,
    "note_changed_process": change_text,
    "note_settled_process": settle,
    "note_linked_process": link,
    "note_processes_of_product": change_product,
}
"""What fires each trigger, in this order."""


def fill(conn: Connection) -> None:
    """A process in a closed segment, and a product subscription."""
    store(conn, [process_row(0, id=OLD)], is_analyzed=False)
    conn.execute(insert(process_segments).values(number=2, begins_at=BEGIN + timedelta(days=1)))
    store_subscription(conn, "Lamp", [])
    lens = {"name": "Lens", "description": "Lens", "product_type": "p", "tag": "P", "status": "active"}
    conn.execute(insert(products), {"id": UUID(int=9), **lens})


async def test_each_trigger_notes_a_row_that_was_written_with_an_empty_search_path(postgres: PostgresServer) -> None:
    with postgres.database(is_migrated=False) as url:
        engine = plain_engine(url).execution_options(schema_translate_map={None: SCHEMA})
        with engine.begin() as conn:
            conn.exec_driver_sql(f'CREATE SCHEMA "{SCHEMA}"')
        database = connect(
            make_url(url)
            .update_query_dict({"options": f'-csearch_path="{SCHEMA}"'.replace(" ", "\\ ")})
            .render_as_string(hide_password=False)
        )
        await database.open()
        await migrate(database)
        await database.close()
        noted = {}
        with engine.begin() as conn:
            fill(conn)
            triggers = set(conn.execute(TRIGGERS).scalars())
            conn.exec_driver_sql("SET search_path = ''")
            for trigger, write in WRITES.items():
                before = conn.execute(select(func.count()).select_from(unindexed_processes)).scalar_one()
                write(conn)
                after = conn.execute(select(func.count()).select_from(unindexed_processes)).scalar_one()
                noted[trigger] = after - before
        engine.dispose()

    assert triggers == set(WRITES), "a new trigger needs a write here"
    assert min(noted.values()) > 0, noted
