"""Judges the deliveries of remote services under the lock of the process, and stores every attempt."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from typing import TypeAlias, assert_never
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks.rules import (
    Accepted,
    Arrival,
    Callback,
    Delivery,
    DeliveryOutcome,
    Duplicate,
    Receipt,
    Rejected,
)
from orchestrator_gql.callbacks.signature import Proof
from orchestrator_gql.callbacks.waits import is_over
from orchestrator_gql.engine import commit
from orchestrator_gql.engine.callbacks import results
from orchestrator_gql.engine.callbacks.service_auth import denied
from orchestrator_gql.engine.pending_transitions import PendingTransitions, commit_context
from orchestrator_gql.engine.spans import DeliverySpan
from orchestrator_gql.engine.woken import Woken
from orchestrator_gql.process import Process, resume, steps_of
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import (
    addressed_callbacks,
    audit,
    callback_attempts,
    callbacks,
    processes,
    unclaimed_deliveries,
)
from orchestrator_gql.storage.addressed_callbacks import AddressedCallback
from orchestrator_gql.storage.database.after_commit import T, Unit, commit_effects
from orchestrator_gql.storage.database.prepared import PreparedRead
from orchestrator_gql.storage.database.unknown_outcomes import transaction_or_find
from orchestrator_gql.storage.processes import Standing
from orchestrator_gql.types import AttemptOutcome, EngineState, ProcessStatus, ResultSource
from orchestrator_gql.utils.copies import copier
from orchestrator_gql.utils.errors import CallbackUnknown
from orchestrator_gql.utils.tokens import digest
from orchestrator_gql.workflow.model import AwaitStep, begin

LARGE = 64 * 1024
"""Bytes. A thread handles larger bodies, so that they do not block the event loop."""

DRY_RUN = "dry-run"
"""The receipt of a delivery that was judged only and not stored."""


Unread: TypeAlias = Callable[[], Delivery]
"""Reads a small delivery: on PostgreSQL while its token is looked up."""


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a delivery: either the token (and the process, if a URL named it), or ``service`` and ``ref``.

    ``callback_id`` is the callback of the token, if it was found already; it still is the token that is checked. If it
    was not, the transaction checks token and process.
    ``ref`` is the external id: the service's own name for the job. ``is_dry_run``: the remote service asks only for
    the verdict; nothing is changed or stored. ``proof`` holds the credential or signature; it is None over GraphQL.
    ``traceparent`` is that of the request.
    """

    token: str = ""
    process_id: UUID | None = None
    callback_id: UUID | None = None
    is_dry_run: bool = False
    service: str = ""
    ref: str | None = None
    peer: str | None = None
    proof: Proof | None = field(default=None, repr=False)
    traceparent: str | None = None


copy_address = copier(Address)


async def in_thread_if_large(size: int, work: Callable[[], T]) -> T:
    """The result of ``work``. It runs in a thread if the body is large: canonical JSON of 10 MiB takes seconds."""
    return await asyncio.to_thread(work) if size > LARGE else work()


def carry_out(
    runtime: Runtime, address: Address, unit: Unit[T], find: Unit[T | None] = lambda _conn: None
) -> Awaitable[T]:
    """Run ``unit`` in a transaction; run a dry run on a read-only snapshot instead, so that nothing is stored.

    If the outcome is unknown, ``find`` finds what a repeatable unit stored.
    """
    database = runtime.database
    if address.is_dry_run:
        return database.read(unit)
    if database.dialect == "sqlite":  # the outcome of its COMMIT is always known
        return database.transaction(unit)
    return transaction_or_find(database, unit, find)


def find_accepted(conn: Connection, address: Address, receipt: str) -> Receipt | None:
    """The receipt, if the callback of the address has accepted a delivery with it."""
    target = lock_callback(conn, address)
    at = None if target is None else callback_attempts.accepted_at(conn, target.callback.id, receipt)
    return None if at is None else Receipt(receipt, at)


async def demand_known(runtime: Runtime, process_id: UUID, token: str) -> UUID:
    """The id of the callback. Raises `CallbackUnknown` unless a callback of the process has or had the token."""
    find = partial(callbacks.place_of_token_digest, token_digest=digest(token))
    place = await runtime.database.read_current(find)
    if place is None or place[0] != process_id:
        raise CallbackUnknown
    return place[1]


def deliver(
    conn: Connection,
    runtime: Runtime,
    address: Address,
    delivery: Delivery | Unread,
    receipt: str,
    at: datetime | None,
    span: DeliverySpan | None,
) -> Receipt | Rejected:
    """Judge the delivery and store it; an accepted delivery makes the waiting process runnable.

    ``receipt`` is that of an accepted delivery; the unit is repeatable then, see `find_accepted`. ``at`` is the
    arrival, before the contract. Raises `CallbackUnknown` for an unknown address.
    """
    now = runtime.clock.now()
    target, delivery = _found_and_read(conn, address, delivery)
    if target is None:
        return _keep_unclaimed(conn, address, delivery, now)
    process, standing, callback = target
    must_prove = callback.service is not None and delivery.refusal is not AttemptOutcome.TOO_LARGE  # cut: no signature
    if must_prove and (refused := denied(runtime, callback, address.proof, address.peer, now)):
        if not address.is_dry_run:
            results.refuse_unauthenticated(
                conn, callback, delivery, refused, token=address.token, secrets=process.secrets, now=now
            )
        return refused
    step = _wait_of(runtime, process, callback) if callback.contract is not None or callback.name is not None else None
    arrived = results.arrival(
        process,
        callback,
        step,
        delivery,
        source=ResultSource.CALLBACK,
        at=at or now,
        is_early=not _waits_for(process, callback) or standing.engine is not EngineState.RUNNING,
        receipt=receipt,
        repeated=_repeated_failure_report(conn, callback, delivery),
        token=address.token,
    )
    outcome = arrived.outcome
    if address.is_dry_run:
        return _for_the_next_job(conn, address, delivery, outcome, _dry_run_result(outcome, callback, now), now)
    if span is not None:
        span.concerns(process, callback)
    taken = results.take(conn, process, arrived, now=now, audit_key=runtime.settings.audit_secret)
    if isinstance(outcome, Accepted):
        _move_on(conn, runtime, process, standing, arrived, step, now)
    return _for_the_next_job(conn, address, delivery, outcome, taken, now)


def _move_on(
    conn: Connection,
    runtime: Runtime,
    process: Process,
    standing: Standing,
    arrived: Arrival,
    step: AwaitStep | None,
    now: datetime,
) -> None:
    """Make the process runnable, if it waits for the callback and its wait may be over. The unit is repeatable now."""
    commit_effects(conn).is_repeatable = True
    if not _may_end(conn, process, arrived.callback, step):
        return
    pending = PendingTransitions(process).then(resume(process, now))
    woken = commit.apply(conn, process, pending, commit_context(runtime, begin, now=now), standing=standing).process
    if standing.engine is EngineState.RUNNING:
        commit_effects(conn).known = Woken(woken, arrived)


def _repeated_failure_report(conn: Connection, callback: Callback, delivery: Delivery) -> Duplicate | None:
    """The outcome of a failure report that is repeated after the wait was opened again; else None.

    Without this check the repeated report would end the new wait.
    """
    if callback.receipt or not delivery.is_failure:
        return None
    receipt = callback_attempts.receipt_of(conn, callback.id, delivery.digest)
    return Duplicate(receipt) if receipt else None


def _dry_run_result(verdict: DeliveryOutcome, callback: Callback, now: datetime) -> Receipt | Rejected:
    match verdict:
        case Duplicate(receipt):
            return Receipt(receipt, callback.received_at or now, is_duplicate=True)
        case Rejected():
            return verdict
        case Accepted():
            return Receipt(DRY_RUN, now)
        case _:
            assert_never(verdict)


def _waits_for(process: Process, callback: Callback) -> bool:
    return process.status is ProcessStatus.AWAITING_CALLBACK and process.position == callback.step_index


def _found_and_read(
    conn: Connection, address: Address, delivery: Delivery | Unread
) -> tuple[AddressedCallback | None, Delivery]:
    """The same as `lock_callback`, and the delivery, which is read meanwhile."""
    if isinstance(delivery, Delivery):
        return lock_callback(conn, address), delivery
    read = cache(delivery)
    return lock_callback(conn, address, read), read()


def lock_callback(
    conn: Connection, address: Address, meanwhile: Callable[[], object] | None = None
) -> AddressedCallback | None:
    """The locked process and the callback of the address.

    The process is locked before the callback is read: every competing delivery takes this lock first. Raises
    `CallbackUnknown` if the token is unknown. Returns None if no action has named this external id yet.
    ``meanwhile`` is called during the round trip of PostgreSQL that finds the token.
    """
    if address.ref is not None:
        known = _by_ref(conn, address, address.ref)
        if known is None:
            return None
        locked = processes.lock_standing(conn, known.process_id)
        callback = callbacks.by_ids(conn, [known.id]).get(known.id)
        return AddressedCallback(*locked, callback) if locked and callback else None
    token_digest = digest(address.token)
    process_id, callback_id = address.process_id, address.callback_id
    if callback_id is None and conn.dialect.name == "postgresql":
        found = addressed_callbacks.lock_by_token(conn, token_digest, meanwhile)
        if found is None or process_id not in (None, found.process.id):
            raise CallbackUnknown
        return found
    if process_id is None or callback_id is None:
        process_id, callback_id = callbacks.place_of_token_digest(conn, token_digest) or (None, None)
    if process_id is None or callback_id is None:
        raise CallbackUnknown
    ahead = _read_next(process_id, callback_id, token_digest) if conn.dialect.name == "postgresql" else ()
    locked = processes.lock_standing(conn, process_id, ahead)
    callback = callbacks.of_token_digest(conn, locked[0].id, token_digest) if locked is not None else None
    if locked is None or callback is None:
        raise CallbackUnknown
    return AddressedCallback(*locked, callback)


def _read_next(process_id: UUID, callback_id: UUID, token_digest: bytes) -> list[PreparedRead]:
    """What an accepted delivery reads under the lock of its process."""
    of_callback = callbacks.reading_token_digest(process_id, token_digest)
    return [of_callback, callback_attempts.reading_sizes(callback_id), audit.reading_head(process_id)]


def _by_ref(conn: Connection, address: Address, ref: str) -> Callback | None:
    """The callback of the job; None if no action has named the job, and none can until this transaction ends."""
    if not address.is_dry_run:
        unclaimed_deliveries.lock(conn, address.service, ref)
    return callbacks.by_ref(conn, address.service, ref)


OF_THE_PAST = (AttemptOutcome.CONFLICT, AttemptOutcome.LATE, AttemptOutcome.WITHDRAWN, AttemptOutcome.DUPLICATE)
"""The outcomes of deliveries to a callback that has ended."""


def _for_the_next_job(
    conn: Connection,
    address: Address,
    delivery: Delivery,
    outcome: DeliveryOutcome,
    taken: Receipt | Rejected,
    now: datetime,
) -> Receipt | Rejected:
    """Keep a delivery to a callback that has ended for an action that may return the same external id.

    Some services use an external id again, and may deliver before the new action has returned. So the delivery may
    belong to the old job or to the new job. The old callback has its attempt in any case. The sender of the accepted
    payload has the old receipt.
    """
    is_of_past = address.ref is not None and outcome.outcome in OF_THE_PAST and delivery.refusal is None
    if not is_of_past or not callbacks.is_action_running(conn, address.service):
        return taken
    try:
        kept = _keep_unclaimed(conn, address, delivery, now)
    except CallbackUnknown:  # the service has its most deliveries
        return taken
    return kept if isinstance(taken, Rejected) else taken


def _keep_unclaimed(conn: Connection, address: Address, delivery: Delivery, now: datetime) -> Receipt | Rejected:
    """Store the delivery of a fast service that arrives before the action has returned the external id of the job."""
    if delivery.refusal is not None:
        return Rejected(delivery.refusal, delivery.error or "The body cannot be read.", delivery.errors)
    if address.is_dry_run:
        return Receipt(DRY_RUN, now, is_unclaimed=True)
    assert address.ref is not None, "only an address with an external id has no callback"
    receipt = unclaimed_deliveries.keep(conn, address.service, address.ref, delivery, now)
    if receipt is None:
        raise CallbackUnknown
    return Receipt(str(receipt), now, is_unclaimed=True)


def _wait_of(runtime: Runtime, process: Process, callback: Callback) -> AwaitStep | None:
    """The step of the callback; None if its workflow is not deployed here or has changed."""
    workflow = runtime.registry.find(process.workflow_name)
    steps = steps_of(process, workflow) if workflow else begin
    step = steps[callback.step_index] if callback.step_index < len(steps) else None
    return step if isinstance(step, AwaitStep) else None


def _may_end(conn: Connection, process: Process, callback: Callback, step: AwaitStep | None) -> bool:
    """True if the process waits for the callback, and the wait can be over with this delivery. Without this check each
    of a thousand expected callbacks would wake the process."""
    if not _waits_for(process, callback):
        return False
    if callback.name is None or step is None:
        return True
    waited = callbacks.of_wait(conn, process.id, callback.step_index)
    return is_over(waited, step.needed(len(waited)))
