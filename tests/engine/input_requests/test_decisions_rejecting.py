"""Rejections, reminders, escalations, expiry and automatic confirmations of forms, on both databases."""

from typing import Any

import pytest
from conftest import Offer
from support.operator import ADA, BOB, confirm, open_request
from support.remote import Remote, answer

from orchestrator_gql import begin, callback_step, conditional, inputstep, step
from orchestrator_gql.commands.input_requests import reject_input_request, submit_form
from orchestrator_gql.commands.processes import retry_process
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import FormPage, ReadOnly
from orchestrator_gql.reads.audit import audit_list
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import input_requests, timers
from orchestrator_gql.storage.audit import AuditFilter
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.types import EventKind, FormGenerator, InputRequestStatus, ProcessStatus, StepStatus, Verdict
from orchestrator_gql.utils.errors import (
    AlreadyDecided,
    InputRequestClosed,
    InvalidState,
    PayloadInvalid,
    WorkflowDefinitionError,
)
from orchestrator_gql.workflow import workflow

SUSPENDED, COMPLETED, FAILED, ABORTED = (
    ProcessStatus.SUSPENDED,
    ProcessStatus.COMPLETED,
    ProcessStatus.FAILED,
    ProcessStatus.ABORTED,
)
CHANGED = EventKind.INPUT_REQUEST_CHANGED


class Plan(FormPage):
    minutes: int = 30


def reviewing(*, runs: list[str] | None = None, **options: Any) -> Any:
    """A workflow of draft, review and carry out; the draft step gets the comments of the reviewer."""
    ran = runs if runs is not None else []

    @step("Draft")
    def draft(decisions: list[dict[str, Any]]) -> dict[str, Any]:
        ran.append("draft")
        return {"heard": [decision["comment"] for decision in decisions], "drafts": len(decisions) + 1}

    @inputstep("Review", **options)
    def review(drafts: int) -> FormGenerator:
        class Reviewed(FormPage):
            number: ReadOnly[int] = drafts
            minutes: int = 30

        submitted = yield Reviewed
        return {"minutes": submitted.minutes}

    @step("Carry out")
    def carry_out() -> dict[str, bool]:
        ran.append("carry out")
        return {"is_done": True}

    @workflow("Review a plan")
    def review_a_plan() -> Any:
        return begin >> draft >> review >> carry_out

    return review_a_plan


async def test_a_rejection_needs_a_comment_and_fails_the_process_and_a_retry_asks_again(offer: Offer) -> None:
    flow = reviewing()
    engine = await offer(flow)
    process_id = await engine.start(flow)
    request = await open_request(engine, process_id)

    with pytest.raises(PayloadInvalid) as refused:
        await reject_input_request(engine.runtime, ADA, input_request_id=request.id, comment="  ")
    assert [error.pointer for error in refused.value.errors] == ["/comment"]
    assert await open_request(engine, process_id) == request
    done = await reject_input_request(engine.runtime, ADA, input_request_id=request.id, comment=" Too long. ")

    assert (done.request.status, done.request.version, done.process.status) == (InputRequestStatus.REJECTED, 2, FAILED)
    assert done.process.failure is not None
    assert (done.process.failure.code, done.process.failure.message) == ("rejected", "ada rejected it: Too long.")
    with pytest.raises(AlreadyDecided) as late:
        await submit_form(engine.runtime, BOB, input_request_id=request.id, pages=[{}])
    assert late.value.by == "ada"
    await retry_process(engine.runtime, BOB, process_id=process_id)
    assert (await open_request(engine, process_id)).id != request.id
    await confirm(engine, process_id)
    assert (await engine.reaches(process_id, COMPLETED)).state["is_done"] is True


async def test_a_form_is_sent_back_to_its_named_step_which_gets_the_comment(offer: Offer) -> None:
    runs: list[str] = []
    flow = reviewing(runs=runs, on_reject="Draft")
    engine = await offer(flow)
    process_id = await engine.start(flow)
    first = await open_request(engine, process_id)

    sent = await reject_input_request(
        engine.runtime, ADA, input_request_id=first.id, comment="Shorter, please.", to_earlier_step=True
    )
    second = await open_request(engine, process_id)
    assert sent.request.status is InputRequestStatus.REJECTED
    assert (await engine.process(process_id)).state["heard"] == ["Shorter, please."]
    await confirm(engine, process_id, by=BOB)

    ended = await engine.reaches(process_id, COMPLETED)
    executions = await engine.steps(process_id)
    assert second.id != first.id
    assert runs == ["draft", "draft", "carry out"]
    assert ended.state["drafts"] == 2
    assert [(execution.name, execution.status, execution.attempt) for execution in executions] == [
        ("Draft", StepStatus.SUCCESS, 1),
        ("Review", StepStatus.ABORTED, 1),
        ("Draft", StepStatus.SUCCESS, 2),
        ("Review", StepStatus.SUCCESS, 1),
        ("Carry out", StepStatus.SUCCESS, 1),
    ]
    decided = await engine.events(process_id, EventKind.INPUT_DECIDED)
    assert [event.payload["verdict"] for event in decided] == [Verdict.SENT_BACK, Verdict.APPROVED]


async def test_a_form_that_can_be_sent_back_can_also_be_rejected_finally(offer: Offer) -> None:
    flow = reviewing(on_reject="Draft")
    engine = await offer(flow)
    request = await open_request(engine, await engine.start(flow))

    done = await reject_input_request(engine.runtime, ADA, input_request_id=request.id, comment="Never.")

    assert done.process.status is FAILED


async def test_a_form_without_a_target_step_cannot_be_sent_back(offer: Offer) -> None:
    flow = reviewing()
    engine = await offer(flow)
    request = await open_request(engine, await engine.start(flow))

    with pytest.raises(InvalidState, match="names no step"):
        await reject_input_request(
            engine.runtime, ADA, input_request_id=request.id, comment="Again.", to_earlier_step=True
        )

    assert await open_request(engine, request.process_id) == request


async def test_conditions_after_the_target_step_are_evaluated_again(offer: Offer) -> None:
    asked: list[int] = []

    def is_risky(state: dict[str, Any]) -> bool:
        asked.append(state["tries"])
        return bool(state["tries"] > 1)

    @step("Count")
    def count(tries: int = 0) -> dict[str, int]:
        return {"tries": tries + 1}

    @step("Warn")
    def warn() -> dict[str, bool]:
        return {"is_warned": True}

    @inputstep("Review", on_reject="Count")
    def review() -> FormGenerator:
        yield Plan
        return {}

    @workflow("Count")
    def counting() -> Any:
        return begin >> count >> conditional(is_risky)(warn) >> review

    engine = await offer(counting)
    process_id = await engine.start(counting)
    request = await open_request(engine, process_id)
    assert "is_warned" not in (await engine.process(process_id)).state

    await reject_input_request(engine.runtime, ADA, input_request_id=request.id, comment="?", to_earlier_step=True)
    await confirm(engine, process_id)

    assert (await engine.reaches(process_id, COMPLETED)).state["is_warned"] is True
    assert asked == [1, 2]


async def test_a_form_after_a_callback_is_sent_back_to_the_group_and_a_new_url_is_issued(offer: Offer) -> None:
    remote = Remote()

    @step("Judge")
    def judge(callback_result: Any) -> None:
        pass

    @inputstep("Confirm", on_reject="Run")
    def confirm_run() -> FormGenerator:
        yield Plan
        return {}

    @workflow("Run")
    def running() -> Any:
        return begin >> callback_step("Run", remote.action(), judge) >> confirm_run

    engine = await offer(running)
    process_id = await engine.start(running)
    await answer(engine.runtime, await remote.asked(), {"run": 1})
    request = await open_request(engine, process_id)

    await reject_input_request(engine.runtime, ADA, input_request_id=request.id, comment="Again.", to_earlier_step=True)
    await answer(engine.runtime, await remote.asked(), {"run": 2})
    await confirm(engine, process_id)

    ended = await engine.reaches(process_id, COMPLETED)
    assert ended.state["callback_result"] == {"run": 2}
    assert len(set(remote.tokens)) == 2


async def test_a_rejection_aborts_if_the_step_says_so_and_the_clean_up_runs(offer: Offer) -> None:
    clean_ups: list[str] = []

    @step("Clean up")
    def clean_up() -> None:
        clean_ups.append("yes")

    @inputstep("Review", on_reject="abort")
    def review() -> FormGenerator:
        yield Plan
        return {}

    @workflow("Clean", on_abort=clean_up)
    def cleaning() -> Any:
        return begin >> review

    engine = await offer(cleaning)
    request = await open_request(engine, await engine.start(cleaning))

    await reject_input_request(engine.runtime, ADA, input_request_id=request.id, comment="No.")

    ended = await engine.reaches(request.process_id, ABORTED)
    assert (ended.aborted_by, clean_ups) == ("ada", ["yes"])


@pytest.mark.parametrize("target", ["Nowhere", "Review", "Carry out", "Await callback"])
def test_an_invalid_target_step_is_refused_at_import(target: str) -> None:
    with pytest.raises(WorkflowDefinitionError, match="'fail', 'abort' or the name of a step or group before it"):
        reviewing(on_reject=target)


@pytest.mark.parametrize("options", [{"approvals": 0}, {"approvals": 21}, {"approvals": True}])
def test_an_invalid_number_of_approvals_is_refused_at_import(options: dict[str, Any]) -> None:
    with pytest.raises(WorkflowDefinitionError, match="approvals"):
        inputstep("Ask", **options)


def test_escalations_out_of_order_are_refused_at_import() -> None:
    with pytest.raises(WorkflowDefinitionError, match="after the one before"):
        inputstep("Ask", escalate=[(60, Assignee("A")), (60, Assignee("B"))])


async def test_an_unanswered_form_escalates_twice_and_then_closes_and_a_retry_asks_again(offer: Offer) -> None:
    flow = reviewing(
        assignee=Assignee("NOC"),
        remind=600,
        escalate=[(3600, Assignee("LEADS")), (7200, Assignee("MANAGERS"))],
        expire=86_400,
    )
    engine = await offer(flow)
    process_id = await engine.start(flow)
    asked = await open_request(engine, process_id)

    async def changes(number: int) -> list[tuple[str, str]]:
        async def look() -> list[tuple[str, str]] | None:
            events = await engine.events(process_id, CHANGED)
            found = [(event.payload["change"], event.payload["assignee"]) for event in events]
            return found if len(found) >= number else None

        return await engine.until(look, awaited=f"{number} changes")

    engine.turn(600)
    assert (await changes(1))[-1] == ("REMINDED", "NOC")
    engine.turn(3000)
    assert (await changes(2))[-1] == ("ESCALATED", "LEADS")
    assert (await engine.process(process_id)).assignee == "LEADS"
    engine.turn(3600)
    assert (await changes(3))[-1] == ("ESCALATED", "MANAGERS")
    late = await open_request(engine, process_id)
    assert (late.assignee, late.escalations, late.version) == ("MANAGERS", 2, 3)
    engine.turn(86_400)
    failed = await engine.reaches(process_id, FAILED)

    assert failed.failure is not None
    assert failed.failure.code == "input-request-expired"
    assert (await changes(4))[-1] == ("CLOSED", "MANAGERS")
    with pytest.raises(InputRequestClosed, match="expired"):
        await submit_form(engine.runtime, ADA, input_request_id=asked.id, pages=[{}])
    assert await engine.read(timers.next_due) is None
    await retry_process(engine.runtime, ADA, process_id=process_id)
    assert (await open_request(engine, process_id)).assignee == "NOC"


async def test_escalations_that_became_due_during_a_downtime_end_at_the_last_assignee(offer: Offer) -> None:
    flow = reviewing(escalate=[(60, Assignee("LEADS")), (120, Assignee("MANAGERS"))])
    engine = await offer(flow)
    process_id = await engine.start(flow)
    await open_request(engine, process_id)

    engine.turn(100_000)

    async def look() -> bool | None:
        request = await open_request(engine, process_id)
        return True if (request.assignee, request.escalations) == ("MANAGERS", 2) else None

    assert await engine.until(look, awaited="both escalations")


async def test_a_decision_leaves_no_timer_behind(offer: Offer) -> None:
    flow = reviewing(remind=60, escalate=[(120, Assignee("LEADS"))], expire=180)
    engine = await offer(flow)
    process_id = await engine.start(flow)

    await confirm(engine, process_id)
    await engine.reaches(process_id, COMPLETED)

    assert await engine.read(timers.next_due) is None


async def test_a_policy_confirms_instead_of_people_and_the_decision_names_the_policy(offer: Offer) -> None:
    def nothing_changed(changed: int) -> bool:
        return changed == 0

    @step("Run")
    def run(changed: int) -> None:
        pass

    @inputstep("Confirm", auto_confirm=nothing_changed, approvals=2)
    def confirm_it(changed: int) -> FormGenerator:
        class Result(FormPage):
            number: ReadOnly[int] = changed
            remark: str = "fine"

        answer = yield Result
        return {"remark": answer.remark}

    class Start(FormPage):
        changed: int

    def start() -> FormGenerator:
        answer = yield Start
        return {"changed": answer.changed}

    @workflow("Confirm by rule", initial_input_form=start)
    def by_rule() -> Any:
        return begin >> run >> confirm_it

    engine = await offer(by_rule)
    same, other = await engine.start(by_rule, {"changed": 0}), await engine.start(by_rule, {"changed": 3})

    ended = await engine.reaches(same, COMPLETED)
    assert (await open_request(engine, other)).approvals_needed == 2
    (request,) = (await engine.read(lambda conn: input_requests.of_processes(conn, [same])))[same]
    (decision,) = (await engine.read(lambda conn: input_requests.decisions_of(conn, [request.id])))[request.id]
    entries = await audit_list.page(engine.runtime, LOCAL_OPERATOR, AuditFilter(same), PageArgs(10))
    assert ended.state["remark"] == "fine"
    assert request.status is InputRequestStatus.SUBMITTED
    assert (decision.by, decision.policy, decision.verdict) == (None, "nothing_changed", Verdict.APPROVED)
    assert decision.pages == ({"remark": "fine"},)
    assert len(decision.shown_digest) == 64
    assert entries.items[0][1].action == "autoConfirm"
    assert entries.items[0][1].details["policy"] == "nothing_changed"
    (event,) = await engine.events(same, EventKind.INPUT_DECIDED)
    assert event.actor is None


async def test_a_policy_cannot_confirm_a_form_with_a_required_field(offer: Offer) -> None:
    class Needed(FormPage):
        reason: str

    @inputstep("Explain", auto_confirm=lambda: True)
    def explain() -> FormGenerator:
        answer = yield Needed
        return {"reason": answer.reason}

    @workflow("Explain")
    def explaining() -> Any:
        return begin >> explain

    engine = await offer(explaining)
    process_id = await engine.start(explaining)

    await confirm(engine, process_id, {"reason": "because"})

    assert (await engine.reaches(process_id, COMPLETED)).state == {"reason": "because"}


async def test_a_policy_that_raises_fails_the_step_and_confirms_nothing(offer: Offer) -> None:
    def broken() -> bool:
        raise ValueError("no data")

    flow = reviewing(auto_confirm=broken)
    engine = await offer(flow)

    failed = await engine.reaches(await engine.start(flow), FAILED)

    assert failed.failure is not None
    assert "no data" in failed.failure.message
