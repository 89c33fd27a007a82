"""startWorkflow: start a process with the pages of its start form."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql import forms
from orchestrator_gql.audit.free_text import demand_short
from orchestrator_gql.engine import authorization, process_locks, spans, start_check
from orchestrator_gql.engine.commit import begin_process
from orchestrator_gql.engine.engine_state import demand_running
from orchestrator_gql.engine.secrecy import digest_of
from orchestrator_gql.engine.steps import execution, form_turns
from orchestrator_gql.engine.steps.failures import in_request
from orchestrator_gql.engine.steps.lock_keys import lock_keys
from orchestrator_gql.engine.subjects import subject_at_start
from orchestrator_gql.forms.errors import DEFAULT_LOCALE
from orchestrator_gql.process import AuditNote, Process, Transition, create, queue
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Principal
from orchestrator_gql.storage import events, idempotency, processes, product_subscriptions
from orchestrator_gql.storage import process_locks as lock_rows
from orchestrator_gql.storage import product_subscription_locks as locks
from orchestrator_gql.storage.columns import Words
from orchestrator_gql.storage.expected_processes import expect_running, transaction_expecting
from orchestrator_gql.storage.product_subscriptions import StartFacts
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import Refused
from orchestrator_gql.utils.json import canonical
from orchestrator_gql.utils.tokens import new_id
from orchestrator_gql.workflow.model import Workflow

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
    traceparent: str | None = None,
) -> Started | forms.NextPage | forms.PageInvalid:
    """Start the workflow with the pages of its form. If a page is missing or wrong, that page is returned instead.

    Nothing is stored in that case. ``product_subscription_version`` is the version that was shown to the principal.
    ``traceparent`` is that of the request; see `utils.traces`.

    Raises `NotFound`, `Forbidden`, `WorkflowBlocked`, `EnginePaused`, `IdempotencyKeyReused`, `AuthorCodeFailed`,
    `PayloadInvalid` for a note of more than 10,000 characters, `ResourceLocked`, and the errors of
    `start_check.demand_startable`.
    """
    workflow = await authorization.find_startable(runtime, principal, workflow_name)
    demand_short("note", note)
    digest = hashlib.sha256(canonical([workflow_name, pages])).hexdigest()
    if idempotency_key is not None and (known := await _known_start(runtime, principal, idempotency_key, digest)):
        return known
    key = None if idempotency_key is None else idempotency.of_sender(principal.id, idempotency_key)
    request = _StartRequest(
        workflow, principal, pages, digest, key, locale, note, product_subscription_version, traceparent
    )
    try:
        return await _start(runtime, request)
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

    workflow: Workflow
    principal: Principal
    pages: list[Json]
    digest: str
    key: str | None
    locale: str
    note: str | None
    version: int | None
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class _NewProcess:
    """The id and the trace of a process, its complete form, and what follows from the form."""

    id: UUID
    trace: str | None
    turn: forms.Complete
    subscription_id: UUID | None
    lock_keys: tuple[str, ...]


async def _start(runtime: Runtime, request: _StartRequest) -> Started | forms.NextPage | forms.PageInvalid:
    workflow = request.workflow
    await execution.demand_unblocked(runtime, workflow, request.principal)
    chosen_id = await _demand_startable(runtime, workflow, request.pages, request.version)
    turn = await _turn(runtime, request, chosen_id)
    if not isinstance(turn, forms.Complete):
        return turn
    subscription_id = start_check.subscription_of(workflow, turn.data)
    keys = await lock_keys(runtime, workflow, request.principal, turn)

    id = new_id()
    with spans.of_process(id, workflow.name, request.traceparent) as trace:
        new = _NewProcess(id, trace, turn, subscription_id, keys)
        return Started(await _store(runtime, request, new), created=True)


async def _store(runtime: Runtime, request: _StartRequest, new: _NewProcess) -> Process:
    database = runtime.database

    def store_as_expected(conn: Connection) -> Process:
        expect_running(conn, new.id)
        return _write(conn, runtime, request, new)

    def store_or_refuse(conn: Connection) -> Process:
        demand_running(conn)
        return _write(conn, runtime, request, new)

    if database.dialect == "postgresql":  # SQLite has no round trip to save
        stored = await transaction_expecting(database, store_as_expected, lambda conn: processes.lock(conn, new.id))
        if stored is not None:
            return stored
    return await database.transaction(store_or_refuse)


def _write(conn: Connection, runtime: Runtime, request: _StartRequest, new: _NewProcess) -> Process:
    """Store the process and its start."""
    workflow, subscription_id = request.workflow, new.subscription_id
    must_wait = process_locks.must_wait(conn, workflow, new.lock_keys)
    facts: StartFacts | None = None
    if subscription_id is not None:
        facts = start_check.lock_startable(conn, workflow, subscription_id, request.version)
    now = runtime.clock.now()
    start = _begin_transition(request, new, subject_at_start(runtime, workflow, new.turn, facts), now)
    start = queue(start, now) if must_wait else start
    process = begin_process(conn, start, runtime.settings.audit_secret)
    if new.lock_keys:
        lock_rows.add(conn, new.id, new.lock_keys)
    if subscription_id is not None:
        _begin_on(conn, workflow, subscription_id, process, now)
    _remember_key(conn, request, process, now)
    return process


def _begin_transition(request: _StartRequest, new: _NewProcess, subject: str, now: datetime) -> Transition:
    """The first transition of the process, with its audit entry.

    Secrets in its pages and its note are stored only as masks.
    """
    turn, actor = new.turn, request.principal.id
    transition = create(
        request.workflow,
        id=new.id,
        state=turn.data,
        pages=turn.page_secrets.shown(list(turn.pages)),
        actor=actor,
        now=now,
        secrets=turn.secrets,
        subject=subject,
        lock_keys=new.lock_keys,
    )
    audit = AuditNote(
        actor, "startWorkflow", {"workflow": request.workflow.name, "pages_digest": _digest(request, turn)}
    )
    note = turn.secrets.concealed(None if request.note is None else Words.written(request.note))
    started = replace(transition.process, note=note, trace=new.trace)
    return replace(transition, process=started, audit=audit)


def _digest(request: _StartRequest, turn: forms.Complete) -> str | None:
    """The digest of the name and the pages for the audit log."""
    secrets = turn.page_secrets.knowing(turn.secrets.values)
    return digest_of([request.workflow.name, list(turn.pages)], secrets.under(1)) if secrets else request.digest


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


async def _turn(runtime: Runtime, request: _StartRequest, chosen_id: UUID | None) -> forms.Turn:
    workflow, principal = request.workflow, request.principal
    with in_request(f"The start form of workflow {workflow.name!r}"):
        return await form_turns.start_turn(
            runtime, workflow, principal, request.pages, chosen_id=chosen_id, locale=request.locale
        )


async def _demand_startable(
    runtime: Runtime, workflow: Workflow, pages: list[Json], version: int | None
) -> UUID | None:
    """Check the product subscription that the first page names, before the author's form sees it."""
    chosen_id = start_check.chosen_on_page(workflow, pages)
    if chosen_id is not None:
        await runtime.database.read(lambda conn: start_check.demand_startable(conn, workflow, chosen_id, version))
    return chosen_id


def _begin_on(conn: Connection, workflow: Workflow, subscription_id: UUID, process: Process, now: datetime) -> None:
    """Link the new process to its product subscription; the process of a change also holds it from now on."""
    product_subscriptions.link(conn, process.id, subscription_id, workflow.target)
    if workflow.target in start_check.LOCKING:
        locks.take(conn, subscription_id, process.id, now)
        changed = product_subscriptions.changed_event(subscription_id, process.id, now, process.created_by)
        events.append(conn, [changed])
