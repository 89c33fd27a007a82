"""startWorkflow, retryProcess, abortProcess and updateProcessNote.

An abort closes the callbacks of the process, and the result of a step that is running is not stored any more. If the
workflow declares clean-up steps, they run first, and the process is aborted after the last of them.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql import forms
from orchestrator_gql.engine import authorization, commit, start_check
from orchestrator_gql.engine.audit_log import key_of, no_process, write_down
from orchestrator_gql.engine.callbacks import operator_actions
from orchestrator_gql.engine.commit import PendingTransitions, begin_process, commit_context, lock_process
from orchestrator_gql.engine.engine_state import demand_running
from orchestrator_gql.engine.steps import execution
from orchestrator_gql.engine.steps.failures import in_request
from orchestrator_gql.engine.subjects import subject_at_start
from orchestrator_gql.forms.errors import DEFAULT_LOCALE
from orchestrator_gql.process import AuditNote, Process, Transition, create, retry, steps_of
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import events, idempotency, processes, product_subscriptions
from orchestrator_gql.storage import product_subscription_locks as locks
from orchestrator_gql.storage.columns import Words
from orchestrator_gql.storage.expected_processes import expect_running, transaction_expecting
from orchestrator_gql.storage.product_subscriptions import StartFacts
from orchestrator_gql.types import Event, EventKind, Json
from orchestrator_gql.utils.errors import (
    FieldError,
    PayloadInvalid,
    Refused,
    StaleVersion,
    WorkflowBlocked,
)
from orchestrator_gql.utils.json import canonical
from orchestrator_gql.utils.tokens import new_id
from orchestrator_gql.workflow.model import Workflow


async def abort_process(
    runtime: Runtime,
    principal: Principal,
    *,
    process_id: UUID,
    reason: str | None = None,
    expected_version: int | None = None,
) -> Process:
    """Abort the process; the author's rule for a retry applies at its current step.

    Raises `NotFound`, `Forbidden`, `StaleVersion`, and `InvalidState` if it has ended.
    """
    principal.demand(Permission.ABORT)

    async def demand(loaded: Process) -> None:
        await authorization.demand_abort(runtime, principal, runtime.registry.find(loaded.workflow_name), loaded)

    def end(conn: Connection, process: Process) -> Process:
        return operator_actions.end(conn, runtime, process, principal.id, reason, runtime.clock.now())

    return await _at_its_step(runtime, process_id, expected_version, demand, end)


async def retry_process(
    runtime: Runtime, principal: Principal, *, process_id: UUID, expected_version: int | None = None
) -> Process:
    """Retry the process from its failed step; no remote call is made unless that step makes one.

    Raises `NotFound`, `Forbidden`, `StaleVersion`, `EnginePaused`, and `InvalidState` if there is nothing to retry.
    """
    principal.demand(Permission.RETRY)

    async def demand(loaded: Process) -> None:
        await authorization.demand_retry(runtime, principal, runtime.registry.get(loaded.workflow_name), loaded)

    def enter_again(conn: Connection, process: Process) -> Process:
        demand_running(conn)
        now = runtime.clock.now()
        steps = steps_of(process, runtime.registry.get(process.workflow_name))
        retried = replace(retry(process, steps, now, principal.id), audit=AuditNote(principal.id, "retryProcess"))
        pending = PendingTransitions(process).then(retried)
        return commit.apply(conn, process, pending, commit_context(runtime, steps)).process

    return await _at_its_step(runtime, process_id, expected_version, demand, enter_again)


TRIES = 10
"""How often a rule is asked for a process that moves on meanwhile."""


class _MovedOn(Exception):
    """Rolls the transaction back: the rule was asked for a step that the process has left."""


async def _at_its_step(
    runtime: Runtime,
    process_id: UUID,
    expected_version: int | None,
    demand: Callable[[Process], Awaitable[None]],
    unit: Callable[[Connection, Process], Process],
) -> Process:
    """Run ``unit`` on the locked process, for whose current step ``demand`` has allowed it.

    ``demand`` asks an author's rule, without a lock. If the process moves on meanwhile, the rule for its next step may
    refuse, so ``demand`` is asked again. Raises `StaleVersion` if the process moves on too fast for that.
    """
    for _ in range(TRIES):
        loaded = await _load(runtime, process_id)
        await demand(loaded)

        def at_this_step(conn: Connection, before: Process = loaded) -> Process:
            process = lock_process(conn, process_id, expected_version)
            if process.position != before.position and _has_rule(runtime, before, process):
                raise _MovedOn
            return unit(conn, process)

        try:
            return await runtime.database.transaction(at_this_step)
        except _MovedOn:
            continue
    raise StaleVersion(process_id=process_id)


def _has_rule(runtime: Runtime, *processes: Process) -> bool:
    """True if an author's rule decides at the current step of one of the processes."""
    return any(
        authorization.has_retry_rule(workflow, process.position)
        for process in processes
        if (workflow := runtime.registry.find(process.workflow_name)) is not None
    )


async def _load(runtime: Runtime, process_id: UUID) -> Process:
    def load(conn: Connection) -> Process:
        loaded = processes.load(conn, process_id)
        if loaded is None:
            raise no_process(conn, process_id)
        return loaded

    return await runtime.database.read(load)


SCOPE = "startWorkflow"


@dataclass(frozen=True, slots=True)
class Started:
    """The process; ``created`` is False if an earlier call with the same idempotency key started it."""

    process: Process
    created: bool


async def start_workflow(
    runtime: Runtime,
    principal: Principal,
    *,
    workflow_name: str,
    pages: list[Json],
    idempotency_key: str | None = None,
    locale: str = DEFAULT_LOCALE,
    note: str | None = None,
    product_subscription_version: int | None = None,
    trace: str | None = None,
) -> Started | forms.NextPage | forms.PageInvalid:
    """Start the workflow with the pages of its form. If a page is missing or wrong, that page is returned instead.

    Nothing is stored in that case. ``product_subscription_version`` is the version that was shown to the principal.
    ``trace`` is the trace of the request; see `utils.traces`.

    Raises `NotFound`, `Forbidden`, `WorkflowBlocked`, `EnginePaused`, `IdempotencyKeyReused`, `AuthorCodeFailed`, and
    the errors of `start_check.demand_startable`.
    """
    workflow = await authorization.find_startable(runtime, principal, workflow_name)
    digest = hashlib.sha256(canonical([workflow_name, pages])).hexdigest()
    if idempotency_key is not None and (known := await _known_start(runtime, principal, idempotency_key, digest)):
        return known
    key = None if idempotency_key is None else idempotency.of_sender(principal.id, idempotency_key)
    request = _StartRequest(pages, digest, key, locale, note, product_subscription_version, trace)
    try:
        return await _start(runtime, principal, workflow, request)
    except (_AlreadyStarted, Refused):
        # The same request may have been stored meanwhile, and then its process holds the product subscription.
        if idempotency_key is None:
            raise
        earlier = await _known_start(runtime, principal, idempotency_key, digest)
        if earlier is None:
            raise
        return earlier


@dataclass(frozen=True, slots=True)
class _StartRequest:
    """The values of a call of `start_workflow`; ``digest`` is the digest of the workflow's name and the pages."""

    pages: list[Json]
    digest: str
    key: str | None
    locale: str
    note: str | None
    version: int | None
    trace: str | None


async def _start(
    runtime: Runtime, principal: Principal, workflow: Workflow, request: _StartRequest
) -> Started | forms.NextPage | forms.PageInvalid:
    await _demand_startable(runtime, workflow, principal)
    subject = await _demand_startable_on(runtime, workflow, request.pages, request.version)
    turn = await _turn(runtime, workflow, principal, request.pages, subject, request.locale)
    if not isinstance(turn, forms.Complete):
        return turn
    subscription_id = start_check.subject_of(workflow, turn.data)

    id, database = new_id(), runtime.database

    def store(conn: Connection) -> Process:
        facts: StartFacts | None = None
        if subscription_id is not None:
            facts = start_check.lock_subject(conn, workflow, subscription_id, request.version)
        now = runtime.clock.now()
        subject = subject_at_start(runtime, workflow, turn, facts)
        start = _begin_transition(workflow, turn, principal, request, id, subject, now)
        process = begin_process(conn, start, key_of(runtime))
        if subscription_id is not None:
            _begin_on(conn, workflow, subscription_id, process, now)
        _remember_key(conn, request, process, now)
        return process

    def store_as_expected(conn: Connection) -> Process:
        expect_running(conn, id)
        return store(conn)

    def store_or_refuse(conn: Connection) -> Process:
        demand_running(conn)
        return store(conn)

    if database.dialect == "postgresql":  # SQLite has no round trip to save
        stored = await transaction_expecting(database, store_as_expected, lambda conn: processes.lock(conn, id))
        if stored is not None:
            return Started(stored, created=True)
    return Started(await database.transaction(store_or_refuse), created=True)


def _begin_transition(
    workflow: Workflow,
    turn: forms.Complete,
    principal: Principal,
    request: _StartRequest,
    id: UUID,
    subject: str,
    now: datetime,
) -> Transition:
    """The first transition of the process, with its audit entry.

    Secrets in its pages and its note are stored only as masks.
    """
    secrets, pages = turn.secrets, turn.page_secrets.shown(list(turn.pages))
    actor = principal.id
    transition = create(
        workflow, id=id, state=turn.data, pages=pages, actor=actor, now=now, secrets=secrets, subject=subject
    )
    audit = AuditNote(actor, "startWorkflow", {"workflow": workflow.name, "pages_digest": request.digest})
    note = secrets.concealed(_clean_note(request.note))
    started = replace(transition.process, note=note, trace=request.trace)
    return replace(transition, process=started, audit=audit)


def _remember_key(conn: Connection, request: _StartRequest, process: Process, now: datetime) -> None:
    key, digest = request.key, request.digest
    if key is None:
        return
    if not idempotency.remember(conn, scope=SCOPE, key=key, digest=digest, subject_id=process.id, now=now):
        raise _AlreadyStarted


class _AlreadyStarted(Exception):
    """Rolls the transaction back: the same request was stored first, at the same time."""


async def _known_start(runtime: Runtime, principal: Principal, key: str, digest: str) -> Started | None:
    """The process that this sender started with the key before. Before 1.0 keys were stored without their sender."""

    def load(conn: Connection, stored: str) -> Process | None:
        known = idempotency.earlier(conn, scope=SCOPE, key=stored)
        process = processes.load(conn, known.subject_id) if known is not None else None
        if known is None or process is None or process.created_by != principal.id:
            return None
        known.demand_same(digest)
        return process

    def load_either(conn: Connection) -> Process | None:
        return load(conn, idempotency.of_sender(principal.id, key)) or load(conn, key)

    process = await runtime.database.read(load_either)
    return Started(process, created=False) if process is not None else None


async def _turn(
    runtime: Runtime, workflow: Workflow, principal: Principal, pages: list[Json], subject: UUID | None, locale: str
) -> forms.Turn:
    with in_request(f"The start form of workflow {workflow.name!r}"):
        return await execution.start_turn(runtime, workflow, principal, pages, subject=subject, locale=locale)


async def _demand_startable(runtime: Runtime, workflow: Workflow, principal: Principal) -> None:
    with in_request(f"The run_predicate of workflow {workflow.name!r}"):
        reason = await execution.blocked_reason(runtime, workflow, principal)
    if reason is not None:
        raise WorkflowBlocked(f"Workflow {workflow.name!r} cannot be started: {reason}")


async def _demand_startable_on(
    runtime: Runtime, workflow: Workflow, pages: list[Json], version: int | None
) -> UUID | None:
    """Check the product subscription that the first page names, before the author's form sees it."""
    chosen = start_check.chosen_on_page(workflow, pages)
    if chosen is not None:
        await runtime.database.read(lambda conn: start_check.demand_startable(conn, workflow, chosen, version))
    return chosen


def _begin_on(conn: Connection, workflow: Workflow, subscription_id: UUID, process: Process, now: datetime) -> None:
    """Link the new process to its product subscription; the process of a change also holds it from now on."""
    product_subscriptions.link(conn, process.id, subscription_id, workflow.target)
    if workflow.target in start_check.LOCKING:
        locks.take(conn, subscription_id, process.id, now)
        changed = product_subscriptions.changed_event(subscription_id, process.id, now, process.created_by)
        events.append(conn, [changed])


LONGEST = 10_000
"""The most characters of a note."""


async def update_process_note(
    runtime: Runtime, principal: Principal, *, process_id: UUID, note: str | None, expected_version: int | None = None
) -> Process:
    """Write, change or (None) remove the note; at most 10,000 characters.

    Raises `NotFound`, `Forbidden` and `StaleVersion`.
    """
    principal.demand(Permission.EDIT_NOTE)
    if note is not None and len(note) > LONGEST:
        error = FieldError(("note",), f"A note has at most {LONGEST} characters.", "string_too_long")
        raise PayloadInvalid("The note is too long.", [error])

    note = _clean_note(note)

    def write(conn: Connection) -> Process:
        process = lock_process(conn, process_id, expected_version)
        now = runtime.clock.now()
        concealed: str | None = process.secrets.concealed(note)
        write_down(
            conn,
            runtime,
            process_id,
            actor=principal.id,
            action="updateProcessNote",
            now=now,
            digest=_digest(concealed),
        )
        processes.set_note(conn, process, concealed, now)
        events.append(conn, [Event(EventKind.PROCESS_NOTE_CHANGED, now, process_id, principal.id, {"note": concealed})])
        return replace(process, note=concealed, version=process.version + 1, updated_at=now)

    return await runtime.database.transaction(write)


def _digest(note: str | None) -> str | None:
    """What the audit log stores of the note: enough to prove later which text it was, without the text."""
    return hashlib.sha256(note.encode()).hexdigest() if note else None


def _clean_note(note: str | None) -> str | None:
    """The note as both databases can store it: PostgreSQL cannot store NUL in a text."""
    return None if note is None else Words.written(note)
