"""The outbox: what people outside are to be told, to which target, with every try.

A row is claimed by pushing its ``due_at`` ahead and counting the try. So whoever dies over it leaves a row that falls
due by itself: it is sent at least once. And the number of the try tells whose row it is: a sender that was frozen while
another took over settles nothing when it wakes up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, text, update

from orchestrator_gql.storage import pagination
from orchestrator_gql.storage.pagination import Key, PageArgs, RowPage, read_page
from orchestrator_gql.storage.tables import notifications
from orchestrator_gql.storage.tables.notifications import PENDING
from orchestrator_gql.types import Json, NotificationKind, NotificationStatus

NEWEST_FIRST = Key((notifications.c.created_at, notifications.c.id), is_descending=True)

KEPT = 20
"""Tries that are kept of a notification, the latest."""


@dataclass(frozen=True, slots=True)
class Try:
    """One try: when it began, and what was answered, or what else went wrong."""

    at: datetime
    status: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """Something to be told to one target. ``tries_before`` were made before it was last asked to be sent again."""

    id: UUID
    target: str
    kind: NotificationKind
    process_id: UUID
    input_request_id: UUID | None
    payload: dict[str, Any]
    due_at: datetime
    created_at: datetime
    status: NotificationStatus = NotificationStatus.PENDING
    tries: int = 0
    tries_before: int = 0
    log: tuple[Try, ...] = ()
    sent_at: datetime | None = None
    last_error: str | None = None


@dataclass(frozen=True, slots=True)
class NotificationFilter:
    """Which notifications; None means any."""

    statuses: Sequence[NotificationStatus] | None = None
    targets: Sequence[str] | None = None
    process_id: UUID | None = None


def put(conn: Connection, new: Sequence[Notification]) -> None:
    """Keep what is to be sent."""
    if new:
        conn.execute(insert(notifications), [_values(one) for one in new])


def due_at_the_earliest(conn: Connection, targets: Sequence[str]) -> dict[str, datetime]:
    """When the first notification of each target falls due; a target that nothing waits for is left out.

    One look into the index for each target, however much waits for one of them.
    """
    firsts = [
        select(func.min(notifications.c.due_at)).where(text(PENDING), notifications.c.target == target)
        for target in targets
    ]
    found = conn.execute(select(*(first.scalar_subquery() for first in firsts))).one()
    return {target: at for target, at in zip(targets, found, strict=True) if at is not None}


def claim(conn: Connection, room: Mapping[str, int], *, now: datetime, lease_until: datetime) -> list[Notification]:
    """Take what is due, of each target at most so many; it falls due again when the lease is over.

    Rows that another sender is taking just now are passed over, not waited for.
    """
    ids: list[UUID] = []
    for target, most in room.items():
        due = select(notifications.c.id).where(
            text(PENDING), notifications.c.target == target, notifications.c.due_at <= now
        )
        oldest = due.order_by(notifications.c.due_at, notifications.c.id).limit(most)
        ids += conn.execute(oldest.with_for_update(skip_locked=True)).scalars()
    if not ids:
        return []
    taken = update(notifications).where(notifications.c.id.in_(ids))
    leased = taken.values(due_at=lease_until, tries=notifications.c.tries + 1)
    return [_notification(row) for row in conn.execute(leased.returning(*notifications.c))]


def settle(
    conn: Connection, claimed: Notification, made: Try, *, status: NotificationStatus, at: datetime, due_at: datetime
) -> bool:
    """Write down what the try came to at that instant. False: the lease ran out and another took it meanwhile."""
    mine = (
        notifications.c.id == claimed.id,
        notifications.c.status == NotificationStatus.PENDING,
        notifications.c.tries == claimed.tries,
    )
    log = [*claimed.log, made][-KEPT:]
    values = {
        "status": status,
        "due_at": due_at,
        "sent_at": at if status is NotificationStatus.SENT else None,
        "last_error": made.error,
        "log": _log(log),
    }
    return conn.execute(update(notifications).where(*mine).values(values)).rowcount == 1


def send_again(conn: Connection, id: UUID, now: datetime) -> bool:
    """Make what was sent or given up due at once, with all its tries before it. False: it waits to be sent anyway."""
    over = (notifications.c.id == id, notifications.c.status != NotificationStatus.PENDING)
    values = {
        "status": NotificationStatus.PENDING,
        "due_at": now,
        "sent_at": None,
        "tries_before": notifications.c.tries,
    }
    return conn.execute(update(notifications).where(*over).values(values)).rowcount == 1


def give_up_strangers(conn: Connection, targets: Sequence[str], *, due_before: datetime) -> int:
    """Give up what has long been due to targets that are not configured any more; how much that was."""
    gone = (
        text(PENDING),
        notifications.c.target.not_in(targets),
        notifications.c.due_at < due_before,
    )
    values = {"status": NotificationStatus.DEAD, "last_error": "Its target is not configured any more."}
    return conn.execute(update(notifications).where(*gone).values(values)).rowcount


def load(conn: Connection, id: UUID) -> Notification | None:
    """The notification with that id."""
    row = conn.execute(select(notifications).where(notifications.c.id == id)).one_or_none()
    return None if row is None else _notification(row)


def page(conn: Connection, wanted: NotificationFilter, page_args: PageArgs) -> RowPage[Notification]:
    """A page of the notifications, the newest first."""
    found = read_page(conn, select(notifications).where(*_conditions(wanted)), NEWEST_FIRST, page_args)
    items = tuple((cursor, _notification(row)) for cursor, row in found.items)
    return RowPage(items, found.has_next, found.has_previous)


def count(conn: Connection, wanted: NotificationFilter) -> int:
    """How many notifications there are."""
    return pagination.count(conn, select(notifications.c.id).where(*_conditions(wanted)))


def _conditions(wanted: NotificationFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.statuses is not None:
        conditions.append(notifications.c.status.in_(wanted.statuses))
    if wanted.targets is not None:
        conditions.append(notifications.c.target.in_(wanted.targets))
    if wanted.process_id is not None:
        conditions.append(notifications.c.process_id == wanted.process_id)
    return conditions


def _values(one: Notification) -> dict[str, Any]:
    values = {each.name: getattr(one, each.name) for each in fields(one)}
    return values | {"log": _log(one.log)}


def _log(tries: Sequence[Try]) -> Json:
    return [{"at": one.at.isoformat(), "status": one.status, "error": one.error} for one in tries]


def _notification(row: Row[Any]) -> Notification:
    values = dict(row._mapping)
    log = tuple(Try(datetime.fromisoformat(one["at"]), one["status"], one["error"]) for one in values.pop("log"))
    return Notification(**values | {"kind": NotificationKind(values["kind"]), "log": log})
