"""submitForm and rejectInputRequest: the first decision wins, and only for the form as shown."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql import forms
from orchestrator_gql.engine import commit
from orchestrator_gql.engine.callbacks.operator_actions import LockedCallback
from orchestrator_gql.engine.input_requests import decisions, requests, unanswered
from orchestrator_gql.engine.input_requests.decisions import Lock, OpenRequest
from orchestrator_gql.engine.input_requests.requests import DecisionResult
from orchestrator_gql.engine.pending_transitions import PendingTransitions, commit_context
from orchestrator_gql.engine.steps import form_turns
from orchestrator_gql.engine.steps.calls import outside
from orchestrator_gql.engine.steps.failures import in_request
from orchestrator_gql.engine.steps.state import changed, fetched_now, through_lenses
from orchestrator_gql.forms.errors import DEFAULT_LOCALE
from orchestrator_gql.input_requests.decision import Decision, clean_comment, demand_same, demand_shown, demand_version
from orchestrator_gql.process import Abort, Failed, Process, Success, Transition, abort, decide, send_back, steps_of
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal, display_name
from orchestrator_gql.storage import events, idempotency, input_requests, processes, steps, timers
from orchestrator_gql.storage.expected_processes import transaction_expecting
from orchestrator_gql.storage.processes import Standing
from orchestrator_gql.types import Failure, InputRequestStatus, Json, Verdict
from orchestrator_gql.utils.author_calls import returned_by
from orchestrator_gql.utils.errors import AlreadyDecided, FieldError, InvalidState, StaleForm
from orchestrator_gql.utils.json import canonical, encode
from orchestrator_gql.utils.json.stored import Stored
from orchestrator_gql.workflow.model import send_back_target

SCOPE = "submitForm"


@dataclass(frozen=True, slots=True)
class _Submission:
    """A complete form of an open request, by whom, and the approval that it is."""

    principal: Principal
    opened: OpenRequest
    turn: forms.Complete
    decision: Decision


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
) -> DecisionResult | forms.NextPage | forms.PageInvalid:
    """Submit all pages so far. Returns the next page, or the errors of a page, while the request stays open.

    Raises the errors of `decisions.load_open_request`, and `StaleVersion`, `StaleForm` and `AuthorCodeFailed`.
    """
    principal.demand(Permission.SUBMIT_FORM)
    comment = clean_comment(comment)
    scope, request_digest = f"{SCOPE}:{input_request_id}", hashlib.sha256(canonical(pages)).hexdigest()
    if idempotency_key is not None:
        idempotency_key = idempotency.of_sender(principal.id, idempotency_key)
    if idempotency_key is not None and (known := await _known_result(runtime, scope, idempotency_key, request_digest)):
        return known
    try:
        opened = await decisions.load_open_request(runtime, principal, input_request_id)
        demand_version(opened.request, expected_version)
        turn = await _turn(runtime, opened, pages, locale)
        if not isinstance(turn, forms.Complete):
            return turn
        if opened.is_of_wait:
            await unanswered.demand_may_act(runtime, principal, opened.workflow, opened.process, turn.data)
        demand_shown(opened.request, shown_digest, turn.shown_digest)
        decision = _approval(runtime, principal, turn, comment)
        submission = _Submission(principal, opened, turn, decision)

        def store(lock: Lock, conn: Connection) -> DecisionResult:
            submitted = _decide(conn, runtime, submission, lock)
            if idempotency_key is not None:
                key = {"scope": scope, "key": idempotency_key, "digest": request_digest}
                idempotency.remember(conn, **key, subject_id=input_request_id, now=decision.at)
            return submitted

        return await _stored(runtime, opened, decision, store)
    except AlreadyDecided:  # perhaps by the same click, which arrived twice at the same time
        if idempotency_key is None:
            raise
        known = await _known_result(runtime, scope, idempotency_key, request_digest)
        if known is None:
            raise
        return known


async def _stored(
    runtime: Runtime, opened: OpenRequest, decision: Decision, store: Callable[[Lock, Connection], DecisionResult]
) -> DecisionResult:
    """Run the unit ``store``, on PostgreSQL in one round trip if nothing has changed since the request was read."""

    def find(conn: Connection) -> DecisionResult | None:
        processes.hold(conn, opened.process.id)
        own = [(each.by, each.at) for each in input_requests.decisions_on(conn, opened.request.id)]
        return _result_of_request(conn, opened.request.id) if (decision.by, decision.at) in own else None

    if opened.is_expected:
        stored = await transaction_expecting(runtime.database, partial(store, decisions.expect_open_request), find)
        if stored is not None:
            return stored
    with in_request(f"The lens of step {opened.step.name!r}"):
        unit = partial(store, decisions.lock_open_request)
        return await outside(runtime, lambda: runtime.database.transaction(unit), is_request=True)


async def _turn(runtime: Runtime, opened: OpenRequest, pages: list[Json], locale: str) -> forms.Turn:
    """One turn of the form; raises `AuthorCodeFailed`."""
    approved = opened.decisions[0].pages if opened.decisions else ()
    with in_request(f"The form of step {opened.step.name!r}"):
        turn = await form_turns.turn(runtime, opened.process, opened.step, pages, approved=approved, locale=locale)
    return _small_enough(runtime, turn) if isinstance(turn, forms.Complete) else turn


def _approval(runtime: Runtime, principal: Principal, turn: forms.Complete, comment: str | None) -> Decision:
    secrets = turn.page_secrets
    content = (Verdict.APPROVED, turn.shown_digest, turn.pages, secrets.concealed(comment), None, secrets)
    return Decision(principal.id, runtime.clock.now(), *content)


def _small_enough(runtime: Runtime, turn: forms.Complete) -> forms.Complete | forms.PageInvalid:
    """The form, or the errors of its last page if it adds more to the state than a step may."""
    size, limit = len(encode(turn.data).encode()), runtime.settings.max_step_bytes
    if size <= limit:
        return turn
    message = f"What the form adds to the state is {size:,} bytes; {limit:,} are the most."
    return returned_by(turn.refused, FieldError((), message, "too_large", {"size": size, "limit": limit}))


def _decide(conn: Connection, runtime: Runtime, submission: _Submission, lock: Lock) -> DecisionResult:
    """Store the decision under the lock of the process; the last decision that is needed moves the process on."""
    turn, decision = submission.turn, submission.decision
    process, standing, request, earlier = lock(conn, submission.opened, submission.principal)
    audit_key = runtime.settings.audit_secret
    if earlier:
        demand_same(request, earlier[0], decision.pages, decision.shown_digest)
    if len(earlier) + 1 < request.approvals_needed:
        events.append(conn, [requests.keep(conn, request, decision, SCOPE, audit_key, is_last=False)])
        processes.learn(conn, process, process.secrets.knowing(turn.secrets.values))
        if request.claimed_by is not None:  # the person who had claimed it has decided, so the claim ends
            request = input_requests.claim(conn, request.id, None, None) or request
        return DecisionResult(request, process)
    stale = StaleForm(process_id=process.id)
    input_requests.demand_closed(conn, request, InputRequestStatus.SUBMITTED, decision.at, stale)
    timers.clear_request(conn, process.id, request.id)
    events.append(conn, [requests.keep(conn, request, decision, SCOPE, audit_key)])
    after = _move_on(conn, runtime, submission, process, standing)
    return DecisionResult.closed(request, InputRequestStatus.SUBMITTED, decision.at, after)


def _move_on(
    conn: Connection, runtime: Runtime, submission: _Submission, process: Process, standing: Standing
) -> Process:
    opened, turn, decision = submission.opened, submission.turn, submission.decision
    data, steps = turn.data, steps_of(process, opened.workflow)
    if opened.is_of_wait:
        missing = unanswered.missing_at(conn, process, opened.request.step_index)
        locked = LockedCallback(process, missing[0], opened.workflow, steps)
        return unanswered.act(conn, runtime, submission.principal, locked, data, decision.comment, decision.at)
    if opened.step.lenses:
        with in_request(f"The lens of step {opened.step.name!r}"):
            delta = through_lenses(conn, process, opened.step, data)
    else:
        reads_state = any(isinstance(process.state.get(key), Stored) for key in data)
        state = fetched_now(conn, process.state) if reads_state else process.state
        delta = changed(process.state, state, data)
    secrets = turn.secrets.standing_in(delta) if opened.step.lenses else turn.secrets
    transition = decide(process, steps, Success(delta, actor=decision.by, secrets=secrets), decision.at)
    pending = PendingTransitions(process).then(transition)
    return commit.apply(conn, process, pending, commit_context(runtime, steps), standing=standing).process


async def _known_result(runtime: Runtime, scope: str, key: str, digest: str) -> DecisionResult | None:
    def load(conn: Connection) -> DecisionResult | None:
        known = idempotency.earlier(conn, scope=scope, key=key)
        if known is None:
            return None
        known.demand_same(digest)
        return _result_of_request(conn, known.subject_id)

    return await runtime.database.read(load)


def _result_of_request(conn: Connection, input_request_id: UUID) -> DecisionResult | None:
    request = input_requests.load(conn, input_request_id)
    process = processes.load(conn, request.process_id) if request else None
    return DecisionResult(request, process) if request and process else None


REJECTED = "rejected"


async def reject_input_request(
    runtime: Runtime,
    principal: Principal,
    *,
    input_request_id: UUID,
    comment: str,
    to_earlier_step: bool = False,
    expected_version: int | None = None,
) -> DecisionResult:
    """Reject: the process fails or is aborted, as its step declares, or goes back to the step that it names.

    ``to_earlier_step`` sends the process back. Raises the errors of `decisions.load_open_request`, and `StaleVersion`,
    `PayloadInvalid` without a comment, and `InvalidState` if the form cannot be rejected or sent back.
    """
    principal.demand(Permission.SUBMIT_FORM)
    cleaned = clean_comment(comment, is_required=True)
    opened = await decisions.load_open_request(runtime, principal, input_request_id)
    demand_version(opened.request, expected_version)
    _demand_rejectable(opened, to_earlier_step=to_earlier_step)
    verdict = Verdict.SENT_BACK if to_earlier_step else Verdict.REJECTED
    decision = Decision(principal.id, runtime.clock.now(), verdict, "", (), opened.process.secrets.concealed(cleaned))

    def store(conn: Connection) -> DecisionResult:
        process, standing, request, _ = decisions.lock_open_request(conn, opened, principal)
        stale = StaleForm(process_id=process.id)
        input_requests.demand_closed(conn, request, InputRequestStatus.REJECTED, decision.at, stale)
        timers.clear_request(conn, process.id, request.id)
        events.append(
            conn, [requests.keep(conn, request, decision, "rejectInputRequest", runtime.settings.audit_secret)]
        )
        transition = _transition(conn, process, opened, decision)
        pending = PendingTransitions(process).then(transition)
        context = commit_context(runtime, steps_of(transition.process, opened.workflow))
        after = commit.apply(conn, process, pending, context, standing=standing).process
        return DecisionResult.closed(request, InputRequestStatus.REJECTED, decision.at, after)

    return await runtime.database.transaction(store)


def _demand_rejectable(opened: OpenRequest, *, to_earlier_step: bool) -> None:
    if opened.is_of_wait:
        raise InvalidState(
            "This request asks what to do about a missing result: choose one of its answers. Abort is one of them.",
            process_id=opened.process.id,
        )
    if (
        to_earlier_step
        and send_back_target(steps_of(opened.process, opened.workflow), opened.request.step_index) is None
    ):
        raise InvalidState(
            f"Step {opened.step.name!r} names no step to send it back to (on_reject={opened.step.on_reject!r}): "
            "reject it.",
            process_id=opened.process.id,
        )


def _transition(conn: Connection, process: Process, opened: OpenRequest, decision: Decision) -> Transition:
    """The transition that the rejection causes."""
    process_steps, now = steps_of(process, opened.workflow), decision.at
    actor = decision.by or ""
    if decision.verdict is Verdict.SENT_BACK:
        target = send_back_target(process_steps, opened.request.step_index)
        assert target is not None, "the target was demanded"
        tries = [row.attempt for row in steps.of_process(conn, process.id) if row.step_index == target]
        return send_back(process, target, max(tries, default=0) + 1, now, actor)
    if opened.step.on_reject == "abort":
        return abort(process, opened.workflow, Abort(actor, decision.comment), now)
    failure = Failure(REJECTED, f"{display_name(actor)} rejected it: {decision.comment}", now)
    return decide(process, process_steps, Failed(failure, actor), now)
