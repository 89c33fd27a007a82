"""What remote services delivered, how long they took, what they left unanswered, and with which contracts.

Each number is read from a range of an index with a bound, so it costs the same with a million callbacks. The rows of
callbacks whose steps name no service are in none of these indexes.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    String,
    Text,
    bindparam,
    cast,
    false,
    func,
    literal,
    literal_column,
    select,
    true,
    type_coerce,
    union,
    union_all,
)

from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.storage import callbacks as callback_rows
from orchestrator_gql.storage.pagination import MOST_COUNTED, Key, PageArgs, RowPage, count_by_index, read_page
from orchestrator_gql.storage.tables import callback_attempts, callbacks
from orchestrator_gql.types import AttemptOutcome, CallbackStatus

SAMPLES = 1_000
"""The latest results of a service whose durations and contracts are read, and its newest open callbacks."""

MOST_SERVICES = 200
"""Services that are found by their callbacks, besides the configured services."""

_a, _c = callback_attempts.c, callbacks.c


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The deliveries of a service with one outcome; ``is_failure``: they report that a job failed.

    ``count`` is of the window, `MOST_COUNTED` + 1 if there are more; ``last_at`` is the time of the last one of all.
    """

    outcome: AttemptOutcome
    is_failure: bool
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Callbacks of a service without an answer; ``last_issued_at`` is the time when the newest of them was issued.

    ``overdue`` callbacks are still open after their deadline. ``ended`` callbacks expired in the window, or were issued
    in it and lost their heartbeat: the time of the loss is not stored.
    """

    overdue: int = 0
    ended: int = 0
    last_issued_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ContractUse:
    """A contract as JSON text, None if any JSON is accepted; how many open callbacks have it, and how many results
    of the window were judged by it."""

    text: str | None
    open: int
    accepted: int


def names(conn: Connection) -> set[str]:
    """The services that have an open callback or a stored delivery; of each kind the first `MOST_SERVICES` by name."""
    return set(conn.execute(_names()).scalars())


def _distinct(column: Any, condition: Any, name: str) -> Select[Any]:
    """The different values of the first column of an index, which is entered once for each of them."""
    found = select(func.min(column).label("service")).where(condition).cte(name, recursive=True)
    following = select(func.min(column)).where(condition, column > found.c.service).scalar_subquery()
    found = found.union_all(select(following).where(found.c.service.is_not(None)))
    return select(found.c.service).where(found.c.service.is_not(None)).limit(MOST_SERVICES)


@cache
def _names() -> CompoundSelect[Any]:
    delivering = _distinct(_a.service, _a.service.is_not(None), "delivering").subquery()
    awaited = _distinct(_c.service, _c.service.is_not(None) & callback_rows.IS_PENDING, "awaited").subquery()
    return union(select(delivering.c.service), select(awaited.c.service))


def _deliveries_of(outcome: AttemptOutcome, is_failure: bool) -> Select[Any]:
    kind = (
        _a.service == bindparam("service"),
        _a.outcome == outcome,
        _a.is_failure == (true() if is_failure else false()),
    )
    in_window = select(_a.at).where(*kind, _a.at >= bindparam("since")).limit(MOST_COUNTED + 1).subquery()
    return select(
        cast(literal(outcome.value, String), Text).label("outcome"),
        (true() if is_failure else false()).label("is_failure"),
        select(func.count()).select_from(in_window).scalar_subquery().label("count"),
        select(func.max(_a.at)).where(*kind).scalar_subquery().label("last_at"),
    )


@cache
def _deliveries() -> CompoundSelect[Any]:
    return union_all(*(_deliveries_of(outcome, kind) for outcome in AttemptOutcome for kind in (False, True)))


def deliveries(conn: Connection, service: str, since: datetime) -> list[Deliveries]:
    """The stored deliveries of the service by outcome, without outcomes that it never had.

    Each number stops by itself: a million refused deliveries do not hide one result.
    """
    rows = conn.execute(_deliveries(), {"service": service, "since": since})
    return [
        Deliveries(AttemptOutcome(outcome), bool(is_failure), count, last_at)
        for outcome, is_failure, count, last_at in rows
        if last_at is not None
    ]


def _latest_results(service: str, since: datetime, *columns: ColumnElement[Any]) -> Select[Any]:
    results = select(*columns).join_from(callback_attempts, callbacks, _c.id == _a.callback_id)
    kind = (_a.service == service, _a.outcome == AttemptOutcome.ACCEPTED, _a.is_failure == false())
    return results.where(*kind, _a.at >= since).order_by(_a.at.desc()).limit(SAMPLES)


def durations(conn: Connection, service: str, since: datetime) -> tuple[float, ...]:
    """The seconds from the issue of a callback to its accepted result, sorted, of the latest results of the window.

    A result by the service's own job id may come before the callback is issued; it took no time.
    """
    rows = conn.execute(_latest_results(service, since, _a.at, _c.issued_at))
    return tuple(sorted(max((at - issued_at).total_seconds(), 0.0) for at, issued_at in rows))


def contracts(conn: Connection, service: str, since: datetime) -> list[ContractUse]:
    """The contracts of the newest open callbacks of the service and of its latest results, the most used first."""
    number_of: dict[str | None, list[int]] = {}
    text_of = type_coerce(_c.contract, Text).label("contract")
    newest_open = select(text_of).where(_is_open(service)).order_by(_c.id.desc()).limit(SAMPLES)
    for place, query in enumerate((newest_open, _latest_results(service, since, text_of))):
        rows = query.subquery()
        counts = select(rows.c.contract, func.count()).group_by(rows.c.contract)
        for text, number in conn.execute(counts):
            number_of.setdefault(text, [0, 0])[place] = number
    uses = (ContractUse(text, *numbers) for text, numbers in number_of.items())
    return sorted(uses, key=lambda use: (-use.open - use.accepted, use.text or ""))


def _is_open(service: str) -> ColumnElement[bool]:
    return callback_rows.IS_PENDING & (_c.service == service)


def open_page(conn: Connection, service: str, page_args: PageArgs) -> RowPage[Callback]:
    """A page of the open callbacks of the service, the newest first."""
    rows = read_page(conn, select(callbacks).where(_is_open(service)), Key((_c.id,), is_descending=True), page_args)
    return rows.map(callback_rows.callback_of)


def open_count(conn: Connection, service: str) -> int:
    """The number of open callbacks of the service; `MOST_COUNTED` + 1 if there are more."""
    return count_by_index(conn, select(_c.id).where(_is_open(service)))


def unanswered(conn: Connection, *, since: datetime, now: datetime) -> tuple[dict[str, Unanswered], bool]:
    """The unanswered callbacks by service, and whether they are all.

    The latest `MOST_COUNTED` of each kind are read, of all services together: their indexes do not know the service.
    """
    found: dict[str, Unanswered] = {}
    number_of = {"overdue": 0, "expired": 0, "lost": 0}
    for kind, service, number, last in conn.execute(_unanswered(since, now)):
        number_of[kind] += number
        if service is None:
            continue
        known = found.get(service, Unanswered())
        last_issued_at = last if known.last_issued_at is None else max(last, known.last_issued_at)
        is_overdue = kind == "overdue"
        overdue, ended = (number, 0) if is_overdue else (0, number)
        found[service] = Unanswered(known.overdue + overdue, known.ended + ended, last_issued_at)
    return found, all(number <= MOST_COUNTED for number in number_of.values())


def _unanswered(since: datetime, now: datetime) -> CompoundSelect[Any]:
    """Each kind is read in the order of its index, from its end."""
    kinds = (
        ("overdue", callback_rows.is_overdue(now), _c.expires_at),
        ("expired", (_c.status == CallbackStatus.EXPIRED) & (_c.expires_at >= since), _c.expires_at),
        ("lost", (_c.status == CallbackStatus.HEARTBEAT_LOST) & (_c.id >= _first_id(since)), _c.id),
    )
    counts = list[Select[Any]]()
    for kind, condition, order in kinds:
        latest = select(_c.service, _c.issued_at).where(condition).order_by(order.desc()).limit(MOST_COUNTED + 1)
        rows = latest.subquery()
        numbers = (func.count(), func.max(rows.c.issued_at))
        counts.append(select(literal_column(f"'{kind}'", Text), rows.c.service, *numbers).group_by(rows.c.service))
    return union_all(*counts)


def _first_id(at: datetime) -> UUID:
    """The smallest id of a row of that time, see `utils.tokens.new_id`."""
    return UUID(int=max(int(at.timestamp() * 1000), 0) << 80)
