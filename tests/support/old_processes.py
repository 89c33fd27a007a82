"""Random processes of every status, with rows in every table that a process can have, for the tests of retention."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, insert

from orchestrator_gql.storage import events, tables
from orchestrator_gql.storage.audit import record
from orchestrator_gql.targets import Target
from orchestrator_gql.types import (
    AttemptOutcome,
    CallbackStatus,
    Event,
    EventKind,
    InputRequestStatus,
    NotificationKind,
    NotificationStatus,
    ProcessStatus,
    StepKind,
    StepStatus,
    SubscriptionLifecycle,
    Verdict,
)
from orchestrator_gql.utils.tokens import new_id
from support.rows import process_row

ENDED = (ProcessStatus.COMPLETED, ProcessStatus.ABORTED)


@dataclass(frozen=True, slots=True)
class Old:
    """A stored process: its age in days at the moment of the test, and what keeps it."""

    id: UUID
    status: ProcessStatus
    target: Target
    age: float
    is_needed: bool
    was_given_up: bool


class Maker:
    """Stores random processes with ``chance``."""

    def __init__(self, conn: Connection, chance: Random, now: datetime, key: bytes | None) -> None:
        self._conn, self._chance, self._now, self._key = conn, chance, now, key

    def make(self, number: int) -> list[Old]:
        """Store this number of processes."""
        self._put(tables.products, id=UUID(int=1), name="P", description="", product_type="P", tag="P", status="active")
        made = [self._one(index) for index in range(number)]
        self._chance.shuffle(made)
        return made

    def _one(self, index: int) -> Old:
        chance = self._chance
        status, target, age = chance.choice(list(ProcessStatus)), chance.choice(list(Target)), chance.uniform(0, 800)
        at = self._now - timedelta(days=age)
        id = new_id()
        facts = {"ended_at": at if status in ENDED else None, "started_at": at, "updated_at": at}
        self._put(tables.processes, **process_row(index, id=id, status=status, target=target, **facts))
        self._conn.execute(insert(tables.process_steps), self._steps(id, at))
        self._audit(id, index, at)
        events.append(self._conn, self._events(id, at, chance.randint(1, 30)))
        self._callbacks(id, at, chance.randint(0, 2), is_open=status not in (*ENDED, ProcessStatus.FAILED))
        self._requests(id, at, is_open=status is ProcessStatus.SUSPENDED)
        timer = {"id": new_id(), "kind": "RETRY", "due_at": self._now + timedelta(days=1_000)}
        self._put(tables.timers, process_id=id, **timer)
        self._put(tables.process_subscriptions, process_id=id, subscription_id=new_id(), target=target)
        self._put(tables.idempotency_keys, scope="startWorkflow", key=id.hex, digest="d", subject_id=id, at=at)
        is_needed = chance.random() < 0.15 and self._need(id, at)
        is_dead = chance.random() < 0.15
        if is_dead or chance.random() < 0.5:
            self._notify(id, at, NotificationStatus.DEAD if is_dead else NotificationStatus.SENT)
        return Old(id, status, target, age, is_needed, is_dead)

    def _put(self, table: Table, **values: Any) -> None:
        self._conn.execute(insert(table), values)

    def _steps(self, id: UUID, at: datetime) -> list[dict[str, Any]]:
        facts = {"process_id": id, "name": "s", "kind": StepKind.ACTION, "status": StepStatus.SUCCESS, "attempt": 1}
        facts |= {"tries": 1, "entered_by": "advance", "started_at": at}
        return [{**facts, "seq": seq, "step_index": seq} for seq in range(1, 4)]

    def _audit(self, id: UUID, index: int, at: datetime) -> None:
        for action in ("startWorkflow", *["retryProcess"] * (index % 3)):
            details = {"reason": f"secret reason {id}"}
            record(self._conn, self._key, id, actor="ada", action=action, details=details, now=at)

    def _events(self, id: UUID, at: datetime, number: int) -> list[Event]:
        payload = {"from": "RUNNING", "to": "WAITING", "version": 1}
        return [Event(EventKind.PROCESS_STATUS_CHANGED, at, id, None, payload) for _ in range(number)]

    def _callbacks(self, id: UUID, at: datetime, number: int, *, is_open: bool) -> None:
        for seq in range(number):
            callback_id, payload_id = new_id(), new_id()
            self._put(tables.payloads, id=payload_id, text="x" * self._chance.choice([10, 100_000, 2_000_000]))
            self._put(
                tables.callbacks,
                id=callback_id,
                process_id=id,
                step_index=seq,
                record_seq=seq,
                status=CallbackStatus.PENDING if is_open else CallbackStatus.VALIDATED,
                token_hint="abcd",
                result_key="callback_result",
                issued_at=at,
                is_early=False,
                payload_id=payload_id,
            )
            self._put(tables.callback_keys, digest=callback_id.bytes * 2, callback_id=callback_id)
            for _ in range(self._chance.randint(0, 5)):
                facts = {"at": at, "outcome": AttemptOutcome.CONFLICT, "bytes": 3, "body": b"xyz"}
                self._put(tables.callback_attempts, id=new_id(), callback_id=callback_id, **facts)
                self._put(tables.callback_progress, id=new_id(), callback_id=callback_id, at=at, message="m")

    def _requests(self, id: UUID, at: datetime, *, is_open: bool) -> None:
        request_id = new_id()
        status = InputRequestStatus.OPEN if is_open else InputRequestStatus.SUBMITTED
        facts = {"step_index": 0, "record_seq": 9, "version": 1, "title": "t", "assignee": "NOC", "created_at": at}
        self._put(tables.input_requests, id=request_id, process_id=id, status=status, **facts)
        if not is_open:
            facts = {"by": "ada", "at": at, "verdict": Verdict.APPROVED, "pages": [], "shown_digest": "d"}
            self._put(tables.decisions, id=new_id(), input_request_id=request_id, **facts)
        scope = {"scope": "submitForm", "key": id.hex, "digest": "d", "at": at}
        self._put(tables.idempotency_keys, subject_id=request_id, **scope)

    def _notify(self, id: UUID, at: datetime, status: NotificationStatus) -> None:
        facts: dict[str, Any] = {"target": "hook", "kind": NotificationKind.PROCESS_FAILED, "payload": {}, "tries": 1}
        facts |= {"tries_before": 0, "log": [], "due_at": at, "created_at": at, "status": status}
        sent_at = at if status is NotificationStatus.SENT else None
        self._put(tables.notifications, id=new_id(), process_id=id, sent_at=sent_at, **facts)

    def _need(self, id: UUID, at: datetime) -> bool:
        """Store something living that refers to the process."""
        kind = self._chance.choice(["lock", "out of sync", "pending"])
        if kind == "pending":
            self._notify(id, at, NotificationStatus.PENDING)
            return True
        subscription_id = new_id()
        facts = {"customer_id": "c", "description": "d", "status": SubscriptionLifecycle.ACTIVE, "insync": False}
        facts |= {"model": {}, "version": 1, "created_at": at, "updated_at": at}
        self._put(tables.product_subscriptions, id=subscription_id, product_id=UUID(int=1), **facts)
        column = "locked_by" if kind == "lock" else "out_of_sync_by"
        self._put(tables.product_subscription_locks, subscription_id=subscription_id, **{column: id})
        return True
