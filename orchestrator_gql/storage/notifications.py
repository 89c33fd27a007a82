"""The outbox: the notifications, each with its target and every try to send it.

A sender claims a row: it moves ``due_at`` into the future and counts the try. If the sender dies, the row becomes due
again by itself, so a notification is sent at least once. The number of the try identifies the owner of the row: if a
sender was frozen and another sender claimed the row meanwhile, the first sender cannot settle it any more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, text, update

from orchestrator_gql.storage import pagination
from orchestrator_gql.storage.pages_of_values import Listed, of_values
from orchestrator_gql.storage.pagination import Key, PageArgs, RowPage, read_page
from orchestrator_gql.storage.tables import notifications, processes
from orchestrator_gql.storage.tables.notifications import PENDING
from orchestrator_gql.types import Json, NotificationKind, NotificationStatus

NEWEST_FIRST = Key((notifications.c.created_at, notifications.c.id), is_descending=True)

KEPT = 20
"""The newest tries of a notification that its log keeps."""


@dataclass(frozen=True, slots=True)
class Try:
    """One try: when it began, and the HTTP status of the response or another error."""

    at: datetime
    status: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification for one target. ``tries_before`` counts the tries before the last request to send it again.

    ``trace`` is that of its process, which only `claim` reads.
    """

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
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class NotificationFilter:
    """Selects notifications; None means any."""

    statuses: Sequence[NotificationStatus] | None = None
    targets: Sequence[str] | None = None
    process_id: UUID | None = None


def put(conn: Connection, new: Sequence[Notification]) -> None:
    """Store new notifications."""
    if new:
        conn.execute(insert(notifications), [_values(notification) for notification in new])


def due_at_the_earliest(conn: Connection, targets: Sequence[str]) -> dict[str, datetime]:
    """The due time of the first notification of each target; a target without pending notifications is left out.

    One look into the index for each target, even if many notifications wait for it.
    """
    queries = [
        select(func.min(notifications.c.due_at)).where(text(PENDING), notifications.c.target == target)
        for target in targets
    ]
    times = conn.execute(select(*(query.scalar_subquery() for query in queries))).one()
    return {target: at for target, at in zip(targets, times, strict=True) if at is not None}


def claim(conn: Connection, capacity: Mapping[str, int], *, now: datetime, lease_until: datetime) -> list[Notification]:
    """Claim due notifications, at most ``capacity`` for each target; they are due again at ``lease_until``.

    Rows that another sender claims at the same time are skipped, not waited for.
    """
    ids: list[UUID] = []
    for target, most in capacity.items():
        due = select(notifications.c.id).where(
            text(PENDING), notifications.c.target == target, notifications.c.due_at <= now
        )
        oldest = due.order_by(notifications.c.due_at, notifications.c.id).limit(most)
        ids += conn.execute(oldest.with_for_update(skip_locked=True)).scalars()
    if not ids:
        return []
    change = update(notifications).where(notifications.c.id.in_(ids))
    leased = change.values(due_at=lease_until, tries=notifications.c.tries + 1)
    trace = select(processes.c.trace).where(processes.c.id == notifications.c.process_id).scalar_subquery()
    return [_notification(row) for row in conn.execute(leased.returning(*notifications.c, trace.label("trace")))]


def settle(
    conn: Connection, claimed: Notification, new_try: Try, *, status: NotificationStatus, at: datetime, due_at: datetime
) -> bool:
    """Store the outcome of the try. False: the lease ended, and another sender claimed the notification."""
    conditions = (
        notifications.c.id == claimed.id,
        notifications.c.status == NotificationStatus.PENDING,
        notifications.c.tries == claimed.tries,
    )
    log = [*claimed.log, new_try][-KEPT:]
    values = {
        "status": status,
        "due_at": due_at,
        "sent_at": at if status is NotificationStatus.SENT else None,
        "last_error": new_try.error,
        "log": _log(log),
    }
    return conn.execute(update(notifications).where(*conditions).values(values)).rowcount == 1


def send_again(conn: Connection, id: UUID, now: datetime) -> bool:
    """Make a sent or dead notification due at ``now``, with all its tries again. False: it is pending already."""
    conditions = (notifications.c.id == id, notifications.c.status != NotificationStatus.PENDING)
    values = {
        "status": NotificationStatus.PENDING,
        "due_at": now,
        "sent_at": None,
        "tries_before": notifications.c.tries,
    }
    return conn.execute(update(notifications).where(*conditions).values(values)).rowcount == 1


def give_up_strangers(conn: Connection, targets: Sequence[str], *, due_before: datetime) -> int:
    """Give up notifications that were due before ``due_before`` for targets that are not configured; their number."""
    conditions = (
        text(PENDING),
        notifications.c.target.not_in(targets),
        notifications.c.due_at < due_before,
    )
    values = {"status": NotificationStatus.DEAD, "last_error": "Its target is not configured any more."}
    return conn.execute(update(notifications).where(*conditions).values(values)).rowcount


def load(conn: Connection, id: UUID) -> Notification | None:
    """The notification with that id, None if there is none."""
    row = conn.execute(select(notifications).where(notifications.c.id == id)).one_or_none()
    return None if row is None else _notification(row)


def page(conn: Connection, filters: NotificationFilter, page_args: PageArgs) -> RowPage[Notification]:
    """A page of the notifications, newest first."""
    query = select(notifications)
    if filters.process_id is None:
        status = Listed(notifications.c.status, filters.statuses, NotificationStatus)
        query = of_values(conn, query, NEWEST_FIRST, page_args, status, Listed(notifications.c.target, filters.targets))
    else:  # one process has few: their index is the shortest way
        query = query.where(*_conditions(filters))
    return read_page(conn, query, NEWEST_FIRST, page_args).map(_notification)


def count(conn: Connection, filters: NotificationFilter) -> int:
    """The number of notifications that match the filter."""
    return pagination.count(conn, select(notifications.c.id).where(*_conditions(filters)))


def _conditions(filters: NotificationFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.statuses is not None:
        conditions.append(notifications.c.status.in_(filters.statuses))
    if filters.targets is not None:
        conditions.append(notifications.c.target.in_(filters.targets))
    if filters.process_id is not None:
        conditions.append(notifications.c.process_id == filters.process_id)
    return conditions


def _values(notification: Notification) -> dict[str, Any]:
    values = {field.name: getattr(notification, field.name) for field in fields(notification) if field.name != "trace"}
    return values | {"log": _log(notification.log)}


def _log(tries: Sequence[Try]) -> Json:
    return [{"at": entry.at.isoformat(), "status": entry.status, "error": entry.error} for entry in tries]


def _notification(row: Row[Any]) -> Notification:
    values = dict(row._mapping)
    entries = values.pop("log")
    log = tuple(Try(datetime.fromisoformat(entry["at"]), entry["status"], entry["error"]) for entry in entries)
    return Notification(**values | {"kind": NotificationKind(values["kind"]), "log": log})
