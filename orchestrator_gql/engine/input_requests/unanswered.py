"""What an operator is asked where no answer came and the step leaves it to people: a form of the engine's own."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import ConfigDict, Field, field_validator
from pydantic_forms.validators import Choice, LongText
from sqlalchemy import Connection

from orchestrator_gql.callbacks import contract
from orchestrator_gql.callbacks.rules import Callback, Delivery
from orchestrator_gql.config.assignee import SYSTEM
from orchestrator_gql.engine import authorization, commit
from orchestrator_gql.engine.callbacks import operator_actions, waits
from orchestrator_gql.engine.callbacks.operator_actions import LockedCallback
from orchestrator_gql.engine.commit import PendingTransitions, commit_context
from orchestrator_gql.engine.engine_state import demand_running
from orchestrator_gql.forms import FormPage, ReadOnly, SubmitFormPage
from orchestrator_gql.process import Abort, Process, abort
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import callbacks
from orchestrator_gql.types import FormGenerator, Json, ResultSource, State
from orchestrator_gql.utils.errors import PayloadInvalid
from orchestrator_gql.utils.json import encode, read
from orchestrator_gql.workflow.model import AwaitStep, InputStep, Step, Workflow

MINUTES = 60.0
LONGEST_RESULT = 1_000_000


class UnansweredAction(StrEnum):
    """What an operator may choose to do about a callback that was not answered; the values are what the form stores."""

    WAIT = "wait"
    REISSUE = "reissue"
    COMPLETE = "complete"
    ABORT = "abort"


TITLES = {
    UnansweredAction.WAIT: "Wait longer for the same job",
    UnansweredAction.REISSUE: "Run the action again, with a fresh URL",
    UnansweredAction.COMPLETE: "Type the result in",
    UnansweredAction.ABORT: "Abort the process",
}


def missing_at(conn: Connection, process: Process, step_index: int) -> list[Callback]:
    """The callbacks of the wait that have no result."""
    return [box for box in callbacks.of_wait(conn, process.id, step_index) if box.status not in waits.TAKEN]


async def asked_at(runtime: Runtime, process: Process, step_index: int, step: Step) -> InputStep | None:
    """The step as one of a form, where it asks a person something; None where it never does."""
    if not isinstance(step, AwaitStep):
        return step if isinstance(step, InputStep) else None
    missing = await runtime.database.read(lambda conn: missing_at(conn, process, step_index))
    return as_input(step, missing, runtime.clock.now())


def as_input(step: AwaitStep, missing: Sequence[Callback], now: datetime) -> InputStep:
    """The wait as a step of a form: what is to be done about the answers that are missing."""

    def ask() -> FormGenerator:
        said = yield _choice(missing, now)
        chosen: State = {"answer": str(said.answer)}
        match UnansweredAction(chosen["answer"]):
            case UnansweredAction.WAIT:
                waited = yield _waiting()
                return chosen | {"minutes": waited.minutes}
            case UnansweredAction.COMPLETE:
                typed = yield _typing(step)
                return chosen | {"result": read(typed.result.encode()), "reason": typed.reason}
            case UnansweredAction.REISSUE | UnansweredAction.ABORT:
                return chosen

    return InputStep(name=step.name, form=ask, assignee=SYSTEM)


async def demand_may_act(principal: Principal, workflow: Workflow, wait: int, said: State) -> None:
    """Raise `Forbidden` unless the principal may do what they chose: the same rule as for the mutation that does it."""
    if UnansweredAction(said["answer"]) is UnansweredAction.ABORT:
        principal.demand(Permission.ABORT)
    else:
        await authorization.demand_recover(principal, workflow, wait)


def act(
    conn: Connection, runtime: Runtime, principal: Principal, locked: LockedCallback, said: State, now: datetime
) -> Process:
    """Do what the operator said, who may. The process is locked, and its question is answered."""
    missing = missing_at(conn, locked.process, locked.callback.step_index)
    actor = principal.id
    match UnansweredAction(said["answer"]):
        case UnansweredAction.WAIT:
            seconds = said["minutes"] * 60
            return operator_actions.wait_on(conn, runtime, locked, missing, timeout=seconds, actor=actor, now=now)
        case UnansweredAction.REISSUE:
            demand_running(conn)
            return operator_actions.issue_again(conn, runtime, locked, missing, actor=actor, now=now)
        case UnansweredAction.COMPLETE:
            body = encode(said["result"]).encode()
            letter = Delivery.of(said["result"], body, peer=None)
            return operator_actions.supply(
                conn, runtime, locked, letter, source=ResultSource.OPERATOR, actor=actor, now=now
            )
        case UnansweredAction.ABORT:
            ended = abort(locked.process, locked.workflow, Abort(actor, "No answer came."), now)
            pending = PendingTransitions(locked.process).then(ended)
            return commit.apply(conn, locked.process, pending, commit_context(runtime, locked.steps)).process


def _choice(missing: Sequence[Callback], now: datetime) -> type[FormPage]:
    offered = [one for one in UnansweredAction if one is not UnansweredAction.COMPLETE or len(missing) == 1]
    answers = Choice.__call__("Answer", {one.name: (one.value, TITLES[one]) for one in offered})

    told = "\n".join(_told(callback, now) for callback in missing)

    class UnansweredPage(SubmitFormPage):
        model_config = ConfigDict(title="No answer came")

        what_happened: ReadOnly[LongText] = Field(told, title="What happened")
        answer: answers = Field(  # type: ignore[valid-type]
            title="What now?"
        )

    return UnansweredPage


def _told(callback: Callback, now: datetime) -> str:
    failure = waits.failure_of(callback, now)
    return f"{callback.name}: {failure.message}" if callback.name else failure.message


def _waiting() -> type[FormPage]:
    class WaitPage(SubmitFormPage):
        model_config = ConfigDict(title="How long?")

        minutes: float = Field(
            MINUTES, title="Minutes, from now", gt=0, le=operator_actions.LONGEST_WAIT.total_seconds() / 60
        )

    return WaitPage


def _typing(step: AwaitStep) -> type[FormPage]:
    class ResultPage(SubmitFormPage):
        model_config = ConfigDict(title="The result")

        result: LongText = Field("{}", title="JSON, as the remote service would send it", max_length=LONGEST_RESULT)
        reason: str = Field(title="Why it is typed in", min_length=1, max_length=1000)

        @field_validator("result")
        @classmethod
        def is_a_payload(cls, text: str) -> str:
            _demand_payload(step, text)
            return text

    return ResultPage


def _demand_payload(step: AwaitStep, text: str) -> Json:
    try:
        letter: Any = read(text.encode())
    except PayloadInvalid as wrong:
        raise ValueError(wrong.message) from None
    broken = contract.violations(step.contract, letter)
    if broken:
        raise ValueError("; ".join(f"{one.pointer or 'The whole'}: {one.message}" for one in broken[:5]))
    return letter
