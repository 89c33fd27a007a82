"""Pages of a search for a word that many have: exact for any segments, also for segments that overlap in time."""

import random
from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from sqlalchemy import Connection, Engine, select, update
from support.many_subscriptions import Made, made, plain_engine, write
from support.network import Node, create_node, document_of, modifies, run
from support.network import made as begun_and_made
from support.operator import ADA
from support.query_work import statements_of, work_of
from support.sizes import directions

from orchestrator_gql import step
from orchestrator_gql.commands.product_subscriptions import update_product_subscription_note
from orchestrator_gql.storage import pagination
from orchestrator_gql.storage import product_subscription_lists as lists
from orchestrator_gql.storage import product_subscription_segments as segments
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.storage.product_subscription_lists import ProductSubscriptionFilter, page, total
from orchestrator_gql.storage.tables import product_subscription_words as words
from orchestrator_gql.storage.tables import product_subscriptions
from orchestrator_gql.types import State, SubscriptionLifecycle

pytestmark = pytest.mark.one_dispatcher

ROWS = 60
SEARCHES = ["link", "link customer-1", "core2", "ams old-72", "path link"]


@step("Rename it")
def rename(subscription: Node, name: str) -> State:
    subscription.description = f"Node {name}"
    return {"subscription": subscription}


@pytest.fixture
def engine(storage: str) -> Iterator[Engine]:
    """The database of the test."""
    database = plain_engine(storage)
    yield database
    database.dispose()


def place(conn: Connection, rng: random.Random, spread: int) -> None:
    """Give the subscriptions segments in the orders of the lists, each moved by up to ``spread`` places."""
    for index in range(ROWS):
        id = made(index).id
        moved = [max(0, min(ROWS, at + rng.randint(-spread, spread))) for at in (index, ROWS - index)]
        placed = {"created_segment": moved[0] // 10, "updated_segment": moved[1] // 10}
        conn.execute(update(product_subscriptions).where(product_subscriptions.c.id == id).values(placed))
        conn.execute(update(words).where(words.c.subscription_id == id).values(placed))


def selected(search: str) -> list[Made]:
    """The subscriptions that the search finds, by the text itself."""
    rows = [made(index) for index in range(ROWS)]
    texts = {each.id: f"{each.description} {each.customer_id}".lower().replace("ams-", "ams-ams- ") for each in rows}
    return [each for each in rows if all(f" {term}" in f" {texts[each.id]}" for term in search.split())]


def walked(conn: Connection, wanted: ProductSubscriptionFilter, size: int, *, is_forward: bool, **order: bool) -> Any:
    """The ids of all pages, from the first to the last row, read forwards or backwards."""
    ids: list[UUID] = []
    cursor = None
    while True:
        args = PageArgs(size, cursor) if is_forward else PageArgs(last=size, before=cursor)
        found = page(conn, wanted, args, **order)
        new = [row.id for _, row in found.items]
        ids = ids + new if is_forward else new + ids
        if not found.is_full(args):
            return ids
        cursor = found.items[-1 if is_forward else 0][0]


@pytest.mark.parametrize("spread", [0, 12, ROWS], ids=["in order", "overlapping", "mixed"])
def test_every_page_is_exact_whatever_the_segments_are(
    engine: Engine, spread: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "FEW", 0)
    monkeypatch.setattr(segments, "MOST_COUNTED", 0 if spread == 12 else 1_000)
    rng = random.Random(spread)
    with engine.begin() as conn:
        write(conn, range(ROWS))
        place(conn, rng, spread)
        for place_of_search, search in enumerate(SEARCHES):
            fitting = selected(search)
            for statuses in (None, [SubscriptionLifecycle.ACTIVE]):
                wanted = ProductSubscriptionFilter(search=search, statuses=statuses)
                rows = [each for each in fitting if statuses is None or each.status in statuses]
                for by_update in (False, True):
                    for is_descending in directions(place_of_search + by_update):
                        rows.sort(key=lambda each: (each.created_at, each.id))
                        if by_update:
                            rows.sort(key=lambda each: (each.updated_at, each.id))
                        expected = [each.id for each in (rows[::-1] if is_descending else rows)]
                        for is_forward in directions(place_of_search // 2 + by_update):
                            order = {"by_update": by_update, "is_descending": is_descending}
                            length = rng.choice([3, 11])
                            assert walked(conn, wanted, length, is_forward=is_forward, **order) == expected, (
                                search,
                                order,
                            )


def test_between_two_cursors_only_their_segments_are_read(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "FEW", 0)
    wanted = ProductSubscriptionFilter(search="link")
    with engine.begin() as conn:
        write(conn, range(ROWS))
        place(conn, random.Random(1), 3)
        cursors = [cursor for cursor, _ in page(conn, wanted, PageArgs(25)).items]
        between = page(conn, wanted, PageArgs(40, cursors[9], before=cursors[20]))

        assert [cursor for cursor, _ in between.items] == cursors[10:20]
        assert not page(conn, wanted, PageArgs(40, cursors[9], before=cursors[9])).items
        assert not page(conn, wanted, PageArgs(0)).items


def test_a_term_that_begins_ids_too_finds_both(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "FEW", 3)
    id = UUID("2024aaaa-0000-0000-0000-000000000001")
    with engine.begin() as conn:
        write(conn, range(ROWS))
        for index in range(ROWS // 2):
            row = {"subscription_id": made(index).id, "word": "2024"}
            conn.execute(words.insert(), row)
        values = dict(conn.execute(select(product_subscriptions).limit(1)).one()._mapping)
        conn.execute(product_subscriptions.insert(), values | {"id": id})
        place(conn, random.Random(1), 3)

        wanted = ProductSubscriptionFilter(search="2024")
        assert len(found := walked(conn, wanted, 7, is_forward=True)) == ROWS // 2 + 1
        assert id in found


def test_a_page_of_words_that_many_have_is_read_along_the_order(engine: Engine) -> None:
    with engine.begin() as conn:
        write(conn, range(4 * segments.SIZE))
        for by_update in (False, True):
            newest = page(conn, ProductSubscriptionFilter(), PageArgs(1), by_update=by_update).items[0][1].id
            conn.execute(words.delete().where(words.c.subscription_id == newest, words.c.word == "link"))
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("VACUUM ANALYZE")  # as the server itself does after many writes
    with engine.begin() as conn:
        for by_update in (False, True):
            search = partial(
                page, conn, ProductSubscriptionFilter(search="link ams"), PageArgs(10), by_update=by_update
            )
            work = work_of(conn, statements_of(conn, search)[-1:])

            # By the ids of its segment, the page would look at 200 rows with the word, and then sort them.
            assert work <= (6_000 if engine.dialect.name == "sqlite" else 150), by_update


def test_no_segment_is_looked_for_if_most_subscriptions_have_the_words(engine: Engine) -> None:
    with engine.begin() as conn:
        write(conn, range(4 * segments.SIZE))
        for by_update, is_descending in product((False, True), (False, True)):
            order = {"by_update": by_update, "is_descending": is_descending}
            found = page(conn, ProductSubscriptionFilter(search="link"), PageArgs(50), **order)
            args = PageArgs(50, found.items[-1][0])
            for wanted in (PageArgs(50), args):
                search = partial(page, conn, ProductSubscriptionFilter(search="link"), wanted, **order)
                statements = [statement for statement, _ in statements_of(conn, search)]
                assert not [statement for statement in statements if "RECURSIVE" in statement], order


@pytest.mark.parametrize("most", [1, 10, 1_000])
def test_a_search_is_counted_up_to_the_bound(engine: Engine, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "FEW", 0)
    for module in (lists, pagination):
        monkeypatch.setattr(module, "MOST_COUNTED", most)
    with engine.begin() as conn:
        write(conn, range(ROWS))
        for search in SEARCHES:
            found = total(conn, ProductSubscriptionFilter(search=search))
            assert found == min(len(selected(search)), most + 1), search


def test_saves_fill_one_segment_after_the_other(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SIZE", 3)
    monkeypatch.setattr(segments, "LOOKS", 1)
    s = product_subscriptions.c
    with engine.begin() as conn:
        write(conn, range(2))
        conn.execute(update(product_subscriptions).values(created_segment=0, updated_segment=0))
        values = dict(conn.execute(select(product_subscriptions).limit(1)).one()._mapping)
        for index in range(1, 7):
            id = UUID(int=index)
            conn.execute(product_subscriptions.insert(), values | {"id": id} | segments.of_new(conn, id))
        created = list(conn.execute(select(s.created_segment).order_by(s.id)).scalars())
        for _ in range(5):
            again = update(product_subscriptions).where(s.id == UUID(int=1))
            conn.execute(again.values(segments.of_changed(conn, UUID(int=1))))

        assert sorted(created) == [0, 0, 0, 1, 1, 1, 2, 2]
        assert conn.execute(select(s.updated_segment).where(s.id == UUID(int=1))).scalar() == 3


async def test_the_words_of_a_subscription_stay_in_its_segments(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SIZE", 2)
    monkeypatch.setattr(segments, "LOOKS", 1)
    monkeypatch.setattr(lists, "FEW", 0)
    change = modifies(Node, rename)
    engine = await offer(create_node, change)
    ids = [await begun_and_made(engine, create_node) for _ in range(5)]
    await run(engine, change, subscription_id=ids[1], name="utr-1")
    stored = await document_of(engine, ids[0])
    await update_product_subscription_note(
        engine.runtime, ADA, subscription_id=UUID(ids[0]), note="see ticket 7", expected_version=stored["version"]
    )

    def read(conn: Connection) -> tuple[list[Any], list[str]]:
        s = product_subscriptions.c
        query = select(s.created_segment, s.updated_segment, words.c.created_segment, words.c.updated_segment)
        copies = list(conn.execute(query.join(words, words.c.subscription_id == s.id)))
        wanted = ProductSubscriptionFilter(search="network node")
        return copies, [str(row.id) for _, row in page(conn, wanted, PageArgs(5), by_update=True).items]

    copies, found = await engine.runtime.database.read(read)
    assert all(tuple(row[:2]) == tuple(row[2:]) for row in copies)
    assert len({row[0] for row in copies}) > 1
    assert len({row[1] for row in copies}) > 1
    assert sorted(found) == sorted(ids)
