"""Finds the ended processes that are old enough to go, and deletes them with everything that belongs to them.

Small processes go in one transaction. A large one goes in parts (`storage.retention_parts`), and nobody can act on it
from the first of them on. So a process is found whole, or not at all, wherever a server was killed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Uuid,
    and_,
    delete,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from orchestrator_gql.storage.advisory_locks import key_of
from orchestrator_gql.storage.columns import UtcDateTime, among
from orchestrator_gql.storage.database.after_commit import commit_effects
from orchestrator_gql.storage.database.observer import ProcessesPruned
from orchestrator_gql.storage.free_processes import hold_free
from orchestrator_gql.storage.retention_marks import Mark
from orchestrator_gql.storage.statistics import IS_FAILED
from orchestrator_gql.storage.tables import (
    callbacks,
    idempotency_keys,
    input_requests,
    notifications,
    process_locks,
    processes,
    product_subscription_locks,
    unindexed_processes,
)
from orchestrator_gql.targets import Target
from orchestrator_gql.types import CallbackStatus, InputRequestStatus, NotificationStatus, ProcessStatus

TREATMENT: Mapping[str, str] = {
    "processes": "deleted last",
    "process_steps": "deleted with the process; of a large one, before it",
    "callbacks": "deleted with the process; of a large one, before it",
    "callback_keys": "deleted with the callback",
    "callback_attempts": "deleted with the process; of a large one, before it",
    "callback_progress": "deleted with the process; of a large one, before it",
    "payloads": "deleted with the process; of a large one, before it",
    "events": "deleted with the process; of a large one, before it",
    "input_requests": "deleted with the process; of a large one, before it",
    "decisions": "deleted with the input request",
    "timers": "deleted with the process; of a large one, before it",
    "notifications": "deleted with the process; one that may still be sent keeps the process",
    "process_subscriptions": "deleted with the process; of a large one, before it",
    "unindexed_processes": "deleted with the process",
    "process_terms": "a segment's are deleted after all its processes; see `process_segments`",
    "process_segments": "belongs to no process",
    "idempotency_keys": "deleted with the process or the input request that the request created",
    "process_locks": "keeps the process",
    "product_subscription_locks": "keeps the process",
    "product_subscription_versions": "stays, with the id of the process that wrote it",
    "audit": "stays without its details; see `audit.pruned`",
    "audit_seals": "stays",
    "pruned_until": "stays: it has the place of the deleted events",
    "unclaimed_letters": "belongs to no process; deleted after an hour",
    "notified_until": "belongs to no process",
    "engine_state": "belongs to no process",
    "workers": "belongs to no process; deleted after an hour",
    "products": "belongs to no process",
    "product_subscriptions": "belongs to no process",
    "product_subscription_blocks": "belongs to no process",
    "product_subscription_uses": "belongs to no process",
    "product_subscription_values": "belongs to no process",
    "product_subscription_words": "belongs to no process",
}
"""What happens to the rows of each table. A test demands an entry for every table, and that it is true."""

_FAILED = ProcessStatus.FAILED
_TIME = {False: processes.c.ended_at, True: processes.c.updated_at}
"""The column with the time of the end of a process, by whether it failed."""

_JUDGED = [
    processes.c[name] for name in ("id", "status", "target", "workflow_name", "worker", "ended_at", "updated_at")
]

WINDOW = 500
"""Processes that one search looks at."""


class Rule(NamedTuple):
    """Processes of a status and of these targets go if they ended at the time or before."""

    status: ProcessStatus
    targets: tuple[Target, ...]
    before: datetime


@dataclass(frozen=True, slots=True)
class Selection:
    """The processes that are old enough, and the notifications; ``workflows`` are names, None means any.

    A notification that was given up keeps its process, unless it was created before ``dead_before``.
    """

    rules: tuple[Rule, ...]
    workflows: tuple[str, ...] | None = None
    dead_before: datetime | None = None
    sent_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Candidates:
    """Processes that are old enough, and the mark behind which the search goes on; no mark: there are no more."""

    ids: Sequence[UUID] = ()
    end: Mark | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """The number of processes of a status and target, and the time at which the first of them ended."""

    status: ProcessStatus
    target: Target
    processes: int
    oldest: datetime


@dataclass(slots=True)
class Kept:
    """Why processes that are old enough stay, by their ids."""

    reasons: dict[UUID, str] = field(default_factory=dict)

    def add(self, ids: Sequence[UUID], reason: str) -> None:
        """Note the reason of these processes."""
        for id in ids:
            self.reasons.setdefault(id, reason)


_wait_for_turn = select(func.pg_try_advisory_xact_lock(key_of("retention")))


def take_turn(conn: Connection) -> bool:
    """True if no other transaction deletes processes until this one ends."""
    return conn.dialect.name != "postgresql" or bool(conn.execute(_wait_for_turn).scalar_one())


def next_candidates(conn: Connection, wanted: Selection, after: Mark | None, most: int) -> Candidates:
    """At most ``most`` processes behind the mark that are old enough, the oldest first; some of them may stay."""
    is_failed = after is not None and after.is_failed
    found = _candidates(conn, wanted, after, most, is_failed=is_failed)
    if found.end is None and not is_failed:
        return _candidates(conn, wanted, None, most, is_failed=True)
    return found


def _candidates(conn: Connection, wanted: Selection, after: Mark | None, most: int, *, is_failed: bool) -> Candidates:
    """As `next_candidates`, of those that ended or of those that failed.

    The rules are applied here: with them in the statement SQLite reads and sorts all old rows for every page.
    """
    rules = _rules(wanted, is_failed=is_failed)
    if not rules:
        return Candidates()
    at, query = _TIME[is_failed], select(*_JUDGED).where(_newest(rules, is_failed=is_failed))
    if after is not None:
        place = tuple_(literal(after.at, UtcDateTime()), literal(after.id, Uuid()))
        query = query.where(at >= after.at, tuple_(at, processes.c.id) > place)
    ids: list[UUID] = []
    end: Mark | None = None
    for row in conn.execute(query.order_by(at, processes.c.id).limit(WINDOW)):
        if len(ids) == most:
            break
        end = Mark(is_failed, row.updated_at if is_failed else row.ended_at, row.id)
        if _is_old(row, wanted):
            ids.append(row.id)
    return Candidates(ids, end)


def _rules(wanted: Selection, *, is_failed: bool) -> list[Rule]:
    return [rule for rule in wanted.rules if (rule.status is _FAILED) is is_failed]


def _newest(rules: Sequence[Rule], *, is_failed: bool) -> ColumnElement[bool]:
    """The condition that a process is older than the newest that any of the rules takes.

    It stands beside the rules: otherwise the databases do not use the indexes of the ended and the failed.
    """
    is_of_index = IS_FAILED if is_failed else processes.c.ended_at.is_not(None)
    return and_(is_of_index, _TIME[is_failed] <= max(rule.before for rule in rules))


def _is_wanted(wanted: Selection, *, is_failed: bool) -> ColumnElement[bool] | None:
    """The condition that a process is old enough, of those that failed or of those that ended; None for none."""
    c, at, rules = processes.c, _TIME[is_failed], _rules(wanted, is_failed=is_failed)
    if not rules:
        return None
    old = or_(*(and_(c.status == each.status, c.target.in_(each.targets), at <= each.before) for each in rules))
    conditions = [_newest(rules, is_failed=is_failed), old]
    if wanted.workflows is not None:
        conditions.append(c.workflow_name.in_(wanted.workflows))
    return and_(*conditions)


def counts(conn: Connection, wanted: Selection) -> list[Count]:
    """The numbers of processes that are old enough, also of those that stay because something living needs them."""
    found: list[Count] = []
    for is_failed in (False, True):
        is_wanted = _is_wanted(wanted, is_failed=is_failed)
        if is_wanted is not None:
            c, oldest = processes.c, func.min(_TIME[is_failed])
            query = select(c.status, c.target, func.count(), oldest).where(is_wanted).group_by(c.status, c.target)
            found += [Count(*row) for row in conn.execute(query)]
    return found


def workflow_names(conn: Connection) -> list[str]:
    """The names of the workflows that have processes."""
    return list(conn.scalars(select(processes.c.workflow_name).distinct()))


def hold_old(conn: Connection, ids: Sequence[UUID], wanted: Selection) -> list[UUID]:
    """Hold those of the processes that nobody else holds and that are still old enough.

    Between the search and the lock somebody may have retried a failed process. So a statement after the lock looks
    again; see `storage.processes`.
    """
    held = hold_free(conn, select(processes.c.id).where(among(conn, processes.c.id, ids)), len(ids)) if ids else []
    if not held:
        return []
    # The rules are applied here and not in the statement: a database without statistics would look for all old rows.
    rows = conn.execute(select(*_JUDGED).where(among(conn, processes.c.id, held)).order_by(processes.c.id))
    return [row.id for row in rows if _is_old(row, wanted)]


def _is_old(row: Row[Any], wanted: Selection) -> bool:
    at = row.updated_at if row.status is _FAILED else row.ended_at
    if at is None or row.worker is not None:
        return False
    if wanted.workflows is not None and row.workflow_name not in wanted.workflows:
        return False
    rules = (rule for rule in wanted.rules if rule.status is row.status and row.target in rule.targets)
    return any(at <= rule.before for rule in rules)


def needed(conn: Connection, ids: Sequence[UUID], wanted: Selection) -> Kept:
    """Those of the processes that something living refers to, with the reason."""
    kept = Kept()
    locks = product_subscription_locks.c
    for column, reason in (
        (locks.locked_by, "it holds a product subscription"),
        (locks.out_of_sync_by, "it left a product subscription out of sync"),
        (process_locks.c.process_id, "it holds a lock"),
    ):
        kept.add(list(conn.execute(select(column).where(among(conn, column, ids))).scalars()), reason)
    c = notifications.c
    for id, status, at in _rows(conn, ids, c.process_id, c.status, newest=c.created_at):
        if status is NotificationStatus.PENDING:
            kept.add([id], "a notification about it is still to be sent")
        elif status is NotificationStatus.DEAD and (wanted.dead_before is None or at >= wanted.dead_before):
            kept.add([id], "a notification about it was given up")
    for id, status in _rows(conn, ids, input_requests.c.process_id, input_requests.c.status):
        if status is InputRequestStatus.OPEN:
            kept.add([id], "a form of it is open")
    for id, status in _rows(conn, ids, callbacks.c.process_id, callbacks.c.status):
        if status is CallbackStatus.PENDING:
            kept.add([id], "a callback of it is open")
    return kept


def _rows(
    conn: Connection, ids: Sequence[UUID], *columns: ColumnElement[Any], newest: ColumnElement[datetime] | None = None
) -> Sequence[Any]:
    """The different values of the columns of these processes, with the newest time; the first column is the process.

    The caller looks at the status: a condition on it would let the database read the index of the status, which has the
    rows of all processes.
    """
    times = [] if newest is None else [func.max(newest)]
    return conn.execute(select(*columns, *times).where(among(conn, columns[0], ids)).group_by(*columns)).all()


def remove(conn: Connection, ids: Sequence[UUID]) -> None:
    """Delete the processes, which the caller holds and which are empty, with everything that refers to them."""
    forget_starts(conn, ids)
    requests = select(input_requests.c.id).where(among(conn, input_requests.c.process_id, ids))
    subjects = [*ids, *conn.execute(requests).scalars()]
    conn.execute(delete(idempotency_keys).where(among(conn, idempotency_keys.c.subject_id, subjects)))
    conn.execute(delete(unindexed_processes).where(among(conn, unindexed_processes.c.process_id, ids)))
    conn.execute(delete(processes).where(among(conn, processes.c.id, ids)))
    commit_effects(conn).facts.append(ProcessesPruned(len(ids)))


def forget_starts(conn: Connection, ids: Sequence[UUID]) -> None:
    """Delete the idempotency keys of the requests that started the processes: the same key starts another process."""
    conn.execute(delete(idempotency_keys).where(among(conn, idempotency_keys.c.subject_id, ids)))


def remove_sent(conn: Connection, before: datetime, most: int) -> int:
    """Delete at most ``most`` notifications that were sent before the time, also of living processes; their number."""
    c = notifications.c
    old = select(c.id).where(c.created_at < before, c.status == NotificationStatus.SENT, c.sent_at < before)
    ids = list(conn.execute(old.order_by(c.created_at, c.id).limit(most)).scalars())
    if ids:
        conn.execute(delete(notifications).where(among(conn, c.id, ids)))
    return len(ids)


def names(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, tuple[str, ProcessStatus, Target]]:
    """The workflow, the status and the target of the processes."""
    c = processes.c
    rows = conn.execute(select(c.id, c.workflow_name, c.status, c.target).where(among(conn, c.id, ids)))
    return {id: (workflow, status, target) for id, workflow, status, target in rows}
