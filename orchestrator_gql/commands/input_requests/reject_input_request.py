"""rejectInputRequest: refuse what a form asks, or send it back to an earlier step, and say why."""

from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine import commit
from orchestrator_gql.engine.audited import key_of
from orchestrator_gql.engine.commit import Draft
from orchestrator_gql.engine.people import answering, requests
from orchestrator_gql.engine.people.answering import Seen
from orchestrator_gql.engine.people.requests import Decided
from orchestrator_gql.engine.runner import terms
from orchestrator_gql.input_requests.decision import Decision, clean_comment, demand_version
from orchestrator_gql.process import Abort, Failed, Process, Transition, abort, course, decide, send_back
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import events, input_requests, steps, timers
from orchestrator_gql.types import Failure, InputRequestStatus, Verdict
from orchestrator_gql.utils.errors import InvalidState, StaleForm
from orchestrator_gql.workflow.model import way_back

REJECTED = "rejected"


async def reject_input_request(
    runtime: Runtime,
    principal: Principal,
    *,
    input_request_id: UUID,
    comment: str,
    to_earlier_step: bool = False,
    expected_version: int | None = None,
) -> Decided:
    """Refuse: the process fails or is aborted, as its step says, or goes back (``to_earlier_step``) where it names one.

    Raises what `answering.look` raises, `StaleVersion`, `PayloadInvalid` without a comment, and `InvalidState` where
    the form cannot be rejected or sent back.
    """
    principal.demand(Permission.SUBMIT_FORM)
    said = clean_comment(comment, is_required=True)
    seen = await answering.look(runtime, principal, input_request_id)
    demand_version(seen.request, expected_version)
    _demand_way(seen, to_earlier_step=to_earlier_step)
    verdict = Verdict.SENT_BACK if to_earlier_step else Verdict.REJECTED
    decision = Decision(principal.id, runtime.clock.now(), verdict, "", (), seen.process.secrets.concealed(said))

    def store(conn: Connection) -> Decided:
        process, request, _ = answering.hold(conn, seen, principal)
        if not input_requests.close(conn, request, InputRequestStatus.REJECTED, decision.at):
            raise StaleForm(process_id=process.id)
        timers.clear_request(conn, process.id, request.id)
        events.append(conn, [requests.keep(conn, request, decision, "rejectInputRequest", key_of(runtime))])
        moved = _moved(conn, process, seen, decision)
        draft = Draft(process).then(moved)
        after = commit.apply(conn, process, draft, terms(runtime, course(moved.process, seen.workflow))).process
        return Decided.closed(request, InputRequestStatus.REJECTED, decision.at, after)

    return await runtime.database.transaction(store)


def _demand_way(seen: Seen, *, to_earlier_step: bool) -> None:
    if seen.is_of_wait:
        raise InvalidState(
            "This asks what to do about an answer that did not come: choose one of its answers, abort is among them.",
            process_id=seen.process.id,
        )
    if to_earlier_step and way_back(course(seen.process, seen.workflow), seen.request.step_index) is None:
        raise InvalidState(
            f"Step {seen.step.name!r} names no step to send it back to (on_reject={seen.step.on_reject!r}): reject it.",
            process_id=seen.process.id,
        )


def _moved(conn: Connection, process: Process, seen: Seen, decision: Decision) -> Transition:
    """Where the refusal leads."""
    along, now = course(process, seen.workflow), decision.at
    actor = decision.by or ""
    if decision.verdict is Verdict.SENT_BACK:
        to = way_back(along, seen.request.step_index)
        assert to is not None, "the way back was demanded"
        tries = [visit.attempt for visit in steps.of_process(conn, process.id) if visit.step_index == to]
        return send_back(process, to, max(tries, default=0) + 1, now, actor)
    if seen.step.on_reject == "abort":
        return abort(process, seen.workflow, Abort(actor, decision.comment), now)
    failure = Failure(REJECTED, f"{actor} rejected it: {decision.comment}", now)
    return decide(process, along, Failed(failure, actor), now)
