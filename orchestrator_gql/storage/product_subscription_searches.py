"""The segments that a page of a search reads, if many subscriptions have the word.

Segments are read in the order of the list until the page is full. Other filters may exclude their rows; then four times
as many segments are read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, and_, func, select, union_all

from orchestrator_gql.storage import product_subscription_segments as segments
from orchestrator_gql.storage import product_subscription_words as search
from orchestrator_gql.storage.pagination import Key, PageArgs, between, sorted_by, values_of
from orchestrator_gql.storage.product_subscription_segments import Order, Segment
from orchestrator_gql.storage.tables import product_subscription_words as words
from orchestrator_gql.storage.tables import product_subscriptions

_FIRST, _GROWTH = 3, 4
"""The segments that are looked into first, and how many times as many are looked into next."""


_SAMPLE, _ENOUGH, _NEARBY = 60, 15, 400
"""If so many of the next rows have the words, the page is probably among the nearby rows."""


@dataclass(frozen=True, slots=True)
class Nearby:
    """The condition ``span`` on the next rows in the order of the page; ``is_rest``: there are no others."""

    span: Sequence[ColumnElement[bool]]
    is_rest: bool


@dataclass(frozen=True, slots=True)
class Candidates:
    """A query for subscriptions that have the words: all of them, or at least all that meet the condition ``edge``.

    All of them have the term ``known``. If many rows in this order have the words, ``span`` is the condition on the
    rows instead: the page is read along the order.
    """

    ids: Select[UUID]
    edge: ColumnElement[bool] | None
    known: str | None
    span: ColumnElement[bool] | None = None


@dataclass(frozen=True, slots=True)
class _Term:
    """A term of a search, and the subscriptions whose id begins with it."""

    text: str
    is_word: ColumnElement[bool]
    by_id: Sequence[UUID]


def candidates(
    conn: Connection, terms: Sequence[str], order: Order, key: Key, page_args: PageArgs, few: int
) -> Iterator[Candidates] | None:
    """More and more subscriptions in the order of the page, until all are read.

    None if each term is also the beginning of more than ``few`` ids.
    """
    ids = {term: _with_id(conn, term, few) for term in terms}
    known = [_Term(term, search.begins_with(term), by_id) for term, by_id in ids.items() if by_id is not None]
    # A subscription need not have a word if its id fits, so such a term excludes no segment.
    chosen = [term for term in known if not term.by_id] or known[:1]
    return _Walk(conn, chosen, order, key, page_args).steps() if chosen else None


def sample(have_words: Sequence[ColumnElement[bool]], key: Key, page_args: PageArgs) -> list[ScalarSelect[Any]]:
    """The queries whose values `nearby` needs: how many of the next rows have the words, and the last nearby time."""
    rows = select(*key.columns).where(*between(key, page_args)).order_by(*sorted_by(key, page_args))
    next_ids = select(rows.limit(_SAMPLE).subquery().c.id)
    fitting = select(product_subscriptions.c.id).where(product_subscriptions.c.id.in_(next_ids), *have_words)
    number = select(func.count()).select_from(fitting.subquery()).scalar_subquery()
    return [number, rows.with_only_columns(key.columns[0]).offset(_NEARBY).limit(1).scalar_subquery()]


def nearby(sampled: Sequence[Any], key: Key, page_args: PageArgs) -> Nearby | None:
    """The nearby rows, if enough of the next rows have the words by the values of `sample`; else None.

    To look for the segments with the words would cost a look into each of all segments.
    """
    number, end = sampled
    if number < _ENOUGH:
        return None
    if end is None:
        return Nearby((), is_rest=True)
    at = key.columns[0]
    return Nearby((at >= end if key.is_descending != page_args.is_backward else at <= end,), is_rest=False)


class _Walk:
    """Walks along the segments in the order of the page."""

    def __init__(self, conn: Connection, terms: Sequence[_Term], order: Order, key: Key, page_args: PageArgs) -> None:
        self.conn = conn
        self.terms = terms
        self.order = order
        self.wanted = page_args.size + 1
        self.is_newest_first = key.is_descending != page_args.is_backward
        self.are_words = [term.is_word for term in terms]
        start, end = (_time_at(key, cursor) for cursor in _on_the_way(page_args))
        at = order.at
        self.is_behind_start = None if start is None else at <= start if self.is_newest_first else at >= start
        self.segments = [
            each
            for each in segments.with_words(conn, order, self.are_words, is_newest_first=self.is_newest_first)
            if end is None or (each.at >= end if self.is_newest_first else each.at <= end)
        ]
        self.looks = _FIRST
        self.place = 0
        self.counts: dict[int, list[int]] = {}
        self.by_id = {id for term in terms for id in term.by_id}
        self.read: dict[int, list[int]] = {}

    def steps(self) -> Iterator[Candidates]:
        """More and more candidates."""
        while self.place < len(self.segments):
            self.take_more()
            if self.place < len(self.segments):
                yield self.found(self.edge(self.segments[self.place]))
            self.wanted *= _GROWTH
        yield self.found(None)

    def span(self) -> ColumnElement[bool] | None:
        """The condition on the rows of the only segment that was read, if a page of them has each of the words.

        To look for the words of these rows, one after the other, costs less than to read and sort all rows with a word.
        """
        segment = self.segments[0]
        if self.place > 1 or self.by_id or min(self.counts_in(segment.number), default=0) < self.wanted:
            return None
        # With both times PostgreSQL reads no other rows, whichever index it takes.
        at, order = segment.at, self.order
        return and_(order.segment == segment.number, order.at <= at if self.is_newest_first else order.at >= at)

    def found(self, edge: ColumnElement[bool] | None) -> Candidates:
        """The candidates so far."""
        known = self.terms[min(self.read, default=0)].text if len(self.read) <= 1 else None
        queries = [
            select(words.c.subscription_id).where(self.order.segment_of_word.in_(numbers), self.terms[index].is_word)
            for index, numbers in self.read.items()
        ]
        if self.by_id or not queries:
            queries.append(select(product_subscriptions.c.id).where(product_subscriptions.c.id.in_(self.by_id)))
        ids = queries[0] if len(queries) == 1 else select(union_all(*queries).subquery().c[0])
        return Candidates(ids, edge, known, None if edge is None else self.span())

    def edge(self, rest: Segment) -> ColumnElement[bool]:
        """The condition that a row comes before all rows of the rest."""
        return self.order.at > rest.at if self.is_newest_first else self.order.at < rest.at

    def take_more(self) -> None:
        """Take further segments, with about as many rows as are wanted, and for each the word that few of them have."""
        taken = 0
        while self.place < len(self.segments) and taken < self.wanted:
            number = self.segments[self.place].number
            counts = self.counts_in(number)
            if counts:
                # of two frequent words, the longer one is probably the rarer one
                self.read.setdefault(counts.index(min(counts)), []).append(number)
                taken += min(counts)
            self.place += 1

    def counts_in(self, number: int) -> list[int]:
        """The rows of each word in the segment, empty if it lacks a word; the next segments are looked into with it."""
        if number not in self.counts:
            next_ones = [each.number for each in self.segments[self.place : self.place + self.looks]]
            found = segments.count_words(
                self.conn, self.order, next_ones, self.are_words, self.wanted, self.is_behind_start
            )
            self.counts = {each: found.get(each, []) for each in next_ones}
            self.looks *= _GROWTH
        return self.counts[number]


def _on_the_way(page_args: PageArgs) -> tuple[str | None, str | None]:
    """The cursors behind which the page starts and ends, on the way along the segments."""
    cursors = page_args.after, page_args.before
    return cursors[::-1] if page_args.is_backward else cursors


def _time_at(key: Key, cursor: str | None) -> datetime | None:
    if cursor is None:
        return None
    at: datetime = values_of(key, cursor)[0]
    return at


def _with_id(conn: Connection, term: str, few: int) -> list[UUID] | None:
    """The subscriptions whose id begins with the term; None if they are more than few."""
    span = search.ids_from(term)
    if span is None:
        return []
    id = product_subscriptions.c.id
    ids = list(conn.execute(select(id).where(id.between(*span)).limit(few + 1)).scalars())
    return ids if len(ids) <= few else None
