"""The segments that a page of a search reads, if many subscriptions have the word.

Segments are read in the order of the list until the page is full. Other filters may exclude their rows; then four times
as many segments are read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, select

from orchestrator_gql.storage import product_subscription_segments as segments
from orchestrator_gql.storage import product_subscription_words as search
from orchestrator_gql.storage.pagination import Key, PageArgs, values_of
from orchestrator_gql.storage.product_subscription_segments import Order, Segment
from orchestrator_gql.storage.tables import product_subscription_words as words
from orchestrator_gql.storage.tables import product_subscriptions

_FIRST, _GROWTH = 8, 4
"""The segments that are looked into first, and how many times as many are looked into next."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Subscriptions that have the words: all of them, or at least all that meet the condition ``edge``.

    All of them have the term ``known``.
    """

    ids: Sequence[UUID]
    edge: ColumnElement[bool] | None
    known: str | None


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
        self.ids = dict.fromkeys(id for term in terms for id in term.by_id)
        self.used: set[int] = set()

    def steps(self) -> Iterator[Candidates]:
        """More and more candidates."""
        while self.place < len(self.segments):
            self.read_more()
            if self.place < len(self.segments):
                yield self.found(self.edge(self.segments[self.place]))
            self.wanted *= _GROWTH
        yield self.found(None)

    def found(self, edge: ColumnElement[bool] | None) -> Candidates:
        """The candidates so far."""
        known = self.terms[min(self.used, default=0)].text if len(self.used) <= 1 else None
        return Candidates(list(self.ids), edge, known)

    def edge(self, rest: Segment) -> ColumnElement[bool]:
        """The condition that a row comes before all rows of the rest."""
        return self.order.at > rest.at if self.is_newest_first else self.order.at < rest.at

    def read_more(self) -> None:
        """Read the ids in further segments, about as many as are wanted."""
        taken = 0
        numbers: dict[int, list[int]] = {}
        while self.place < len(self.segments) and taken < self.wanted:
            number = self.segments[self.place].number
            counts = self.counts_in(number)
            if counts:
                # of two frequent words, the longer one is probably the rarer one
                numbers.setdefault(counts.index(min(counts)), []).append(number)
                taken += min(counts)
            self.place += 1
        self.used |= numbers.keys()
        for index, chosen in numbers.items():
            is_chosen = self.order.segment_of_word.in_(chosen)
            query = select(words.c.subscription_id).where(is_chosen, self.terms[index].is_word)
            self.ids |= dict.fromkeys(self.conn.execute(query).scalars())

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
