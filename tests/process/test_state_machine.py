"""The rules of the state machine of a process: its state, an outcome, and the transition."""

from dataclasses import replace
from typing import Any

import pytest
from support.playbook_steps import FAILURE, LATER, NOW, call, confirm, finish, judge

from orchestrator_gql import begin, callback_step, done
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
from orchestrator_gql.types import EventKind, ProcessStatus, StepKind, StepStatus
from orchestrator_gql.utils.errors import InvalidState
from orchestrator_gql.utils.tokens import new_id
from orchestrator_gql.workflow import Workflow, workflow


@workflow("Run a playbook")
def playbook() -> Any:
    return begin >> callback_step("Playbook", call, judge) >> confirm >> finish


CALL, WAIT, JUDGE, CONFIRM, FINISH = range(5)
STEPS = playbook.steps


def claimed_process(flow: Workflow = playbook) -> Process:
    """A process that a worker has just claimed."""
    process = create(flow, id=new_id(), state={"n": 1}, pages=[{"n": 1}], actor="ada", now=NOW).process
    return claim(process, worker="w", now=NOW).process


def process_in_action(position: int = CALL) -> Process:
    """A process that runs the action at this position."""
    return enter(replace(claimed_process(), position=position), STEPS, NOW).process


def changes_in(transition: Transition) -> list[tuple[EventKind, Any, Any]]:
    """The kind, old value and new value of each event of a transition."""
    return [(event.kind, event.payload.get("from"), event.payload.get("to")) for event in transition.events]


def test_a_new_process_has_its_state_its_start_pages_and_its_creator() -> None:
    transition = create(playbook, id=new_id(), state={"n": 1}, pages=[{"n": 1}], actor="ada", now=NOW)

    process = transition.process
    assert (process.status, process.position, process.seq, process.epoch) == (ProcessStatus.CREATED, 0, 0, 0)
    assert (process.state, process.start_pages, process.created_by) == ({"n": 1}, ({"n": 1},), "ada")
    assert [event.kind for event in transition.events] == [EventKind.PROCESS_CREATED]


def test_a_claim_shuts_out_the_worker_that_held_the_process_before() -> None:
    first = claimed_process()
    second = claim(first, worker="other", now=NOW)

    assert second.process.epoch == first.epoch + 1
    assert (second.process.worker, second.process.status) == ("other", ProcessStatus.RUNNING)
    assert second.events == ()


def test_entering_an_action_begins_a_step_execution_numbered_by_the_transition() -> None:
    process = claimed_process()

    transition = enter(process, STEPS, NOW)

    (execution,) = transition.executions
    assert (execution.seq, transition.process.seq) == (process.seq + 1, process.seq + 1)
    assert (execution.status, execution.attempt, execution.try_count) == (StepStatus.RUNNING, 1, 1)
    assert changes_in(transition) == [(EventKind.STEP_CHANGED, None, StepStatus.RUNNING)]


def test_a_step_execution_left_open_by_a_crash_gets_its_next_attempt_but_not_its_next_try() -> None:
    process = process_in_action()

    (execution,) = enter(process, STEPS, LATER).executions

    assert process.execution is not None
    assert (execution.seq, execution.attempt, execution.try_count) == (process.execution.seq, 2, 1)


def test_a_step_execution_that_waited_for_its_retry_gets_its_next_try() -> None:
    waiting = decide(process_in_action(), STEPS, RetryLater(FAILURE, LATER), NOW).process

    (execution,) = enter(resume(waiting, LATER).process, STEPS, LATER).executions

    assert (execution.attempt, execution.try_count, execution.retry_at, execution.status) == (
        2,
        2,
        None,
        StepStatus.RUNNING,
    )


def test_a_success_stores_the_changes_and_goes_to_the_next_step() -> None:
    process = replace(process_in_action(), state={"n": 1, "same": [1]})

    transition = decide(process, STEPS, Success({"n": 2, "same": [1], "new": None}), LATER)

    after, (execution,) = transition.process, transition.executions
    assert (after.position, after.status, after.worker) == (WAIT, ProcessStatus.RUNNING, "w")
    assert after.state == {"n": 2, "same": [1], "new": None}
    assert execution.delta == {"n": 2, "new": None}
    assert (execution.status, execution.completed_at) == (StepStatus.SUCCESS, LATER)


def test_success_of_the_last_step_completes_the_process() -> None:
    transition = decide(process_in_action(FINISH), STEPS, Success(), LATER)

    ended = transition.process
    assert (ended.status, ended.ended_at, ended.worker) == (ProcessStatus.COMPLETED, LATER, None)
    assert changes_in(transition)[-1] == (EventKind.PROCESS_STATUS_CHANGED, "RUNNING", "COMPLETED")


def test_done_ends_a_process_though_steps_follow() -> None:
    @workflow("Ends early")
    def early() -> Any:
        return begin >> done >> finish

    process = enter(claimed_process(early), early.steps, NOW).process

    assert decide(process, early.steps, Success(), NOW).process.status is ProcessStatus.COMPLETED


def test_a_skipped_step_is_recorded_without_having_run() -> None:
    transition = decide(claimed_process(), STEPS, Skipped(), NOW)

    assert (transition.process.position, transition.executions[0].status) == (WAIT, StepStatus.SKIPPED)
    assert transition.executions[0].delta is None


def test_a_form_suspends_the_process_and_names_the_assignee() -> None:
    suspend = Suspend("Confirm", "NOC")

    transition = decide(replace(claimed_process(), position=CONFIRM), STEPS, suspend, NOW)

    after = transition.process
    assert (after.status, after.assignee, after.worker) == (ProcessStatus.SUSPENDED, "NOC", None)
    assert (transition.suspend, transition.executions[0].status) == (suspend, StepStatus.SUSPENDED)
    answered = decide(after, STEPS, Success({"yes": True}, actor="bob"), LATER)
    assert (answered.process.assignee, answered.executions[0].actor) == (None, "bob")
    assert answered.executions[0].seq == transition.executions[0].seq


def test_a_wait_holds_no_worker_and_continues_at_the_same_step() -> None:
    waiting = decide(replace(claimed_process(), position=WAIT), STEPS, Await(), NOW).process
    resumed = resume(waiting, LATER)

    assert (waiting.status, waiting.worker, waiting.position) == (ProcessStatus.AWAITING_CALLBACK, None, WAIT)
    assert (resumed.process.status, resumed.process.worker) == (ProcessStatus.RUNNING, None)
    answered = decide(resumed.process, STEPS, Success({"callback_result": 1}), LATER)
    assert waiting.execution is not None
    assert (answered.executions[0].seq, answered.process.position) == (waiting.execution.seq, JUDGE)


def test_a_failure_that_is_tried_again_sets_a_timer() -> None:
    transition = decide(process_in_action(), STEPS, RetryLater(FAILURE, LATER), NOW)

    assert (transition.process.status, transition.retry_at) == (ProcessStatus.WAITING, LATER)
    assert (transition.executions[0].status, transition.executions[0].failure) == (StepStatus.WAITING, FAILURE)
    assert transition.process.failure is None


@pytest.mark.parametrize(
    ("position", "closes", "judges"), [(CALL, True, False), (JUDGE, False, True), (FINISH, False, False)]
)
def test_a_failure_stops_the_process_and_ends_its_waits(position: int, closes: bool, judges: bool) -> None:
    transition = decide(process_in_action(position), STEPS, Failed(FAILURE), LATER)

    after = transition.process
    assert (after.status, after.failure, after.position) == (ProcessStatus.FAILED, FAILURE, position)
    assert (transition.closes_waits, transition.validation is not None) == (closes, judges)
    assert after.ended_at is None


def test_the_success_of_a_validation_is_stored_at_the_callback() -> None:
    transition = decide(process_in_action(JUDGE), STEPS, Success(), NOW)

    assert transition.validation == Success()


@pytest.mark.parametrize("position", [CALL, JUDGE, CONFIRM, FINISH])
def test_a_retry_begins_a_new_execution_of_the_failed_step(position: int) -> None:
    failed = decide(replace(claimed_process(), position=position), STEPS, Failed(FAILURE), NOW).process

    retried = retry(failed, STEPS, LATER, "bob").process
    transition = (
        enter(retried, STEPS, LATER)
        if position != CONFIRM
        else decide(retried, STEPS, Suspend("Confirm", "NOC"), LATER)
    )

    assert (retried.status, retried.failure, retried.position) == (ProcessStatus.RUNNING, None, position)
    (execution,) = transition.executions
    assert failed.execution is not None
    assert execution.seq > failed.execution.seq
    assert (execution.attempt, execution.try_count, execution.entered_by, execution.failure) == (2, 1, "retry", None)


def test_a_failed_wait_has_nothing_to_retry() -> None:
    failed = decide(replace(claimed_process(), position=WAIT), STEPS, Failed(FAILURE), NOW).process

    with pytest.raises(InvalidState):
        retry(failed, STEPS, NOW, "bob")
    assert ProcessAction.RETRY not in available_actions(failed, STEPS)


@pytest.mark.parametrize("status", [status for status in ProcessStatus if status is not ProcessStatus.FAILED])
def test_only_a_failed_process_can_be_retried(status: ProcessStatus) -> None:
    with pytest.raises(InvalidState):
        retry(replace(claimed_process(), status=status), STEPS, NOW, "bob")


def test_an_abort_ends_the_running_step_execution_and_shuts_out_its_worker() -> None:
    process = process_in_action()

    transition = abort(process, None, Abort("bob", "wrong site"), LATER)

    after, (execution,) = transition.process, transition.executions
    assert (after.status, after.ended_at, after.worker) == (ProcessStatus.ABORTED, LATER, None)
    assert after.epoch == process.epoch + 1
    assert (execution.status, execution.actor) == (StepStatus.ABORTED, "bob")
    assert transition.closes_waits
    assert transition.events[-1].payload["reason"] == "wrong site"


def test_an_abort_does_not_change_a_completed_step_execution() -> None:
    failed = decide(process_in_action(), STEPS, Failed(FAILURE), NOW).process

    transition = abort(failed, None, Abort("bob"), LATER)

    assert transition.executions == ()
    assert transition.process.execution == failed.execution


def test_a_process_that_never_began_a_step_needs_no_clean_up() -> None:
    cleaning = replace(playbook, on_abort=playbook.steps[:1])

    after = abort(claimed_process(), cleaning, Abort("bob"), LATER).process

    assert after.status is ProcessStatus.ABORTED


def test_an_abort_sends_a_process_to_its_first_clean_up_step() -> None:
    cleaning = replace(playbook, on_abort=playbook.steps[:1])

    after = abort(process_in_action(), cleaning, Abort("bob"), LATER).process

    assert (after.status, after.position) == (ProcessStatus.RUNNING, len(playbook.steps))
    assert after.worker is None


@pytest.mark.parametrize("status", [ProcessStatus.ABORTED, ProcessStatus.COMPLETED])
def test_a_process_that_has_ended_cannot_be_aborted(status: ProcessStatus) -> None:
    with pytest.raises(InvalidState):
        abort(replace(claimed_process(), status=status), None, Abort("bob"), NOW)


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
def test_the_available_actions_follow_from_the_status(status: ProcessStatus, actions: set[ProcessAction]) -> None:
    process = replace(claimed_process(), status=status)

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
def test_an_operator_may_act_on_a_wait_at_its_action_at_itself_and_at_its_validation(
    position: int, status: ProcessStatus, verbs: set[ProcessAction]
) -> None:
    process = replace(claimed_process(), status=status, position=position)

    assert available_actions(process, STEPS) & {COMPLETE, ADOPT, REISSUE, REAWAIT} == verbs


def executions(*named: tuple[str, StepKind]) -> list[StepExecution]:
    """Executions of steps with these names and kinds, in order."""
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
def test_the_first_difference_of_a_definition_is_described(
    was: list[tuple[str, StepKind]], difference: str | None
) -> None:
    assert first_difference(executions(*was), STEPS) == difference


def test_a_missing_step_is_a_difference() -> None:
    gone = replace(executions(("Extra", StepKind.ACTION))[0], step_index=5)

    assert first_difference([gone], STEPS) == "step 6 was 'Extra' (ACTION) and is gone"


def test_a_process_takes_a_new_definition_that_continues_the_old_definition() -> None:
    process = replace(claimed_process(), fingerprint="older")

    transition = change_definition(process, playbook, None, NOW)

    assert (transition.process.fingerprint, transition.process.status) == (playbook.fingerprint, "RUNNING")
    assert transition.events == ()


def test_a_process_fails_under_a_definition_that_contradicts_its_log_and_its_waits_end() -> None:
    waiting = decide(replace(claimed_process(), position=WAIT), STEPS, Await(), NOW).process

    transition = change_definition(waiting, playbook, "step 1 was 'A' and is gone", NOW)

    failed = transition.process
    assert failed.failure is not None
    assert (failed.status, failed.failure.code) == (ProcessStatus.FAILED, DEFINITION_CHANGED)
    assert "step 1 was 'A' and is gone" in failed.failure.message
    assert (transition.executions[0].status, transition.closes_waits) == (StepStatus.FAILED, True)
    assert ProcessAction.RETRY in available_actions(failed, STEPS)


def test_a_process_after_its_last_step_is_complete() -> None:
    behind = replace(claimed_process(), position=len(STEPS))

    assert complete(behind, LATER).process.status is ProcessStatus.COMPLETED
