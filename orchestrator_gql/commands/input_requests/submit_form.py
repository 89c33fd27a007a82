"""submitForm: answer an open input request. The first decision wins, and it is bound to what was shown."""

import hashlib
from dataclasses import replace
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql import forms
from orchestrator_gql.engine import commit
from orchestrator_gql.engine.audited import key_of
from orchestrator_gql.engine.authors import execution
from orchestrator_gql.engine.authors.failures import in_request
from orchestrator_gql.engine.authors.lenses import focus, put_back
from orchestrator_gql.engine.authors.stored import changed, fetched_now
from orchestrator_gql.engine.commit import Draft
from orchestrator_gql.engine.people import answering, questions, requests
from orchestrator_gql.engine.people.answering import Seen
from orchestrator_gql.engine.people.requests import Decided
from orchestrator_gql.engine.recovery import Stuck
from orchestrator_gql.engine.runner import terms
from orchestrator_gql.forms.faults import DEFAULT_LOCALE
from orchestrator_gql.input_requests.decision import (
    Decision,
    clean_comment,
    demand_same,
    demand_shown,
    demand_version,
)
from orchestrator_gql.process import Process, Success, course, decide
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import events, idempotency, input_requests, processes, timers
from orchestrator_gql.types import InputRequestStatus, Json, Verdict
from orchestrator_gql.utils.author_calls import returned_by
from orchestrator_gql.utils.errors import AlreadyDecided, FieldError, StaleForm
from orchestrator_gql.utils.json import canonical, encode
from orchestrator_gql.utils.json.stored import Stored

SCOPE = "submitForm"


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
    locale: str = DEFAULT_LOCALE,
) -> Decided | forms.NextPage | forms.PageInvalid:
    """Answer with all pages so far; a page still needed, or wrong, is answered and the request stays open.

    Raises what `answering.look` raises, `StaleVersion`, `StaleForm` and `AuthorCodeFailed`.
    """
    principal.demand(Permission.SUBMIT_FORM)
    said = clean_comment(comment)
    scope, request_digest = f"{SCOPE}:{input_request_id}", hashlib.sha256(canonical(pages)).hexdigest()
    if idempotency_key is not None:  # the same words of somebody else are another key: theirs is another decision
        idempotency_key = f"{principal.id}\n{idempotency_key}"
    if idempotency_key is not None and (known := await _earlier(runtime, scope, idempotency_key, request_digest)):
        return known
    try:
        seen = await answering.look(runtime, principal, input_request_id)
        demand_version(seen.request, expected_version)
        turned = await _turned(runtime, seen, pages, locale)
        if not isinstance(turned, forms.Complete):
            return turned
        if seen.is_of_wait:
            await questions.demand_may_act(principal, seen.workflow, seen.request.step_index, turned.data)
        demand_shown(seen.request, shown_digest, turned.shown_digest)
        decision = _approval(runtime, principal, turned, said)

        def store(conn: Connection) -> Decided:
            submitted = _decide(conn, runtime, principal, seen, decision, turned)
            if idempotency_key is not None:
                key = {"scope": scope, "key": idempotency_key, "digest": request_digest}
                idempotency.remember(conn, **key, subject_id=input_request_id, now=decision.at)
            return submitted

        return await runtime.database.transaction(store)
    except AlreadyDecided:  # by the same click, perhaps, that came twice at the same time
        twin = await _earlier(runtime, scope, idempotency_key, request_digest) if idempotency_key is not None else None
        if twin is None:
            raise
        return twin


async def _turned(runtime: Runtime, seen: Seen, pages: list[Json], locale: str) -> forms.Turn:
    """One turn of the form; raises `AuthorCodeFailed`."""
    approved = seen.made[0].pages if seen.made else ()
    with in_request(f"The form of step {seen.step.name!r}"):
        turned = await execution.turn(runtime, seen.process, seen.step, pages, approved=approved, locale=locale)
    return _small_enough(runtime, turned) if isinstance(turned, forms.Complete) else turned


def _approval(runtime: Runtime, principal: Principal, turned: forms.Complete, said: str | None) -> Decision:
    secrets = turned.page_secrets
    told = (Verdict.APPROVED, turned.shown_digest, turned.pages, secrets.concealed(said), None, secrets)
    return Decision(principal.id, runtime.clock.now(), *told)


def _small_enough(runtime: Runtime, turned: forms.Complete) -> forms.Complete | forms.PageInvalid:
    """A form adds no more to the state than a step may; the answer names the last page, where it was."""
    size, limit = len(encode(turned.data).encode()), runtime.settings.max_step_bytes
    if size <= limit:
        return turned
    message = f"What the form adds to the state is {size:,} bytes; {limit:,} are the most."
    return returned_by(turned.refused, FieldError((), message, "too_large", {"size": size, "limit": limit}))


def _decide(
    conn: Connection, runtime: Runtime, principal: Principal, seen: Seen, decision: Decision, turned: forms.Complete
) -> Decided:
    """Keep the decision, under the process's lock; the last one that is needed moves the process on."""
    process, request, made = answering.hold(conn, seen, principal)
    if made:
        demand_same(request, made[0], decision.pages, decision.shown_digest)
    if len(made) + 1 < request.approvals_needed:
        events.append(conn, [requests.keep(conn, request, decision, SCOPE, key_of(runtime), is_last=False)])
        processes.learn(conn, process, process.secrets.knowing(turned.secrets.values))
        if request.claimed_by is not None:  # whoever had taken it has said what there was to say
            request = input_requests.claim(conn, request.id, None, None) or request
        return Decided(request, process)
    if not input_requests.close(conn, request, InputRequestStatus.SUBMITTED, decision.at):
        raise StaleForm(process_id=seen.process.id)
    timers.clear_request(conn, process.id, request.id)
    events.append(conn, [requests.keep(conn, request, decision, SCOPE, key_of(runtime))])
    after = _move_on(conn, runtime, principal, replace(seen, process=process), decision, turned)
    return Decided.closed(request, InputRequestStatus.SUBMITTED, decision.at, after)


def _move_on(
    conn: Connection, runtime: Runtime, principal: Principal, seen: Seen, decision: Decision, turned: forms.Complete
) -> Process:
    data = turned.data
    process, steps = seen.process, course(seen.process, seen.workflow)
    if seen.is_of_wait:
        missing = questions.missing_at(conn, process, seen.request.step_index)
        stuck = Stuck(process, missing[0], seen.workflow, steps)
        return questions.act(conn, runtime, principal, stuck, data, decision.at)
    is_asked = seen.step.lenses or any(isinstance(process.state.get(key), Stored) for key in data)
    state = fetched_now(conn, process.state) if is_asked else process.state
    with in_request(f"The lens of step {seen.step.name!r}"):
        whole = returned_by(lambda: put_back(seen.step, state, focus(seen.step, state), data))
    delta = changed(process.state, state, whole)
    secrets = turned.secrets.standing_in(delta) if seen.step.lenses else turned.secrets
    moved = decide(process, steps, Success(delta, actor=decision.by, secrets=secrets), decision.at)
    return commit.apply(conn, process, Draft(process).then(moved), terms(runtime, steps)).process


async def _earlier(runtime: Runtime, scope: str, key: str, digest: str) -> Decided | None:
    def look(conn: Connection) -> Decided | None:
        known = idempotency.earlier(conn, scope=scope, key=key, digest=digest)
        request = input_requests.load(conn, known) if known else None
        process = processes.load(conn, request.process_id) if request else None
        return Decided(request, process) if request and process else None

    return await runtime.database.read(look)
