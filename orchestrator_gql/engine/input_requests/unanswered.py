"""The engine's own form: it asks an operator what to do about a callback that got no result."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import ConfigDict, Field, field_validator
from pydantic_forms.validators import Choice, LongText
from sqlalchemy import Connection

from orchestrator_gql.callbacks.rules import WITH_RESULT, Callback, Delivery
from orchestrator_gql.config.assignee import SYSTEM
from orchestrator_gql.engine import authorization
from orchestrator_gql.engine.callbacks import operator_actions, waits
from orchestrator_gql.engine.callbacks.operator_actions import LockedCallback
from orchestrator_gql.engine.callbacks.results import contract_errors
from orchestrator_gql.engine.engine_state import demand_running
from orchestrator_gql.forms import FormPage, ReadOnly, SubmitFormPage
from orchestrator_gql.forms.masks import holds_mask, restored
from orchestrator_gql.process import Process
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Principal
from orchestrator_gql.storage import callbacks
from orchestrator_gql.types import FormGenerator, ResultSource, State
from orchestrator_gql.utils.errors import PayloadInvalid
from orchestrator_gql.utils.json import encode, read
from orchestrator_gql.workflow.model import AwaitStep, InputStep, Step, Workflow

MINUTES = 60.0
"""The default of the form for a longer wait."""

NO_ANSWER = "No answer came."
"""The reason of an abort for which the operator wrote no comment."""

LONGEST_RESULT = 1_000_000
"""Characters of a result that an operator types in."""


class UnansweredAction(StrEnum):
    """The choices of an operator for a callback without a result. The form stores the values."""

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
    return [
        callback for callback in callbacks.of_wait(conn, process.id, step_index) if callback.status not in WITH_RESULT
    ]


async def input_step_of(runtime: Runtime, process: Process, step_index: int, step: Step) -> InputStep | None:
    """The input step of a step that can ask a person: the step itself, or the form for a wait. Else None."""
    if not isinstance(step, AwaitStep):
        return step if isinstance(step, InputStep) else None
    missing = await runtime.database.read(lambda conn: missing_at(conn, process, step_index))
    return as_input(step, missing, runtime.clock.now(), runtime.settings.max_callback_bytes)


def as_input(step: AwaitStep, missing: Sequence[Callback], now: datetime, limit: int) -> InputStep:
    """The input step that asks an operator what to do about the missing results of a wait.

    ``limit`` is the most bytes of a result.
    """

    def ask() -> FormGenerator:
        choice = yield _choice(missing, now)
        chosen: State = {"answer": str(choice.answer)}
        match UnansweredAction(chosen["answer"]):
            case UnansweredAction.WAIT:
                longer = yield _wait_page()
                return chosen | {"minutes": longer.minutes}
            case UnansweredAction.COMPLETE:
                typed = yield _result_page(step, missing[0], limit)
                return chosen | {"result": read(typed.result.encode()), "reason": typed.reason}
            case UnansweredAction.REISSUE | UnansweredAction.ABORT:
                return chosen

    return InputStep(name=step.name, form=ask, assignee=SYSTEM)


async def demand_may_act(
    runtime: Runtime, principal: Principal, workflow: Workflow, process: Process, chosen: State
) -> None:
    """Raise `Forbidden` unless the principal may do the chosen action; the rule of its mutation applies."""
    if UnansweredAction(chosen["answer"]) is UnansweredAction.ABORT:
        await authorization.demand_abort(runtime, principal, workflow, process)
    else:
        await authorization.demand_recover(runtime, principal, workflow, process.position)


def act(
    conn: Connection,
    runtime: Runtime,
    principal: Principal,
    locked: LockedCallback,
    chosen: State,
    comment: str | None,
    now: datetime,
) -> Process:
    """Do the chosen action, which the operator is allowed to do. The process is locked; its request is decided.

    The reason in the audit entry of the action is the reason in the form, or the comment of the decision.
    """
    missing = missing_at(conn, locked.process, locked.callback.step_index)
    actor, reason = principal.id, chosen.get("reason") or comment
    match UnansweredAction(chosen["answer"]):
        case UnansweredAction.WAIT:
            seconds = chosen["minutes"] * 60
            return operator_actions.wait_on(
                conn, runtime, locked, missing, timeout=seconds, actor=actor, reason=reason, now=now
            )
        case UnansweredAction.REISSUE:
            demand_running(conn)
            return operator_actions.issue_again(conn, runtime, locked, missing, actor=actor, reason=reason, now=now)
        case UnansweredAction.COMPLETE:
            body = encode(chosen["result"]).encode()
            delivery = Delivery.of(chosen["result"], body, peer=None)
            return operator_actions.supply(
                conn, runtime, locked, delivery, source=ResultSource.OPERATOR, actor=actor, reason=reason, now=now
            )
        case UnansweredAction.ABORT:
            return operator_actions.end(conn, runtime, locked.process, actor, reason or NO_ANSWER, now)


def _choice(missing: Sequence[Callback], now: datetime) -> type[FormPage]:
    offered = [action for action in UnansweredAction if action is not UnansweredAction.COMPLETE or len(missing) == 1]
    choices = Choice.__call__("Answer", {action.name: (action.value, TITLES[action]) for action in offered})

    reasons = "\n".join(_reason_of(callback, now) for callback in missing)

    class UnansweredPage(SubmitFormPage):
        model_config = ConfigDict(title="No answer came")

        what_happened: ReadOnly[LongText] = Field(reasons, title="What happened")
        answer: choices = Field(  # type: ignore[valid-type]
            title="What now?"
        )

    return UnansweredPage


def _reason_of(callback: Callback, now: datetime) -> str:
    failure = waits.failure_of(callback, now)
    return f"{callback.name}: {failure.message}" if callback.name else failure.message


def _wait_page() -> type[FormPage]:
    class WaitPage(SubmitFormPage):
        model_config = ConfigDict(title="How long?")

        minutes: float = Field(
            MINUTES, title="Minutes, from now", gt=0, le=operator_actions.LONGEST_WAIT.total_seconds() / 60
        )

    return WaitPage


def _result_page(step: AwaitStep, callback: Callback, limit: int) -> type[FormPage]:
    class ResultPage(SubmitFormPage):
        model_config = ConfigDict(title="The result")

        result: LongText = Field("{}", title="JSON, as the remote service would send it", max_length=LONGEST_RESULT)
        reason: str = Field(title="Why it is typed in", min_length=1, max_length=1000)

        @field_validator("result")
        @classmethod
        def is_a_payload(cls, text: str) -> str:
            _demand_payload(step, callback, text, limit)
            return text

        @field_validator("reason")
        @classmethod
        def is_a_reason(cls, reason: str) -> str:
            try:
                operator_actions.demand_reason(reason)
            except PayloadInvalid as error:
                raise ValueError(error.errors[0].message) from None
            return reason

    return ResultPage


def _demand_payload(step: AwaitStep, callback: Callback, text: str, limit: int) -> None:
    """Raise `ValueError` for a result that ``completeCallback`` refuses. A mask hides nothing: no result is known."""
    if (size := len(text.encode())) > limit:
        raise ValueError(f"It has {size:,} bytes; {limit:,} are the most.")
    try:
        payload: Any = read(text.encode())
    except PayloadInvalid as error:
        raise ValueError(error.message) from None
    masks = restored(payload, None, None)[1] if holds_mask(payload) else ()
    violations = masks or contract_errors(callback, step, payload)
    if violations:
        raise ValueError("; ".join(f"{error.pointer or 'The whole'}: {error.message}" for error in violations[:5]))
