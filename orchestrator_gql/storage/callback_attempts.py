"""The deliveries to a callback, each with its outcome."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, LargeBinary, Row, bindparam, case, delete, func, insert, select, update

from orchestrator_gql.callbacks.rules import Callback, Delivery
from orchestrator_gql.storage.callback_logs import CallbackLog
from orchestrator_gql.storage.database.after_commit import commit_effects
from orchestrator_gql.storage.database.observer import Delivered
from orchestrator_gql.storage.database.prepared import Prepared, PreparedRead
from orchestrator_gql.storage.tables import callback_attempts, callbacks
from orchestrator_gql.storage.weight import charge, within
from orchestrator_gql.types import TAKEN, AttemptOutcome, CallbackStatus
from orchestrator_gql.utils.errors import NotJson
from orchestrator_gql.utils.json import read_lenient
from orchestrator_gql.utils.tokens import new_id_behind

KEPT_ATTEMPTS = 20
KEPT_BYTES = 20 * 1024 * 1024
"""Limits of the attempts of one callback."""

HEAD = 1024
"""Bytes that are kept of a body that is not JSON or is too large."""

ADOPTABLE = frozenset({
    AttemptOutcome.ACCEPTED,  # its body is stored here only if another result replaced it
    AttemptOutcome.CONFLICT, AttemptOutcome.LATE, AttemptOutcome.WITHDRAWN, AttemptOutcome.INVALID,
    AttemptOutcome.MALFORMED,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery; ``size`` is the number of bytes that arrived, ``body`` the part that was kept.

    ``is_failure``: the delivery reported that the job failed. ``judged`` keeps the value of `replaced` for the whole
    body, in a tuple; None as long as the body is whole.
    """

    id: UUID
    callback_id: UUID
    at: datetime
    peer: str | None
    outcome: AttemptOutcome
    size: int
    body: bytes | None
    error: str | None
    receipt: str | None
    is_failure: bool = False
    judged: tuple[tuple[str, ...] | None] | None = None

    @property
    def is_adoptable(self) -> bool:
        """True if an operator may make the body the result."""
        return self.replaced is not None

    @property
    def replaced(self) -> tuple[str, ...] | None:
        """Descriptions of the parts of the body that an adoption would replace; None if it cannot be adopted."""
        if self.judged is not None:
            return self.judged[0]
        if self.body is None or self.is_failure or self.outcome not in ADOPTABLE:
            return None
        if self.outcome is not AttemptOutcome.MALFORMED:
            return ()
        try:
            return read_lenient(self.body)[1]
        except NotJson:
            return None

    @property
    def head(self) -> "Attempt":
        """The attempt with only the beginning of its body; `replaced` still describes the whole body."""
        return self if self.body is None else replace(self, body=self.body[:HEAD], judged=(self.replaced,))


def _attempt(row: Row[Any]) -> Attempt:
    return Attempt(
        row.id,
        row.callback_id,
        row.at,
        row.peer,
        row.outcome,
        row.bytes,
        row.body,
        row.error,
        row.receipt,
        row.is_failure,
    )


def _head(row: Row[Any]) -> Attempt:
    if row.body is not None:
        charge(min(len(row.body), max(HEAD, len(row.body) // 2)))  # a whole body is in memory only for a moment
    return _attempt(row).head


_was_accepted = callback_attempts.c.outcome == AttemptOutcome.ACCEPTED
_judged_body = case(
    (callback_attempts.c.outcome == AttemptOutcome.MALFORMED, callback_attempts.c.body),
    else_=func.substr(callback_attempts.c.body, 1, HEAD, type_=LargeBinary),
)
"""The part of the body that a list needs. A malformed body is needed whole, to find what an adoption would replace."""

_log = CallbackLog(
    callback_attempts,
    callbacks.c.attempts_dropped,
    [_judged_body.label("body") if column.name == "body" else column for column in callback_attempts.c],
    "body",
    _head,
)
_keep = Prepared(insert(callback_attempts).inline(), callback_attempts.c.keys())
_sizes = Prepared(  # newest first
    select(callback_attempts.c.id, func.coalesce(func.length(callback_attempts.c.body), 0).label("size"))
    .where(callback_attempts.c.callback_id == bindparam("callback_id"))
    .order_by(callback_attempts.c.id.desc())
)


def keep(
    conn: Connection,
    callback: Callback,
    delivery: Delivery,
    outcome: AttemptOutcome,
    *,
    now: datetime,
    error: str | None = None,
    receipt: str | None = None,
    id: UUID | None = None,
) -> None:
    """Store the attempt. Only the newest 20 attempts, with at most 20 MiB of bodies together, are kept.

    ``id`` is that of a delivery which was stored before its job was known: its sender has it as the receipt.
    """
    is_result = outcome in TAKEN and not delivery.is_failure
    is_whole = outcome in ADOPTABLE
    # an accepted result is stored among the payloads already
    body = None if is_result else delivery.body if is_whole else delivery.body[:HEAD]
    earlier = _sizes.all(conn, reading_sizes(callback.id)[1])
    _keep.write(
        conn,
        {
            "id": id or new_id_behind(earlier[0]["id"] if earlier else None),
            "callback_id": callback.id,
            "at": now,
            "peer": delivery.peer,
            "outcome": outcome,
            "bytes": delivery.size,
            "media_type": delivery.media_type[:255],
            "digest": delivery.digest or None,
            "body": body,
            "error": error,
            "receipt": receipt,
            "is_failure": delivery.is_failure,
            "service": callback.service,
        },
    )
    _bound(conn, callback.id, [(row["id"], row["size"]) for row in earlier], len(body or b""))
    commit_effects(conn).facts.append(Delivered(outcome))


def reading_sizes(callback_id: UUID) -> PreparedRead:
    """The read that `keep` begins with, see `read_ahead`."""
    return _sizes, {"callback_id": callback_id}


def receipt_of(conn: Connection, callback_id: UUID, digest: str) -> str | None:
    """The receipt of a kept attempt that was accepted with that digest, None if there is none."""
    c = callback_attempts.c
    of_digest = select(c.receipt).where(c.callback_id == callback_id, c.digest == digest, _was_accepted)
    return conn.execute(of_digest.limit(1)).scalar()


def accepted_at(conn: Connection, callback_id: UUID, receipt: str) -> datetime | None:
    """The time of the attempt that was accepted with that receipt, None if there is none."""
    c = callback_attempts.c
    return conn.execute(select(c.at).where(c.callback_id == callback_id, c.receipt == receipt, _was_accepted)).scalar()


@dataclass(frozen=True, slots=True)
class ReceivedDelivery:
    """What became of a delivery with a receipt, and of its callback.

    ``outcome`` is that of its attempt, None if the attempt is not kept. ``is_result`` is true if the callback has the
    payload of this delivery, whichever way it came; ``received_at`` is the time of the result of the callback.
    """

    outcome: AttemptOutcome | None
    is_result: bool
    status: CallbackStatus
    received_at: datetime | None


def of_receipt(conn: Connection, receipt: str, earlier_of: UUID | None = None) -> ReceivedDelivery | None:
    """The delivery with that receipt. Its callback has the receipt, or the receipt is the id of the attempt: then the
    delivery came before its job was known. ``earlier_of`` is the callback that had the receipt before it was opened
    again."""
    a, c = callback_attempts.c, callbacks.c
    columns = (a.outcome, a.digest, c.result_digest, c.status, c.received_at)
    attempt = (a.callback_id == c.id) & (a.receipt == c.receipt) & _was_accepted
    of_callback = select(*columns).select_from(callbacks.outerjoin(callback_attempts, attempt))
    of_attempt = select(*columns).select_from(callback_attempts.join(callbacks))
    row = (
        conn.execute(of_callback.where(c.receipt == receipt)).one_or_none()
        or conn.execute(of_attempt.where(a.id == UUID(receipt), a.receipt == receipt)).one_or_none()
        or conn.execute(
            of_attempt.where(a.callback_id == earlier_of, a.receipt == receipt, _was_accepted)
        ).one_or_none()
    )
    if row is None:
        return None
    is_result = row.digest is None or row.digest == row.result_digest
    return ReceivedDelivery(row.outcome, is_result, row.status, row.received_at)


def keep_body(conn: Connection, callback_id: UUID, receipt: str, body: bytes) -> None:
    """Store the body of the accepted delivery with that receipt: another result replaces it in the callback."""
    c = callback_attempts.c
    accepted = (c.callback_id == callback_id, c.receipt == receipt, _was_accepted)
    conn.execute(update(callback_attempts).where(*accepted).values(body=body))


of_callbacks = _log.pages
"""For each callback a page of its attempts, with the beginnings of their bodies, and the number of all that ever
arrived."""


def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Attempt]:
    """The attempts with those ids, with whole bodies."""
    rows = conn.execute(select(callback_attempts).where(callback_attempts.c.id.in_(ids)))
    return {row.id: _attempt(row) for row in rows}


def heads(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Attempt]:
    """The attempts with those ids, with only the beginning of each body."""
    query = select(*_log.columns).where(callback_attempts.c.id.in_(ids))
    return {row.id: _head(row) for row in within(conn, query, heavy=[_judged_body], order=["id"])}


def _bound(conn: Connection, callback_id: UUID, earlier: Sequence[tuple[UUID, int]], total: int) -> None:
    """Delete the oldest of the attempts ``earlier`` (newest first), behind a new attempt with a body of ``total``
    bytes, if they are too many or too large."""
    surplus = []
    for place, (id, size) in enumerate(earlier, start=1):
        total += size
        if place >= KEPT_ATTEMPTS or total > KEPT_BYTES:
            surplus.append(id)
    if surplus:
        conn.execute(delete(callback_attempts).where(callback_attempts.c.id.in_(surplus)))
        _log.count_dropped(conn, callback_id, len(surplus))
