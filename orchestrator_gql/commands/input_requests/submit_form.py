"""submitForm: answer an open input request. The first decision wins, and it is bound to what was shown."""

import hashlib
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql import forms
from orchestrator_gql.engine import commit, questions, rights
from orchestrator_gql.engine.audited import write_down
from orchestrator_gql.engine.authors import execution
from orchestrator_gql.engine.authors.lenses import focus, put_back
from orchestrator_gql.engine.authors.stored import changed, fetched_now
from orchestrator_gql.engine.commit import Draft, Fenced
from orchestrator_gql.engine.recovery import Stuck
from orchestrator_gql.engine.runner import terms, with_current_definition
from orchestrator_gql.input_requests.decision import Decision, InputRequest, demand_open, demand_shown
from orchestrator_gql.process import Process, Success, course, decide, fingerprint
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import events, idempotency, input_requests, processes, timers
from orchestrator_gql.types import Event, EventKind, InputRequestStatus, Json, ProcessStatus, State, Verdict
from orchestrator_gql.utils.errors import AlreadyDecided, NotFound, StaleForm
from orchestrator_gql.utils.json import canonical
from orchestrator_gql.utils.json.stored import Stored
from orchestrator_gql.workflow.model import InputStep, Workflow

SCOPE = "submitForm"


@dataclass(frozen=True, slots=True)
class Submitted:
    """The input request as decided, and the process, which goes on."""

    request: InputRequest
    process: Process


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the answer was judged against; the transaction holds it to that.

    ``is_of_wait``: the engine asks what to do about a wait that ended without its answer.
    """

    request: InputRequest
    process: Process
    workflow: Workflow
    step: InputStep
    is_of_wait: bool


async def submit_form(
    runtime: Runtime,
    principal: Principal,
    *,
    input_request_id: UUID,
    pages: list[Json],
    expected_version: int | None = None,
    shown_digest: str | None = None,
    comment: str | None = None,
    idempotency_key: str | None = None,
) -> Submitted | forms.NextPage | forms.PageInvalid:
    """Answer with all pages so far; a page still needed, or wrong, is answered and the request stays open.

    Raises `NotFound`, `Forbidden`, `AlreadyDecided`, `InputRequestClosed`, `StaleVersion` and `StaleForm`.
    """
    principal.demand(Permission.SUBMIT_FORM)
    scope, request_digest = f"{SCOPE}:{input_request_id}", hashlib.sha256(canonical(pages)).hexdigest()
    if idempotency_key is not None and (known := await _earlier(runtime, scope, idempotency_key, request_digest)):
        return known
    seen = await _look(runtime, input_request_id)
    await rights.demand_resume(principal, seen.workflow, seen.request.step_index)
    demand_shown(seen.request, expected_version=expected_version, shown_digest=None, current_digest=None)
    turned = await execution.turn(runtime, seen.process, seen.step, pages)
    if not isinstance(turned, forms.Complete):
        return turned
    current = turned.shown_digest
    demand_shown(seen.request, expected_version=None, shown_digest=shown_digest, current_digest=current)

    decision = Decision(principal.id, runtime.clock.now(), Verdict.APPROVED, current, turned.pages, comment)

    def store(conn: Connection) -> Submitted:
        submitted = _decide(conn, runtime, principal, seen, decision, turned.data)
        if idempotency_key is not None:
            key = {"scope": scope, "key": idempotency_key, "digest": request_digest}
            idempotency.remember(conn, **key, subject_id=input_request_id, now=decision.at)
        return submitted

    try:
        return await runtime.database.transaction(store)
    except AlreadyDecided:  # by the same click, perhaps, that came twice at the same time
        twin = await _earlier(runtime, scope, idempotency_key, request_digest) if idempotency_key is not None else None
        if twin is None:
            raise
        return twin


def _decide(
    conn: Connection, runtime: Runtime, principal: Principal, seen: _Seen, decision: Decision, data: State
) -> Submitted:
    """Close the request, keep the decision and move the process on: the first one wins, under the process's lock."""
    process = processes.lock(conn, seen.process.id)
    _demand_open(conn, seen.request.id)
    if process is None or process.seq != seen.process.seq:
        raise StaleForm(process_id=seen.process.id)
    if not input_requests.close(conn, seen.request, InputRequestStatus.SUBMITTED, decision.at):
        raise StaleForm(process_id=seen.process.id)
    input_requests.decide(conn, seen.request.id, decision)
    timers.clear_request(conn, process.id, seen.request.id)
    payload = {"input_request_id": str(seen.request.id), "verdict": decision.verdict}
    events.append(conn, [Event(EventKind.INPUT_DECIDED, decision.at, process.id, decision.by, payload)])
    told = {
        "input_request_id": str(seen.request.id),
        "verdict": decision.verdict,
        "shown_digest": decision.shown_digest,
        "pages_digest": hashlib.sha256(canonical(list(decision.pages))).hexdigest(),
        "comment": decision.comment,
    }
    write_down(conn, runtime, process.id, actor=principal.id, action="submitForm", now=decision.at, **told)
    after = _move_on(conn, runtime, principal, replace(seen, process=process), decision, data)
    request = replace(
        seen.request,
        status=InputRequestStatus.SUBMITTED,
        version=seen.request.version + 1,
        closed_at=decision.at,
    )
    return Submitted(request, after)


def _move_on(
    conn: Connection, runtime: Runtime, principal: Principal, seen: _Seen, decision: Decision, data: State
) -> Process:
    process, steps = seen.process, course(seen.process, seen.workflow)
    if seen.is_of_wait:
        missing = questions.missing_at(conn, process, seen.request.step_index)
        stuck = Stuck(process, missing[0], seen.workflow, steps)
        return questions.act(conn, runtime, principal, stuck, data, decision.at)
    is_asked = seen.step.lenses or any(isinstance(process.state.get(key), Stored) for key in data)
    state = fetched_now(conn, process.state) if is_asked else process.state
    delta = changed(process.state, state, put_back(seen.step, state, focus(seen.step, state), data))
    moved = decide(process, steps, Success(delta, actor=decision.by), decision.at)
    return commit.apply(conn, process, Draft(process).then(moved), terms(runtime, steps)).process


async def _look(runtime: Runtime, input_request_id: UUID) -> _Seen:
    def read(conn: Connection) -> tuple[InputRequest, Process]:
        request = _demand_open(conn, input_request_id)
        process = processes.load(conn, request.process_id)
        if process is None:
            raise NotFound("process", request.process_id)
        return request, process

    request, process = await runtime.database.read(read)
    workflow = runtime.registry.get(process.workflow_name)
    if process.fingerprint != fingerprint(process, workflow):
        process = await _under_current_definition(runtime, process, workflow)
    step = course(process, workflow)[request.step_index]
    asked = await questions.asked_at(runtime, process, request.step_index, step)
    assert asked is not None, "only a step that asks opens a request"
    return _Seen(request, process, workflow, asked, is_of_wait=asked is not step)


async def _under_current_definition(runtime: Runtime, process: Process, workflow: Workflow) -> Process:
    """The process under the deployed definition; `StaleForm` where it cannot go on with it, and failed."""

    def change(conn: Connection) -> Process:
        draft = with_current_definition(conn, Draft(process), workflow)
        return commit.apply(conn, process, draft, terms(runtime, course(process, workflow))).process

    try:
        changed = await runtime.database.transaction(change)
    except Fenced:
        raise StaleForm(process_id=process.id) from None
    if changed.status is ProcessStatus.FAILED and changed.failure is not None:
        raise StaleForm(changed.failure.message, process_id=process.id, current_version=changed.version)
    return changed


async def _earlier(runtime: Runtime, scope: str, key: str, digest: str) -> Submitted | None:
    def look(conn: Connection) -> Submitted | None:
        known = idempotency.earlier(conn, scope=scope, key=key, digest=digest)
        request = input_requests.load(conn, known) if known else None
        process = processes.load(conn, request.process_id) if request else None
        return Submitted(request, process) if request and process else None

    return await runtime.database.read(look)


def _demand_open(conn: Connection, input_request_id: UUID) -> InputRequest:
    request = input_requests.load(conn, input_request_id)
    if request is None:
        raise NotFound("input request", input_request_id)
    if request.status is InputRequestStatus.OPEN:
        return request
    made = input_requests.decisions_of(conn, [input_request_id]).get(input_request_id, [])
    demand_open(request, made[-1] if made else None)
    return request
