"""The state machine of a process, as rules: where it stands, what happened, what is written."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator_gql import begin, callback_step, done, inputstep, step
from orchestrator_gql.process import (
    Abort,
    Await,
    Failed,
    Process,
    ProcessAction,
    RetryLater,
    Skipped,
    StepExecution,
    Success,
    Suspend,
    Transition,
    abort,
    available_actions,
    change_definition,
    claim,
    complete,
    create,
    decide,
    enter,
    first_difference,
    resume,
    retry,
)
from orchestrator_gql.process.transitions import DEFINITION_CHANGED
from orchestrator_gql.types import EventKind, Failure, ProcessStatus, StepKind, StepStatus
from orchestrator_gql.utils.errors import InvalidState
from orchestrator_gql.utils.tokens import new_id
from orchestrator_gql.workflow import Workflow, workflow

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
BROKEN = Failure("step-raised", "it broke", NOW)


@step("Call")
def call(callback_route: str) -> None: ...


@step("Judge")
def judge(callback_result: Any) -> None: ...


@inputstep("Confirm")
def confirm() -> Any:
    return {}


@step("Finish")
def finish() -> None: ...


@workflow("Run a playbook")
def playbook() -> Any:
    return begin >> callback_step("Playbook", call, judge) >> confirm >> finish


CALL, WAIT, JUDGE, CONFIRM, FINISH = range(5)
STEPS = playbook.steps


def begun(flow: Workflow = playbook) -> Process:
    """A process that a worker just took."""
    made = create(flow, id=new_id(), state={"n": 1}, pages=[{"n": 1}], actor="ada", now=NOW).process
    return claim(made, worker="w", now=NOW).process


def entered(position: int = CALL) -> Process:
    """A process in the middle of the action at that place."""
    return enter(replace(begun(), position=position), STEPS, NOW).process


def told(transition: Transition) -> list[tuple[EventKind, Any, Any]]:
    """What the events of a transition say."""
    return [(event.kind, event.payload.get("from"), event.payload.get("to")) for event in transition.events]


def test_a_new_process_is_created_with_its_state_its_pages_and_who_began_it() -> None:
    transition = create(playbook, id=new_id(), state={"n": 1}, pages=[{"n": 1}], actor="ada", now=NOW)

    made = transition.process
    assert (made.status, made.position, made.seq, made.epoch) == (ProcessStatus.CREATED, 0, 0, 0)
    assert (made.state, made.start_pages, made.created_by) == ({"n": 1}, ({"n": 1},), "ada")
    assert [event.kind for event in transition.events] == [EventKind.PROCESS_CREATED]


def test_a_claim_shuts_out_whoever_held_the_process_before() -> None:
    first = begun()
    second = claim(first, worker="other", now=NOW)

    assert second.process.epoch == first.epoch + 1
    assert (second.process.worker, second.process.status) == ("other", ProcessStatus.RUNNING)
    assert second.events == ()


def test_entering_an_action_opens_a_visit_numbered_by_the_transition() -> None:
    process = begun()

    transition = enter(process, STEPS, NOW)

    (execution,) = transition.executions
    assert (execution.seq, transition.process.seq) == (process.seq + 1, process.seq + 1)
    assert (execution.status, execution.attempt, execution.tries) == (StepStatus.RUNNING, 1, 1)
    assert told(transition) == [(EventKind.STEP_CHANGED, None, StepStatus.RUNNING)]


def test_a_visit_that_a_crash_left_open_is_entered_again_as_its_next_attempt_but_not_as_a_try() -> None:
    process = entered()

    (execution,) = enter(process, STEPS, LATER).executions

    assert process.execution is not None
    assert (execution.seq, execution.attempt, execution.tries) == (process.execution.seq, 2, 1)


def test_a_visit_that_waited_for_its_retry_is_entered_again_as_its_next_try() -> None:
    waiting = decide(entered(), STEPS, RetryLater(BROKEN, LATER), NOW).process

    (execution,) = enter(resume(waiting, LATER).process, STEPS, LATER).executions

    assert (execution.attempt, execution.tries, execution.retry_at, execution.status) == (
        2,
        2,
        None,
        StepStatus.RUNNING,
    )


def test_success_adds_what_changed_and_moves_on() -> None:
    process = replace(entered(), state={"n": 1, "same": [1]})

    transition = decide(process, STEPS, Success({"n": 2, "same": [1], "new": None}), LATER)

    after, (execution,) = transition.process, transition.executions
    assert (after.position, after.status, after.worker) == (WAIT, ProcessStatus.RUNNING, "w")
    assert after.state == {"n": 2, "same": [1], "new": None}
    assert execution.delta == {"n": 2, "new": None}
    assert (execution.status, execution.completed_at) == (StepStatus.SUCCESS, LATER)


def test_success_of_the_last_step_completes_the_process() -> None:
    transition = decide(entered(FINISH), STEPS, Success(), LATER)

    ended = transition.process
    assert (ended.status, ended.ended_at, ended.worker) == (ProcessStatus.COMPLETED, LATER, None)
    assert told(transition)[-1] == (EventKind.PROCESS_STATUS_CHANGED, "RUNNING", "COMPLETED")


def test_done_ends_a_process_though_steps_follow() -> None:
    @workflow("Ends early")
    def early() -> Any:
        return begin >> done >> finish

    process = enter(begun(early), early.steps, NOW).process

    assert decide(process, early.steps, Success(), NOW).process.status is ProcessStatus.COMPLETED


def test_a_skipped_step_is_recorded_without_having_run() -> None:
    transition = decide(begun(), STEPS, Skipped(), NOW)

    assert (transition.process.position, transition.executions[0].status) == (WAIT, StepStatus.SKIPPED)
    assert transition.executions[0].delta is None


def test_a_form_suspends_and_names_who_should_answer() -> None:
    asked = Suspend("Confirm", "NOC")

    transition = decide(replace(begun(), position=CONFIRM), STEPS, asked, NOW)

    after = transition.process
    assert (after.status, after.assignee, after.worker) == (ProcessStatus.SUSPENDED, "NOC", None)
    assert (transition.asks, transition.executions[0].status) == (asked, StepStatus.SUSPENDED)
    answered = decide(after, STEPS, Success({"yes": True}, actor="bob"), LATER)
    assert (answered.process.assignee, answered.executions[0].actor) == (None, "bob")
    assert answered.executions[0].seq == transition.executions[0].seq


def test_a_wait_holds_no_worker_and_goes_on_where_it_stood() -> None:
    waiting = decide(replace(begun(), position=WAIT), STEPS, Await(), NOW).process
    resumed = resume(waiting, LATER)

    assert (waiting.status, waiting.worker, waiting.position) == (ProcessStatus.AWAITING_CALLBACK, None, WAIT)
    assert (resumed.process.status, resumed.process.worker) == (ProcessStatus.RUNNING, None)
    answered = decide(resumed.process, STEPS, Success({"callback_result": 1}), LATER)
    assert waiting.execution is not None
    assert (answered.executions[0].seq, answered.process.position) == (waiting.execution.seq, JUDGE)


def test_a_failure_that_is_tried_again_sets_a_timer() -> None:
    transition = decide(entered(), STEPS, RetryLater(BROKEN, LATER), NOW)

    assert (transition.process.status, transition.retry_at) == (ProcessStatus.WAITING, LATER)
    assert (transition.executions[0].status, transition.executions[0].failure) == (StepStatus.WAITING, BROKEN)
    assert transition.process.failure is None


@pytest.mark.parametrize(
    ("position", "closes", "judges"), [(CALL, True, False), (JUDGE, False, True), (FINISH, False, False)]
)
def test_a_failure_stops_the_process_and_ends_what_depends_on_it(position: int, closes: bool, judges: bool) -> None:
    transition = decide(entered(position), STEPS, Failed(BROKEN), LATER)

    after = transition.process
    assert (after.status, after.failure, after.position) == (ProcessStatus.FAILED, BROKEN, position)
    assert (transition.closes_waits, transition.judged is not None) == (closes, judges)
    assert after.ended_at is None


def test_a_validation_that_passes_is_told_to_the_mailbox() -> None:
    transition = decide(entered(JUDGE), STEPS, Success(), NOW)

    assert transition.judged == Success()


@pytest.mark.parametrize("position", [CALL, JUDGE, CONFIRM, FINISH])
def test_a_retry_begins_a_new_visit_of_the_step_that_failed(position: int) -> None:
    failed = decide(replace(begun(), position=position), STEPS, Failed(BROKEN), NOW).process

    again = retry(failed, STEPS, LATER, "bob").process
    opened = (
        enter(again, STEPS, LATER) if position != CONFIRM else decide(again, STEPS, Suspend("Confirm", "NOC"), LATER)
    )

    assert (again.status, again.failure, again.position) == (ProcessStatus.RUNNING, None, position)
    (execution,) = opened.executions
    assert failed.execution is not None
    assert execution.seq > failed.execution.seq
    assert (execution.attempt, execution.tries, execution.entered_by, execution.failure) == (2, 1, "retry", None)


def test_a_failed_wait_has_nothing_to_retry() -> None:
    failed = decide(replace(begun(), position=WAIT), STEPS, Failed(BROKEN), NOW).process

    with pytest.raises(InvalidState):
        retry(failed, STEPS, NOW, "bob")
    assert ProcessAction.RETRY not in available_actions(failed, STEPS)


@pytest.mark.parametrize("status", [s for s in ProcessStatus if s is not ProcessStatus.FAILED])
def test_only_what_failed_can_be_retried(status: ProcessStatus) -> None:
    with pytest.raises(InvalidState):
        retry(replace(begun(), status=status), STEPS, NOW, "bob")


def test_an_abort_ends_the_visit_in_flight_and_shuts_its_worker_out() -> None:
    process = entered()

    transition = abort(process, None, Abort("bob", "wrong site"), LATER)

    after, (execution,) = transition.process, transition.executions
    assert (after.status, after.ended_at, after.worker) == (ProcessStatus.ABORTED, LATER, None)
    assert after.epoch == process.epoch + 1
    assert (execution.status, execution.actor) == (StepStatus.ABORTED, "bob")
    assert transition.closes_waits
    assert transition.events[-1].payload["reason"] == "wrong site"


def test_an_abort_leaves_a_visit_that_is_over_as_it_was() -> None:
    failed = decide(entered(), STEPS, Failed(BROKEN), NOW).process

    transition = abort(failed, None, Abort("bob"), LATER)

    assert transition.executions == ()
    assert transition.process.execution == failed.execution


def test_who_was_never_in_a_step_leaves_nothing_to_clean_up() -> None:
    cleaning = replace(playbook, on_abort=playbook.steps[:1])

    after = abort(begun(), cleaning, Abort("bob"), LATER).process

    assert after.status is ProcessStatus.ABORTED


def test_an_abort_sends_a_process_to_the_first_step_that_cleans_up() -> None:
    cleaning = replace(playbook, on_abort=playbook.steps[:1])

    after = abort(entered(), cleaning, Abort("bob"), LATER).process

    assert (after.status, after.position) == (ProcessStatus.RUNNING, len(playbook.steps))
    assert after.worker is None


@pytest.mark.parametrize("status", [ProcessStatus.ABORTED, ProcessStatus.COMPLETED])
def test_what_has_ended_cannot_be_aborted(status: ProcessStatus) -> None:
    with pytest.raises(InvalidState):
        abort(replace(begun(), status=status), None, Abort("bob"), NOW)


COMPLETE, ADOPT = ProcessAction.COMPLETE_CALLBACK, ProcessAction.ADOPT_CALLBACK_ATTEMPT
REISSUE, REAWAIT = ProcessAction.REISSUE_CALLBACK, ProcessAction.REAWAIT_CALLBACK
NOTE, ABORT, FORM, RETRY = ProcessAction.EDIT_NOTE, ProcessAction.ABORT, ProcessAction.SUBMIT_FORM, ProcessAction.RETRY


@pytest.mark.parametrize(
    ("status", "actions"),
    [
        (ProcessStatus.CREATED, {NOTE, ABORT}),
        (ProcessStatus.RUNNING, {NOTE, ABORT}),
        (ProcessStatus.WAITING, {NOTE, ABORT}),
        (ProcessStatus.AWAITING_CALLBACK, {NOTE, ABORT}),
        (ProcessStatus.SUSPENDED, {NOTE, ABORT, FORM}),
        (ProcessStatus.FAILED, {NOTE, ABORT, RETRY, COMPLETE, ADOPT}),
        (ProcessStatus.ABORTED, {NOTE}),
        (ProcessStatus.COMPLETED, {NOTE}),
    ],
)
def test_what_may_be_done_follows_from_where_the_process_stands(
    status: ProcessStatus, actions: set[ProcessAction]
) -> None:
    process = replace(begun(), status=status)

    assert available_actions(process, STEPS) == actions
    assert available_actions(process, None) == actions - {FORM, RETRY, COMPLETE, ADOPT}


@pytest.mark.parametrize(
    ("position", "status", "verbs"),
    [
        (0, ProcessStatus.FAILED, {COMPLETE, ADOPT}),
        (1, ProcessStatus.AWAITING_CALLBACK, {COMPLETE, ADOPT, REISSUE, REAWAIT}),
        (1, ProcessStatus.SUSPENDED, {COMPLETE, ADOPT, REISSUE, REAWAIT}),
        (1, ProcessStatus.FAILED, {COMPLETE, ADOPT, REISSUE, REAWAIT}),
        (2, ProcessStatus.FAILED, {COMPLETE, ADOPT, REISSUE}),
        (2, ProcessStatus.RUNNING, set()),
        (3, ProcessStatus.SUSPENDED, set()),
    ],
)
def test_a_wait_can_be_helped_on_at_its_action_itself_and_its_validation(
    position: int, status: ProcessStatus, verbs: set[ProcessAction]
) -> None:
    process = replace(begun(), status=status, position=position)

    assert available_actions(process, STEPS) & {COMPLETE, ADOPT, REISSUE, REAWAIT} == verbs


def executions(*named: tuple[str, StepKind]) -> list[StepExecution]:
    """Records of steps of those names, in order."""
    return [
        StepExecution(index + 1, index, name, kind, None, StepStatus.SUCCESS, NOW)
        for index, (name, kind) in enumerate(named)
    ]


@pytest.mark.parametrize(
    ("was", "difference"),
    [
        ([], None),
        ([("Call", StepKind.ACTION), ("Playbook - Await callback", StepKind.AWAIT_CALLBACK)], None),
        ([("Dial", StepKind.ACTION)], "step 1 was 'Dial' (ACTION) and is now 'Call' (ACTION)"),
        ([("Call", StepKind.INPUT)], "step 1 was 'Call' (INPUT) and is now 'Call' (ACTION)"),
    ],
)
def test_the_first_difference_of_a_definition_is_told_in_words(
    was: list[tuple[str, StepKind]], difference: str | None
) -> None:
    assert first_difference(executions(*was), STEPS) == difference


def test_a_step_that_is_gone_is_a_difference() -> None:
    gone = replace(executions(("Extra", StepKind.ACTION))[0], step_index=5)

    assert first_difference([gone], STEPS) == "step 6 was 'Extra' (ACTION) and is gone"


def test_a_process_takes_over_a_definition_that_continues_its_own() -> None:
    process = replace(begun(), fingerprint="older")

    transition = change_definition(process, playbook, None, NOW)

    assert (transition.process.fingerprint, transition.process.status) == (playbook.fingerprint, "RUNNING")
    assert transition.events == ()


def test_a_process_fails_under_a_definition_that_contradicts_its_past_and_its_waits_are_over() -> None:
    waiting = decide(replace(begun(), position=WAIT), STEPS, Await(), NOW).process

    transition = change_definition(waiting, playbook, "step 1 was 'A' and is gone", NOW)

    failed = transition.process
    assert failed.failure is not None
    assert (failed.status, failed.failure.code) == (ProcessStatus.FAILED, DEFINITION_CHANGED)
    assert "step 1 was 'A' and is gone" in failed.failure.message
    assert (transition.executions[0].status, transition.closes_waits) == (StepStatus.FAILED, True)
    assert ProcessAction.RETRY in available_actions(failed, STEPS)


def test_a_process_behind_its_last_step_is_complete() -> None:
    behind = replace(begun(), position=len(STEPS))

    assert complete(behind, LATER).process.status is ProcessStatus.COMPLETED
