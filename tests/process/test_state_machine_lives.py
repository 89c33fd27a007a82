"""The rules of a process hold for every sequence of transitions."""

from typing import Any, Literal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from support.playbook_steps import FAILURE, LATER, NOW, call, confirm, finish, judge

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.process import (
    Abort,
    Await,
    Failed,
    ProcessAction,
    RetryLater,
    Skipped,
    StepExecution,
    Success,
    Suspend,
    Transition,
    abort,
    available_actions,
    claim,
    create,
    decide,
    enter,
    resume,
    retry,
    steps_of,
)
from orchestrator_gql.types import EventKind, ProcessStatus, StepKind, StepStatus
from orchestrator_gql.utils.errors import InvalidState
from orchestrator_gql.utils.tokens import new_id
from orchestrator_gql.workflow import StepList, workflow


@step("Clean up")
def clean_up() -> None: ...


@workflow("Run a playbook", on_abort=clean_up >> callback_step("Undo", call, judge))
def playbook() -> Any:
    return begin >> callback_step("Playbook", call, judge) >> confirm >> finish


class AnyProcess(RuleBasedStateMachine):
    """After any sequence of transitions, the log of a process has no gap and its status is right."""

    def __init__(self) -> None:
        super().__init__()
        transition = create(playbook, id=new_id(), state={}, pages=[], actor=None, now=NOW)
        self.process = transition.process
        self.log: dict[int, StepExecution] = {}
        self.statuses = [self.process.status]

    def move(self, transition: Transition) -> None:
        before = self.process
        assert transition.process.seq == before.seq + 1
        assert transition.process.epoch >= before.epoch
        for execution in transition.executions:
            assert execution.seq <= transition.process.seq
            earlier = self.log.get(execution.seq)
            assert earlier is None or earlier.completed_at is None
            self.log[execution.seq] = execution
        changes = [event for event in transition.events if event.kind is EventKind.PROCESS_STATUS_CHANGED]
        has_event = before.status is not transition.process.status or before.aborted_by != transition.process.aborted_by
        assert [(event.payload["from"], event.payload["to"]) for event in changes] == (
            [(before.status, transition.process.status)] if has_event else []
        )
        self.process = transition.process

    @property
    def steps(self) -> StepList:
        return steps_of(self.process, playbook)

    @property
    def kind(self) -> StepKind | Literal["none"]:
        return self.steps[self.process.position].kind if self.process.position < len(self.steps) else "none"

    def is_held(self) -> bool:
        return self.process.status is ProcessStatus.RUNNING and self.process.worker is not None

    def is_open(self) -> bool:
        execution = self.process.execution
        return bool(
            execution and execution.step_index == self.process.position and execution.status is StepStatus.RUNNING
        )

    @precondition(lambda self: self.process.status in (ProcessStatus.CREATED, ProcessStatus.RUNNING))
    @rule()
    def claim_it(self) -> None:
        self.move(claim(self.process, worker="w", now=NOW))

    @precondition(lambda self: self.is_held() and self.kind in (StepKind.ACTION, StepKind.VALIDATION))
    @rule()
    def enter_action(self) -> None:
        self.move(enter(self.process, self.steps, NOW))

    @precondition(lambda self: self.is_held() and self.is_open())
    @rule(outcome=st.sampled_from([Success({"k": 1}), Success(), RetryLater(FAILURE, LATER), Failed(FAILURE)]))
    def end_action(self, outcome: Success | RetryLater | Failed) -> None:
        self.move(decide(self.process, self.steps, outcome, NOW))

    @precondition(lambda self: self.is_held() and self.kind is StepKind.AWAIT_CALLBACK)
    @rule(outcome=st.sampled_from([Await(), Success({"callback_result": 1}), Failed(FAILURE)]))
    def end_wait(self, outcome: Await | Success | Failed) -> None:
        self.move(decide(self.process, self.steps, outcome, NOW))

    @precondition(lambda self: self.is_held() and self.kind is StepKind.INPUT)
    @rule(outcome=st.sampled_from([Suspend("Confirm", "NOC"), Success(), Skipped(), Failed(FAILURE)]))
    def end_form_step(self, outcome: Suspend | Success | Skipped | Failed) -> None:
        self.move(decide(self.process, self.steps, outcome, NOW))

    @precondition(lambda self: self.process.status is ProcessStatus.SUSPENDED)
    @rule()
    def submit_form(self) -> None:
        self.move(decide(self.process, self.steps, Success({"yes": True}, actor="ada"), NOW))

    @precondition(lambda self: self.process.status in (ProcessStatus.WAITING, ProcessStatus.AWAITING_CALLBACK))
    @rule()
    def resume_it(self) -> None:
        self.move(resume(self.process, NOW))

    @precondition(lambda self: ProcessAction.RETRY in available_actions(self.process, self.steps))
    @rule()
    def retry_it(self) -> None:
        self.move(retry(self.process, self.steps, NOW, "ada"))

    @precondition(lambda self: ProcessAction.ABORT in available_actions(self.process, self.steps))
    @rule(seldom=st.integers(0, 9), is_deployed=st.booleans())
    def abort_it(self, seldom: int, is_deployed: bool) -> None:
        if seldom == 0:
            self.move(abort(self.process, playbook if is_deployed else None, Abort("ada"), NOW))

    @precondition(lambda self: self.process.status.is_ended)
    @rule()
    def refuse_after_the_end(self) -> None:
        with pytest.raises(InvalidState):
            abort(self.process, None, Abort("ada"), NOW)
        with pytest.raises(InvalidState):
            retry(self.process, self.steps, NOW, "ada")

    @invariant()
    def only_a_running_process_has_a_worker(self) -> None:
        assert self.process.worker is None or self.process.status is ProcessStatus.RUNNING

    @invariant()
    def an_ended_process_has_an_end_time(self) -> None:
        assert (self.process.ended_at is not None) == self.process.status.is_ended

    @invariant()
    def a_failed_process_has_a_failure(self) -> None:
        if self.process.status is ProcessStatus.FAILED:
            assert self.process.failure is not None
        elif self.process.status is not ProcessStatus.ABORTED:
            assert self.process.failure is None

    @invariant()
    def only_an_abort_leads_to_clean_up_steps(self) -> None:
        if self.process.aborted_by is None:
            assert self.process.position <= len(playbook.steps)
            assert self.process.status is not ProcessStatus.ABORTED
        else:
            assert self.process.status is not ProcessStatus.COMPLETED

    @invariant()
    def at_most_one_step_execution_is_open(self) -> None:
        unfinished = [execution for execution in self.log.values() if execution.completed_at is None]
        assert len(unfinished) <= 1
        assert unfinished in ([], [self.process.execution])


TestAnyProcess = AnyProcess.TestCase
TestAnyProcess.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
