"""Stores the external ids of jobs beside their callbacks, so that a service can deliver by its own id."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks import contract
from orchestrator_gql.callbacks.external_ids import Refs
from orchestrator_gql.callbacks.reports import failure_in
from orchestrator_gql.callbacks.rules import Callback, Delivery
from orchestrator_gql.engine.callbacks import waits
from orchestrator_gql.engine.secrecy import preview_of
from orchestrator_gql.process import Process
from orchestrator_gql.process.secrecy import failure_shown
from orchestrator_gql.storage import callback_attempts, callbacks, events, timers, unclaimed_deliveries
from orchestrator_gql.storage.callbacks import AcceptedResult
from orchestrator_gql.types import AttemptOutcome, CallbackStatus, Event, Json
from orchestrator_gql.utils.json import encode
from orchestrator_gql.workflow.model import AwaitStep


def keep(conn: Connection, process: Process, wait: AwaitStep, step_index: int, refs: Refs, now: datetime) -> None:
    """Store the external ids, and give the callbacks the deliveries that already arrived for these ids."""
    for callback in callbacks.of_wait(conn, process.id, step_index):
        ref = refs.get(callback.name)
        if ref is None:
            continue
        callbacks.refer(conn, callback.id, ref)
        for receipt, delivery in (
            unclaimed_deliveries.take(conn, callback.service, ref, now) if callback.service else ()
        ):
            events.append(conn, _claimed(conn, process, callback, wait, receipt, delivery, now))


def _claimed(
    conn: Connection,
    process: Process,
    callback: Callback,
    wait: AwaitStep,
    receipt: UUID,
    delivery: Delivery,
    now: datetime,
) -> list[Event]:
    """Judge the stored delivery as if it arrived now; the events to append."""
    latest = callbacks.by_ids(conn, [callback.id])[callback.id]
    violations = () if delivery.is_failure else contract.violations(wait.contract, delivery.payload)
    if not latest.is_open or violations:
        outcome = AttemptOutcome.INVALID if violations else AttemptOutcome.CONFLICT
        message = (
            "The body does not fit the contract." if violations else "Another result was accepted before this one."
        )
        callback_attempts.keep(conn, callback.id, delivery, outcome, now=now, error=message)
        return []
    timers.clear_callback(conn, callback.id)
    event = _put(conn, process, callback, str(receipt), delivery, now)
    callback_attempts.keep(conn, callback.id, delivery, AttemptOutcome.ACCEPTED, now=now, receipt=str(receipt))
    return [event]


def _put(
    conn: Connection, process: Process, callback: Callback, receipt: str, delivery: Delivery, now: datetime
) -> Event:
    payload: Json = delivery.payload
    if delivery.is_failure:
        failure = failure_in(payload, now)
        assert failure is not None, "a failure report was read before it was stored"
        failure = failure_shown(failure, process.secrets)
        callbacks.fail(conn, callback.id, failure, receipt=receipt, digest=delivery.digest, now=now)
        return waits.ended(callback, CallbackStatus.FAILED_BY_REMOTE, now)
    preview = preview_of(callback, delivery, process.secrets)
    result = AcceptedResult(encode(payload), delivery.size, delivery.digest, receipt, preview=preview)
    callbacks.accept(conn, callback, result, is_early=True, now=now)
    return waits.received(callback, result.size, now, is_early=True)
