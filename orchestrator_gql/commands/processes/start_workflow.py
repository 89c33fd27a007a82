"""startWorkflow: check the start form, then store a process that can run."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql import forms
from orchestrator_gql.engine.audited import write_down
from orchestrator_gql.engine.authors import execution
from orchestrator_gql.engine.authors.failures import in_request
from orchestrator_gql.engine.commit import begin_process, clean_note
from orchestrator_gql.engine.paused import demand_running
from orchestrator_gql.engine.people import rights
from orchestrator_gql.forms.faults import DEFAULT_LOCALE
from orchestrator_gql.process import Process, Transition, create
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Principal
from orchestrator_gql.storage import idempotency, processes, product_subscriptions
from orchestrator_gql.targets import Target
from orchestrator_gql.types import Json, State
from orchestrator_gql.utils.errors import IdempotencyKeyReused, NotFound, SubscriptionLocked, WorkflowBlocked
from orchestrator_gql.utils.json import canonical
from orchestrator_gql.utils.tokens import new_id
from orchestrator_gql.workflow.model import Workflow

SCOPE = "startWorkflow"


@dataclass(frozen=True, slots=True)
class Started:
    """The process; ``created`` is False where an earlier call with the same idempotency key had started it."""

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
) -> Started | forms.NextPage | forms.PageInvalid:
    """Start the workflow with the pages of its form; a page still needed, or wrong, is answered and nothing is stored.

    Raises `NotFound`, `Forbidden`, `WorkflowBlocked`, `SubscriptionLocked`, `EnginePaused`, `IdempotencyKeyReused`,
    `AuthorCodeFailed`.
    """
    workflow = await rights.find_startable(runtime, principal, workflow_name)
    digest = hashlib.sha256(canonical([workflow_name, pages])).hexdigest()
    if idempotency_key is not None and (known := await _earlier(runtime, principal, idempotency_key, digest)):
        return known
    await _demand_startable(runtime, workflow)
    turned = await _turned(runtime, workflow, principal, pages, locale)
    if not isinstance(turned, forms.Complete):
        return turned
    state = turned.data

    def store(conn: Connection) -> Process:
        demand_running(conn)
        held = _demand_in_sync(conn, workflow, state)
        now = runtime.clock.now()
        process = begin_process(conn, _begun(workflow, turned, principal, clean_note(note), now))
        told = {"workflow": workflow.name, "pages_digest": digest}
        write_down(conn, runtime, process.id, actor=principal.id, action="startWorkflow", now=now, **told)
        if held is not None:
            product_subscriptions.link(conn, process.id, held, workflow.target)
        row = {"scope": SCOPE, "key": idempotency_key, "digest": digest, "subject_id": process.id, "now": now}
        if idempotency_key is not None and not idempotency.remember(conn, **row):  # type: ignore[arg-type]
            raise _Twin
        return process

    try:
        stored = await runtime.database.transaction(store)
    except _Twin:
        assert idempotency_key is not None
        twin = await _earlier(runtime, principal, idempotency_key, digest)
        assert twin is not None
        return twin
    return Started(stored, created=True)


def _begun(
    workflow: Workflow, turned: forms.Complete, principal: Principal, note: str | None, now: datetime
) -> Transition:
    """The process as it begins. Of its pages and its note the secrets are not kept: they are only shown from now on."""
    secrets, pages = turned.secrets, turned.page_secrets.shown(list(turned.pages))
    id, actor = new_id(), principal.id
    begun = create(workflow, id=id, state=turned.data, pages=pages, actor=actor, now=now, secrets=secrets)
    return replace(begun, process=replace(begun.process, note=secrets.concealed(note)))


class _Twin(Exception):
    """Undoes the transaction: the same request, at the same time, came first."""


async def _earlier(runtime: Runtime, principal: Principal, key: str, digest: str) -> Started | None:
    def look(conn: Connection) -> Process | None:
        known = idempotency.earlier(conn, scope=SCOPE, key=key, digest=digest)
        return processes.load(conn, known) if known is not None else None

    process = await runtime.database.read(look)
    if process is not None and process.created_by != principal.id:
        raise IdempotencyKeyReused("Somebody else used this idempotency key before.", process_id=process.id)
    return Started(process, created=False) if process is not None else None


async def _turned(
    runtime: Runtime, workflow: Workflow, principal: Principal, pages: list[Json], locale: str
) -> forms.Turn:
    with in_request(f"The start form of workflow {workflow.name!r}"):
        return await execution.start_turn(runtime, workflow, principal, pages, locale=locale)


async def _demand_startable(runtime: Runtime, workflow: Workflow) -> None:
    with in_request(f"The run_predicate of workflow {workflow.name!r}"):
        reason = await execution.blocked_reason(runtime, workflow)
    if reason is not None:
        raise WorkflowBlocked(f"Workflow {workflow.name!r} cannot be started: {reason}")


def _demand_in_sync(conn: Connection, workflow: Workflow, state: State) -> UUID | None:
    """One process at a time may change a product subscription: which one this process will, None for none."""
    named = state.get("subscription_id")
    if named is None or workflow.target not in (Target.MODIFY, Target.TERMINATE):
        return None
    subscription_id = _id_of(named)
    row = product_subscriptions.lock(conn, subscription_id)
    if row is None:
        raise NotFound("product subscription", named)
    holder = product_subscriptions.out_of_sync_by(conn, subscription_id)
    if holder is not None or not row.insync:
        raise SubscriptionLocked(
            f"The product subscription {subscription_id} is held by process {holder}."
            if holder
            else f"The product subscription {subscription_id} is out of sync: a process left it so.",
            process_id=holder,
        )
    return subscription_id


def _id_of(named: Json) -> UUID:
    try:
        return UUID(str(named))
    except ValueError:
        raise NotFound("product subscription", named) from None
