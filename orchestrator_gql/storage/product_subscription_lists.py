"""The list of product subscriptions, with its filters.

A page costs the same however many subscriptions there are. So the plan is chosen here and not by the database, which
knows too little about the data:

    each filter ─▶ how many rows fit it, counted up to `FEW`
       │
       ├─ a filter with few rows ─▶ read these rows by their ids, apply the other filters, sort them
       ├─ a word that most have ──▶ walk along the index of the order, if the page is among the next rows
       ├─ a word that many have ──▶ the same as for few with the rows of some segments (`product_subscription_searches`)
       └─ every filter has many ──▶ walk along the index of the order, apply the filters until the page is full
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, ScalarSelect, Select, Subquery, false, func, select, union_all

from orchestrator_gql.domain.search_words import terms_of
from orchestrator_gql.domain.values import ValueFilter
from orchestrator_gql.storage import product_subscription_locks as locks
from orchestrator_gql.storage import product_subscription_searches as searches
from orchestrator_gql.storage import product_subscription_segments as segments
from orchestrator_gql.storage import product_subscription_values as subscription_values
from orchestrator_gql.storage import product_subscription_words as search
from orchestrator_gql.storage.columns import among, asked_per_row, unindexed
from orchestrator_gql.storage.pagination import MOST_COUNTED, Key, PageArgs, RowPage, count, page_query, read_page
from orchestrator_gql.storage.product_subscription_searches import Candidates, Nearby
from orchestrator_gql.storage.tables import product_subscription_uses as uses
from orchestrator_gql.storage.tables import product_subscription_words as words
from orchestrator_gql.storage.tables import product_subscriptions, products
from orchestrator_gql.storage.tables.products import BEGINNING_OF_CUSTOMER, OUT_OF_SYNC
from orchestrator_gql.types import SubscriptionLifecycle

FEW = 1_000
"""The most rows that are read by their ids and sorted."""

FEW_WORDS = 250
"""The same for a word of a search: if more have it, segments of them are read."""

FEWER = 200
"""The same for a filter whose column is in the index of the order: the walk along the index then costs little."""

_S = product_subscriptions.c
_HIDDEN = {"model", "created_segment", "updated_segment"}
_LIGHT = [column for column in _S if column.name not in _HIDDEN]


@dataclass(frozen=True, slots=True)
class StartRule:
    """Which product subscriptions a workflow may start on; see `engine.start_check`."""

    product_ids: frozenset[UUID]
    statuses: frozenset[SubscriptionLifecycle]
    is_in_sync: bool
    is_free: bool
    is_unused: bool


@dataclass(frozen=True, slots=True)
class ProductSubscriptionFilter:
    """Selects product subscriptions; None means any.

    ``owner_id`` selects the ones that use a block of that subscription, ``user_id`` the ones whose blocks it uses.
    """

    ids: Sequence[UUID] | None = None
    statuses: Collection[SubscriptionLifecycle] | None = None
    product_names: Sequence[str] | None = None
    product_types: Sequence[str] | None = None
    customer_id: str | None = None
    is_in_sync: bool | None = None
    search: str | None = None
    owner_id: UUID | None = None
    user_id: UUID | None = None
    values: Sequence[ValueFilter] = ()
    start: StartRule | None = None


@dataclass(frozen=True, slots=True)
class _Condition:
    """One filter: its condition, and the query for the ids that fit it, if an index finds them.

    ``found`` are these ids themselves, if they are few and known already. The ids are read first only if they are at
    most ``most_ids``.
    """

    where: ColumnElement[bool]
    ids: Select[Any] | None = None
    found: Sequence[UUID] | None = None
    most_ids: int = field(default_factory=lambda: FEW)
    term: str | None = None


def page(
    conn: Connection,
    wanted: ProductSubscriptionFilter,
    page_args: PageArgs,
    *,
    by_update: bool = False,
    is_descending: bool = True,
) -> RowPage[Row[Any]]:
    """A page of product subscriptions without their models, in the order of their creation or of their last change."""
    conditions = _conditions(conn, wanted)
    order = segments.BY_UPDATE if by_update else segments.BY_CREATION
    key = Key((order.at, _S.id), is_descending)
    words_fit = [condition.where for condition in conditions if condition.term is not None]
    sample = searches.sample(words_fit, key, page_args) if words_fit else ()
    ids, sampled = _ids_of_narrowest(conn, conditions, sample)
    if ids is not None:
        return _page_among(conn, ids, conditions, key, page_args)
    near = searches.nearby(sampled, key, page_args) if sampled else None
    if near is not None and (page := _page_nearby(conn, near, conditions, key, page_args)) is not None:
        return page
    terms = sorted(terms_of(wanted.search or ""), key=len, reverse=True)
    found = searches.candidates(conn, terms, order, key, page_args, FEW)
    if found is not None:
        return _page_of_candidates(conn, found, conditions, key, page_args)
    query = select(*_LIGHT).where(*(condition.where for condition in conditions))
    return read_page(conn, query, key, page_args)


def _page_among(
    conn: Connection,
    ids: Sequence[UUID] | Select[UUID],
    conditions: Sequence[_Condition],
    key: Key,
    page_args: PageArgs,
    edge: ColumnElement[bool] | None = None,
) -> RowPage[Row[Any]]:
    """The page of these rows, read by their ids."""
    rows = _rows_of(conn, ids, conditions, key.columns, edge)
    own = Key(tuple(rows.c[column.name] for column in key.columns), key.is_descending)
    # Only the rows of the page are read whole: SQLite would put every column of all rows into its sorter.
    of_page = page_query(select(rows), own, page_args).subquery()
    return read_page(conn, select(*_LIGHT).where(_S.id.in_(select(of_page.c.id))), key, page_args)


def _page_nearby(
    conn: Connection, near: Nearby, conditions: Sequence[_Condition], key: Key, page_args: PageArgs
) -> RowPage[Row[Any]] | None:
    """The page of a search for words that very many have, if it is among the nearby rows; else None."""
    query = select(*_LIGHT).where(*(condition.where for condition in conditions), *near.span)
    page = read_page(conn, query, key, page_args)
    return page if near.is_rest or page.is_full(page_args) else None


def _page_of_candidates(
    conn: Connection,
    found: Iterator[Candidates],
    conditions: Sequence[_Condition],
    key: Key,
    page_args: PageArgs,
) -> RowPage[Row[Any]]:
    """The page of a search for a word that many have: more and more of them are read until the page is full."""
    for each in found:
        if each.span is not None and each.edge is not None:
            query = select(*_LIGHT).where(each.span, each.edge, *(condition.where for condition in conditions))
            page = read_page(conn, query, key, page_args)
            if page.is_full(page_args):
                break
        others = [condition for condition in conditions if condition.term is None or condition.term != each.known]
        page = _page_among(conn, each.ids, others, key, page_args, each.edge)
        if each.edge is None or page.is_full(page_args):
            break
    return page


def total(conn: Connection, wanted: ProductSubscriptionFilter) -> int:
    """The number of product subscriptions that match the filter; `MOST_COUNTED` + 1 if they are more than that."""
    conditions = _conditions(conn, wanted)
    ids, _ = _ids_of_narrowest(conn, conditions)
    if ids is None:
        ids = _ids_of_search(conn, conditions)
    if ids is not None:
        return count(conn, select(_rows_of(conn, ids, conditions)))
    return count(conn, select(_S.id).where(*(condition.where for condition in conditions)))


def _rows_of(
    conn: Connection,
    ids: Sequence[UUID] | Select[UUID],
    conditions: Sequence[_Condition],
    columns: Sequence[ColumnElement[Any]] = (_S.id,),
    edge: ColumnElement[bool] | None = None,
) -> Subquery:
    """The rows with these ids that meet the conditions.

    The offset keeps PostgreSQL from walking along the index of the order instead. The name is that of the table, so
    the cursors of both plans are the same.
    """
    query = select(*columns).where(among(conn, _S.id, ids), *(condition.where for condition in conditions))
    if edge is not None:
        query = query.where(edge)
    return query.offset(0).subquery(product_subscriptions.name)


def _ids_of_narrowest(
    conn: Connection, conditions: Sequence[_Condition], others: Sequence[ScalarSelect[Any]] = ()
) -> tuple[Sequence[UUID] | None, Sequence[Any]]:
    """The ids that fit one of the conditions, if there are only few; None if each of them has many.

    With them the values of the other queries, read in the same statement; none if the ids are known without it.
    """
    for condition in conditions:
        if condition.found is not None:
            return condition.found, ()
    asked = [condition for condition in conditions if condition.ids is not None]
    if not asked:
        return None, ()
    queries = [condition.ids.limit(condition.most_ids + 1) for condition in asked if condition.ids is not None]
    counts = [select(func.count()).select_from(query.subquery()).scalar_subquery() for query in queries]
    columns = [query.label(f"size_{index}") for index, query in enumerate((*counts, *others))]
    values = conn.execute(select(*columns)).one()
    sizes, found = values[: len(asked)], values[len(asked) :]
    small = [index for index, condition in enumerate(asked) if sizes[index] <= condition.most_ids]
    if not small:
        return None, found
    smallest = min(small, key=sizes.__getitem__)
    return list(dict.fromkeys(conn.execute(queries[smallest]).scalars())), found


def _ids_of_search(conn: Connection, conditions: Sequence[_Condition]) -> Sequence[UUID] | None:
    """The ids that fit a word of the search, if they can be counted; None if each word has too many."""
    for condition in conditions:
        if condition.term is not None:
            # A subscription may have several words with the same beginning.
            most = 2 * MOST_COUNTED
            ids = conn.execute(_ids_of_term(condition.term, most + 1).limit(most + 1)).scalars().all()
            if len(ids) <= most:
                return list(dict.fromkeys(ids))
    return None


def _conditions(conn: Connection, wanted: ProductSubscriptionFilter) -> list[_Condition]:
    conditions: list[_Condition] = []
    listed: tuple[tuple[Collection[Any] | None, ColumnElement[Any]], ...] = (
        (wanted.ids, _S.id),
        (wanted.statuses, _S.status),
        (_product_ids(conn, wanted), _S.product_id),
        (wanted.start.statuses if wanted.start else None, _S.status),
        (wanted.start.product_ids if wanted.start else None, _S.product_id),
    )
    for values, column in listed:
        if values is not None:
            conditions.append(
                _Condition(
                    unindexed(conn, column).in_(sorted(values)),
                    _ids_by(column, sorted(values)),
                    most_ids=min(FEW, FEWER),
                )
            )
    if wanted.customer_id is not None:
        # SQLite would put the value into the indexed expression, and then it would not know the expression any more.
        is_of_customer = unindexed(conn, _S.customer_id) == wanted.customer_id
        has_beginning = BEGINNING_OF_CUSTOMER.in_([wanted.customer_id[:100]])
        conditions.append(_Condition(is_of_customer, select(_S.id).where(has_beginning, is_of_customer)))
    in_sync = [wanted.is_in_sync, True if wanted.start and wanted.start.is_in_sync else None]
    conditions += [_sync(conn, is_wanted) for is_wanted in in_sync if is_wanted is not None]
    if wanted.start is not None and wanted.start.is_free and not wanted.start.is_in_sync:
        conditions.append(_Condition(~locks.is_held(_S.id)))
    for term in terms_of(wanted.search or ""):
        conditions.append(_term(term))
    conditions += _relations(wanted)
    for filter in wanted.values:
        found = subscription_values.few_ids(conn, filter)
        has_value = subscription_values.has(_S.id, filter) if found is None else among(conn, _S.id, found)
        conditions.append(_Condition(has_value, found=found))
    return conditions


def _ids_by(column: ColumnElement[Any], values: Sequence[Any]) -> Select[Any]:
    """The ids of the rows with one of the values, through the index of the column."""
    if not values:
        return select(_S.id).where(false())
    return _all_of(FEW + 1, *(select(_S.id).where(column == value) for value in values))


def _all_of(most: int, *queries: Select[Any]) -> Select[Any]:
    """The ids of all queries, at most so many of each of them."""
    if len(queries) == 1:
        return queries[0]
    bounded = [select(query.limit(most).subquery().c.id) for query in queries]
    return select(union_all(*bounded).subquery().c.id)


def _sync(conn: Connection, is_in_sync: bool) -> _Condition:
    where = unindexed(conn, _S.insync).is_(is_in_sync)
    if is_in_sync:
        return _Condition(where)
    return _Condition(where, select(_S.id).where(OUT_OF_SYNC), most_ids=min(FEW, FEWER))


def _term(term: str) -> _Condition:
    return _Condition(search.has_word(term), _ids_of_term(term, FEW + 1), most_ids=min(FEW, FEW_WORDS), term=term)


def _ids_of_term(term: str, most: int) -> Select[Any]:
    """The ids that the term finds, at most so many by a word and so many by the id itself."""
    # In the order of the index, so PostgreSQL reads the index and does not look through the table.
    ids = select(words.c.subscription_id.label("id")).where(search.begins_with(term)).order_by(words.c.word)
    span = search.ids_from(term)
    return ids if span is None else _all_of(most, ids, select(_S.id).where(_S.id.between(*span)).order_by(_S.id))


def _relations(wanted: ProductSubscriptionFilter) -> list[_Condition]:
    conditions = []
    if wanted.owner_id is not None:
        ids = select(uses.c.subscription_id).where(uses.c.owner_id == wanted.owner_id)
        is_user = asked_per_row(
            select(uses.c.owner_id).where(uses.c.owner_id == wanted.owner_id, uses.c.subscription_id == _S.id)
        )
        conditions.append(_Condition(is_user, ids))
    if wanted.user_id is not None:
        ids = select(uses.c.owner_id).where(uses.c.subscription_id == wanted.user_id)
        is_owner = asked_per_row(
            select(uses.c.owner_id).where(uses.c.subscription_id == wanted.user_id, uses.c.owner_id == _S.id)
        )
        conditions.append(_Condition(is_owner, ids))
    if wanted.start is not None and wanted.start.is_unused:
        user = product_subscriptions.alias("users")
        status = select(user.c.status).where(user.c.id == uses.c.subscription_id).scalar_subquery()
        living = select(uses.c.subscription_id).where(
            uses.c.owner_id == _S.id, status != SubscriptionLifecycle.TERMINATED
        )
        # In the order of the index: where one subscription has most users, PostgreSQL would look through the table.
        conditions.append(_Condition(~asked_per_row(living.order_by(uses.c.subscription_id))))
    return conditions


def _product_ids(conn: Connection, wanted: ProductSubscriptionFilter) -> Collection[UUID] | None:
    """The ids of the products with the wanted names and types, no longer declared ones included."""
    if wanted.product_names is None and wanted.product_types is None:
        return None
    query = select(products.c.id)
    if wanted.product_names is not None:
        query = query.where(products.c.name.in_(wanted.product_names))
    if wanted.product_types is not None:
        query = query.where(products.c.product_type.in_(wanted.product_types))
    return set(conn.execute(query).scalars())
