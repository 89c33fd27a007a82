"""A long list is not counted row by row, and a cursor that no server made is refused."""

from collections.abc import Iterator
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import Engine, insert, select
from support.many_subscriptions import plain_engine
from support.query_work import statements_of, work_of

from orchestrator_gql.storage import pagination
from orchestrator_gql.storage.pagination import Key, count, count_by_index, cursor_of, values_of
from orchestrator_gql.storage.retention_marks import mark_of
from orchestrator_gql.storage.tables import processes, products
from orchestrator_gql.utils.errors import CursorInvalid
from orchestrator_gql.utils.tokens import new_id

pytestmark = pytest.mark.one_dispatcher


@pytest.fixture
def engine(storage: str) -> Iterator[Engine]:
    """A database with three products."""
    engine = plain_engine(storage)
    row = {"description": "", "product_type": "p", "tag": "P", "status": "active"}
    with engine.begin() as conn:
        conn.execute(products.delete())
        conn.execute(insert(products), [{"id": new_id(), "name": name, **row} for name in "abc"])
    yield engine
    engine.dispose()


@pytest.mark.parametrize("most", [1, 2, 3, 4])
@pytest.mark.parametrize("is_filtered", [False, True])
def test_both_counts_are_equal(
    engine: Engine, most: int, monkeypatch: pytest.MonkeyPatch, *, is_filtered: bool
) -> None:
    monkeypatch.setattr(pagination, "MOST_COUNTED", most)
    query = select(products.c.id).where(*[products.c.status == "active"][: int(is_filtered)])
    with engine.begin() as conn:
        assert count_by_index(conn, query) == count(conn, query) == min(3, most + 1)


@pytest.mark.parametrize("is_filtered", [False, True])
def test_sqlite_does_not_count_a_list_that_is_too_long(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, *, is_filtered: bool
) -> None:
    monkeypatch.setattr(pagination, "MOST_COUNTED", 1_000)
    query = select(products.c.id).where(*[products.c.status == "active"][: int(is_filtered)])
    row = {"description": "", "product_type": "p", "tag": "P", "status": "active"}
    with engine.begin() as conn:
        conn.execute(insert(products), [{"id": new_id(), "name": str(at), **row} for at in range(2_000)])
        by_index, plain = (
            work_of(conn, statements_of(conn, partial(read, conn, query))) for read in (count_by_index, count)
        )

    assert by_index <= (plain / 2 if engine.dialect.name == "sqlite" else plain)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_cursor_with_a_time_that_is_no_instant_is_refused(at: str) -> None:
    key = Key((processes.c.started_at, processes.c.id))
    for made in (pagination._packed([key.name, at, "0" * 32]), cursor_of(f"ended {at} {UUID(int=1)}")):
        with pytest.raises(CursorInvalid):
            values_of(key, made)
        with pytest.raises(CursorInvalid):
            mark_of(made)
