"""The list of product subscriptions, on both databases: its filters and pages, and that its work does not grow."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, text
from support.many_subscriptions import (
    ACTIVE,
    INITIAL,
    OWNER,
    PRODUCTS,
    RARE,
    TERMINATED,
    Made,
    made,
    plain_engine,
    write,
)
from support.query_work import statements_of, work_of

from orchestrator_gql.storage import product_subscription_lists as lists
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.storage.product_subscription_lists import ProductSubscriptionFilter, StartRule, page, total

pytestmark = pytest.mark.one_dispatcher

SMALL, LARGE = RARE, 5 * RARE // 2

Fits = Callable[[Made], bool]
CASES: list[tuple[str, ProductSubscriptionFilter, Fits]] = [
    ("no filter", ProductSubscriptionFilter(), lambda one: True),
    ("a frequent status", ProductSubscriptionFilter(statuses=[ACTIVE]), lambda one: one.status is ACTIVE),
    ("a rare status", ProductSubscriptionFilter(statuses=[INITIAL]), lambda one: one.status is INITIAL),
    (
        "two statuses",
        ProductSubscriptionFilter(statuses=[INITIAL, TERMINATED]),
        lambda one: one.status in (INITIAL, TERMINATED),
    ),
    ("no status", ProductSubscriptionFilter(statuses=[]), lambda one: False),
    (
        "products",
        ProductSubscriptionFilter(product_names=["Port", "Sample", "Unknown"]),
        lambda one: PRODUCTS[one.product_id][0] in ("Port", "Sample"),
    ),
    ("a rare product", ProductSubscriptionFilter(product_names=["Sample"]), lambda one: one.product_id.int == 4),
    (
        "a type",
        ProductSubscriptionFilter(product_types=["Service"]),
        lambda one: PRODUCTS[one.product_id][1] == "Service",
    ),
    ("a customer", ProductSubscriptionFilter(customer_id="customer-2"), lambda one: one.customer_id == "customer-2"),
    ("a rare customer", ProductSubscriptionFilter(customer_id="rare"), lambda one: one.customer_id == "rare"),
    ("in sync", ProductSubscriptionFilter(is_in_sync=True), lambda one: one.insync),
    ("out of sync", ProductSubscriptionFilter(is_in_sync=False), lambda one: not one.insync),
    ("a frequent word", ProductSubscriptionFilter(search="link"), lambda one: one.description.startswith("Link")),
    ("the end of a word", ProductSubscriptionFilter(search="CORE33"), lambda one: "core33" in one.description),
    ("a number in a word", ProductSubscriptionFilter(search="utr22"), lambda one: "utr22" in one.description),
    ("a term in brackets", ProductSubscriptionFilter(search="(utr24)"), lambda one: "utr24)" in one.description),
    (
        "two words",
        ProductSubscriptionFilter(search="customer-1 ams"),
        lambda one: one.customer_id == "customer-1" and "AMS" in one.description,
    ),
    ("a word of many old ones", ProductSubscriptionFilter(search="old"), lambda one: "old" in one.description),
    ("a prefix of many old words", ProductSubscriptionFilter(search="old-7"), lambda one: "old" in one.description),
    (
        "an old and a frequent word",
        ProductSubscriptionFilter(search="old-7 customer-2"),
        lambda one: "old" in one.description and one.customer_id == "customer-2",
    ),
    (
        "an old and a rare word",
        ProductSubscriptionFilter(search="old-7 rare"),
        lambda one: "old" in one.description and one.customer_id == "rare",
    ),
    (
        "an old word and other filters",
        ProductSubscriptionFilter(
            search="old-7", statuses=[ACTIVE], is_in_sync=True, product_names=["Port"], customer_id="customer-3"
        ),
        lambda one: (
            "old" in one.description
            and one.status is ACTIVE
            and one.insync
            and one.product_id.int == 2
            and one.customer_id == "customer-3"
        ),
    ),
    ("no word", ProductSubscriptionFilter(search="nothing%"), lambda one: False),
    ("a wildcard", ProductSubscriptionFilter(search="%"), lambda one: False),
    (
        "the beginning of an id",
        ProductSubscriptionFilter(search=str(made(33).id)[:-1]),
        lambda one: str(one.id).startswith(str(made(33).id)[:-1]),
    ),
    ("a whole id", ProductSubscriptionFilter(search=str(made(33).id).upper()), lambda one: one.id == made(33).id),
    ("ids", ProductSubscriptionFilter(ids=[made(1).id, made(2).id]), lambda one: one.id in (made(1).id, made(2).id)),
    ("the users of one", ProductSubscriptionFilter(owner_id=OWNER), lambda one: one.id != OWNER),
    ("the owners of one", ProductSubscriptionFilter(user_id=made(33).id), lambda one: one.id == OWNER),
    (
        "several filters",
        ProductSubscriptionFilter(statuses=[ACTIVE], product_names=["Port"], customer_id="customer-0", is_in_sync=True),
        lambda one: one.status is ACTIVE and one.product_id.int == 2 and one.customer_id == "customer-0" and one.insync,
    ),
    (
        "where a workflow may start",
        ProductSubscriptionFilter(
            start=StartRule(
                frozenset({UUID(int=1)}), frozenset({ACTIVE}), is_in_sync=True, is_free=True, is_unused=True
            )
        ),
        lambda one: one.product_id.int == 1 and one.status is ACTIVE and one.insync and one.id != OWNER,
    ),
]
BY_TITLE = {title: (wanted, fits) for title, wanted, fits in CASES}


@pytest.fixture
def engine(storage: str) -> Iterator[Engine]:
    """The database of the test."""
    database = plain_engine(storage)
    yield database
    database.dispose()


def ids_of(conn: Connection, wanted: ProductSubscriptionFilter, args: PageArgs, **order: bool) -> list[UUID]:
    """The ids of a page."""
    return [row.id for _, row in page(conn, wanted, args, **order).items]


def walked(conn: Connection, wanted: ProductSubscriptionFilter, size: int, **order: bool) -> list[UUID]:
    """The ids of all pages, forwards."""
    ids: list[UUID] = []
    after = None
    while True:
        found = page(conn, wanted, PageArgs(size, after), **order)
        ids += [row.id for _, row in found.items]
        if not found.has_next:
            return ids
        after = found.items[-1][0]


@pytest.mark.parametrize("few", [0, 5, 1_000], ids=["along the order", "either", "by ids"])
def test_every_filter_selects_the_same_rows_with_both_plans(
    engine: Engine, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "FEW", few)
    rows = [made(index) for index in range(60)]
    with engine.begin() as conn:
        write(conn, range(60))
        for title, (wanted, fits) in BY_TITLE.items():
            selected = [one for one in rows if fits(one)]
            newest = [one.id for one in sorted(selected, key=lambda one: (one.created_at, one.id), reverse=True)]
            changed = [one.id for one in sorted(selected, key=lambda one: (one.updated_at, one.id))]

            assert walked(conn, wanted, 7) == newest, title
            assert walked(conn, wanted, 7, by_update=True, is_descending=False) == changed, title
            assert ids_of(conn, wanted, PageArgs(last=3)) == newest[-3:], title
            assert total(conn, wanted) == len(newest), title


def test_a_cursor_is_good_for_the_other_plan(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ProductSubscriptionFilter(statuses=[ACTIVE])
    with engine.begin() as conn:
        write(conn, range(30))
        found = page(conn, wanted, PageArgs(5))
        monkeypatch.setattr(lists, "FEW", 0)
        other = page(conn, wanted, PageArgs(5, found.items[-1][0]))

        assert [row.id for _, row in (*found.items, *other.items)] == ids_of(conn, wanted, PageArgs(10))


def test_the_work_for_a_page_does_not_grow_with_the_number_of_subscriptions(engine: Engine) -> None:
    work: dict[str, list[int]] = {}
    for indexes in (range(SMALL), range(SMALL, LARGE)):
        with engine.begin() as conn:
            write(conn, indexes)
        if engine.dialect.name == "postgresql":
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
                conn.execute(text("VACUUM ANALYZE"))  # as the server itself does after many writes
        with engine.begin() as conn:
            for title, (wanted, _) in BY_TITLE.items():
                for by_update, is_descending in ((False, True), (True, True), (True, False)):
                    order = {"by_update": by_update, "is_descending": is_descending}

                    def read(wanted: Any = wanted, order: Any = order, conn: Any = conn) -> None:
                        page(conn, wanted, PageArgs(20), **order)

                    work.setdefault(f"{title}, {order}", []).append(work_of(conn, statements_of(conn, read)))

    grown = {title: sizes for title, sizes in work.items() if sizes[1] > 1.5 * sizes[0] + 400}
    assert grown == {}
