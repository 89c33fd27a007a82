"""The rows of each kind that a process can have many of, for the tests of retention."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from orchestrator_gql.storage.tables import (
    callback_attempts,
    callback_keys,
    callback_progress,
    callbacks,
    decisions,
    events,
    idempotency_keys,
    input_requests,
    notifications,
    payloads,
    process_steps,
    process_subscriptions,
    timers,
)
from orchestrator_gql.targets import Target
from orchestrator_gql.types import (
    AttemptOutcome,
    CallbackStatus,
    EventKind,
    InputRequestStatus,
    NotificationStatus,
    StepKind,
    StepStatus,
    Verdict,
)
from orchestrator_gql.utils.tokens import new_id
from support.rows import BEGIN

Rows = list[dict[str, Any]]
FIRST = 100
"""The number of the first record: the engine wrote those before it."""


def steps(id: UUID, number: int, size: int = 10) -> dict[Table, Rows]:
    """Steps with changes of the state of this size."""
    fixed = {"name": "s", "kind": StepKind.ACTION, "status": StepStatus.SUCCESS, "attempt": 1, "tries": 1}
    at = {"entered_by": "advance", "started_at": BEGIN, "completed_at": BEGIN, "delta": {"x": "y" * size}}
    seqs = range(FIRST, FIRST + number)
    return {process_steps: [{"process_id": id, "seq": seq, "step_index": seq, **fixed, **at} for seq in seqs]}


def forms(id: UUID, number: int, size: int = 10) -> dict[Table, Rows]:
    """Input requests, each with a decision whose page has this size, and with an idempotency key."""
    fixed = {"step_index": 0, "status": InputRequestStatus.SUBMITTED, "version": 1, "title": "t", "assignee": "NOC"}
    requests: Rows = [
        {"id": new_id(), "process_id": id, "record_seq": seq, "created_at": BEGIN, "closed_at": BEGIN, **fixed}
        for seq in range(number)
    ]
    decided = {"by": "bob", "at": BEGIN, "verdict": Verdict.APPROVED, "pages": ["y" * size], "shown_digest": "d"}
    keys = {"scope": "submitForm", "digest": "d", "at": BEGIN}
    return {
        input_requests: requests,
        decisions: [{"id": new_id(), "input_request_id": request["id"], **decided} for request in requests],
        idempotency_keys: [{"key": request["id"].hex, "subject_id": request["id"], **keys} for request in requests],
    }


def waits(id: UUID, number: int, size: int = 10) -> dict[Table, Rows]:
    """Callbacks, each with a token and a result of this size."""
    facts = {"step_index": 0, "status": CallbackStatus.EXPIRED, "issued_at": BEGIN, "token_hint": "", "name": "c"}
    facts |= {"result_key": "r", "is_early": False, "result_bytes": size}
    stored: Rows = [{"id": new_id(), "text": "z" * size} for _ in range(number)]
    rows: Rows = [
        {"id": new_id(), "process_id": id, "record_seq": FIRST + seq, "payload_id": payload["id"], **facts}
        for seq, payload in enumerate(stored)
    ]
    keys: Rows = [{"digest": row["id"].bytes * 2, "callback_id": row["id"]} for row in rows]
    return {payloads: stored, callbacks: rows, callback_keys: keys}


def attempts(id: UUID, number: int, size: int = 10) -> dict[Table, Rows]:
    """A callback with attempts whose bodies have this size, and with progress reports."""
    rows = waits(id, 1)
    callback_id = rows[callbacks][0]["id"]
    facts = {"callback_id": callback_id, "at": BEGIN}
    refused = {"outcome": AttemptOutcome.CONFLICT, "bytes": size, "body": b"x" * size, **facts}
    return rows | {
        callback_attempts: [{"id": new_id(), **refused} for _ in range(number)],
        callback_progress: [{"id": new_id(), "message": "m", "data": "d" * size, **facts} for _ in range(number)],
    }


def messages(id: UUID, number: int, size: int = 10) -> dict[Table, Rows]:
    """Sent notifications."""
    fixed = {"target": "t", "kind": "k", "payload": {}, "status": NotificationStatus.SENT, "tries": 1, "log": []}
    at = {"tries_before": 0, "due_at": BEGIN, "created_at": BEGIN, "sent_at": BEGIN}
    return {notifications: [{"id": new_id(), "process_id": id, **fixed, **at} for _ in range(number)]}


def others(id: UUID, number: int, size: int = 10) -> dict[Table, Rows]:
    """Events, links to product subscriptions, and timers that are due much later."""
    event = {"kind": EventKind.PROCESS_STATUS_CHANGED, "process_id": id, "payload": {}, "at": BEGIN}
    link, timer = {"process_id": id, "target": Target.CREATE}, {"process_id": id, "kind": "RETRY"}
    return {
        events: [dict(event) for _ in range(number)],
        process_subscriptions: [{"subscription_id": new_id(), **link} for _ in range(number)],
        timers: [{"id": new_id(), "due_at": BEGIN.replace(year=2999), **timer} for _ in range(number)],
    }


KINDS: Mapping[str, Callable[..., dict[Table, Rows]]] = {
    kind.__name__: kind for kind in (steps, forms, waits, attempts, messages, others)
}
"""The kinds by name; each takes the id of the process, the number of rows and the size of their values."""


def all_kinds(id: UUID, number: int) -> dict[Table, Rows]:
    """Rows of every kind."""
    rows: dict[Table, Rows] = {}
    for kind in (steps, forms, waits, messages, others):
        rows |= kind(id, number)
    facts = {"callback_id": rows[callbacks][0]["id"], "at": BEGIN}
    refused = {"outcome": AttemptOutcome.CONFLICT, "bytes": 1, "body": b"x", **facts}
    rows[callback_attempts] = [{"id": new_id(), **refused} for _ in range(number)]
    rows[callback_progress] = [{"id": new_id(), "message": "m", **facts} for _ in range(number)]
    return rows
