"""Lists and totals of the processes of a product, if there are many processes and products are not spread evenly."""

from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, insert, select
from support.database import PostgresServer
from support.many_subscriptions import plain_engine
from support.query_work import statements_of, work_of
from support.rows import BEGIN, process_row, store, store_subscription

from orchestrator_gql.storage import pagination, process_lists, process_segments
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.storage.process_filters import ProcessFilter
from orchestrator_gql.storage.process_lists import count, page
from orchestrator_gql.storage.process_segments import Found, index, segments_of
from orchestrator_gql.storage.tables import process_subscriptions, product_subscriptions
from orchestrator_gql.targets import Target
from orchestrator_gql.types import ProcessStatus

pytestmark = pytest.mark.one_dispatcher

MANY = 6_000
ORDERS = [{"by_update": by_update, "is_descending": down} for by_update in (False, True) for down in (False, True)]


def write(engine: Engine) -> None:
    """Store processes of which sixteen work on the same subscription, all of one product but for the oldest three."""
    with engine.begin() as conn:
        store(conn, [process_row(number) for number in range(MANY)], is_analyzed=False)
        store_subscription(conn, "Rare", [UUID(int=number) for number in (1, 2, 3)])
        store_subscription(conn, "Frequent", [])
        model = conn.execute(select(product_subscriptions).order_by(product_subscriptions.c.id)).mappings().first()
        assert model is not None
        rows: list[dict[str, Any]] = [{**model, "id": UUID(int=number)} for number in range(1, MANY // 16 + 2)]
        conn.execute(insert(product_subscriptions), rows)
        links = [
            {"process_id": UUID(int=number), "subscription_id": UUID(int=number // 16 + 1), "target": Target.MODIFY}
            for number in range(4, MANY + 1)
        ]
        conn.execute(insert(process_subscriptions), links)


async def test_a_rare_product_is_found_without_a_look_at_all_links(postgres: PostgresServer) -> None:
    """PostgreSQL trusts that each product has as many subscriptions, and joined whole tables for so many rows."""
    work: dict[str, int] = {}
    with postgres.database() as url:
        engine = plain_engine(url)
        write(engine)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("VACUUM ANALYZE")
        with engine.begin() as conn:
            for filters in (
                ProcessFilter(products=["Rare"]),
                ProcessFilter(products=["Rare"], statuses=[ProcessStatus.COMPLETED]),
            ):
                assert count(conn, filters) == 3
                for order in ORDERS:
                    assert len(page(conn, filters, PageArgs(5), **order).items) == 3
                    statements = statements_of(conn, partial(page, conn, filters, PageArgs(5), **order))
                    work[f"{filters.statuses}, {order}"] = work_of(conn, statements)
        engine.dispose()
    assert {title: rows for title, rows in work.items() if rows > MANY // 2} == {}


def test_a_total_that_is_reached_in_the_newest_segments_looks_at_no_others(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_segments, "SIZE", 10)
    monkeypatch.setattr(process_lists, "MOST_SPANS", 3)
    for module in (pagination, process_lists):
        monkeypatch.setattr(module, "MOST_COUNTED", 15)
    looked: list[int] = []

    def noted(*args: Any, **options: Any) -> Found | None:
        found = segments_of(*args, **options)
        looked.append(len(found.segments) if found else 0)
        return found

    monkeypatch.setattr(process_lists, "segments_of", noted)
    engine = plain_engine(storage)
    with engine.begin() as conn:
        store(conn, [process_row(number, subject=f"Box {number % 10 == 5}") for number in range(205)])
        while index(conn, BEGIN.replace(day=2)):
            pass
        assert count(conn, ProcessFilter(search="false")) == 16
        assert looked == [3], "of 21"
        looked.clear()
        assert count(conn, ProcessFilter(search="box true")) == 16
        assert looked == [3, 21], "each has one"
    engine.dispose()
