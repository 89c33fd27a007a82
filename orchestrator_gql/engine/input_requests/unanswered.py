"""The engine's own form: it asks an operator what to do about a callback that got no result."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, Self

from pydantic import AfterValidator, ConfigDict, Field, create_model, model_validator
from pydantic_forms.validators import Choice, LongText
from sqlalchemy import Connection

from orchestrator_gql.audit.free_text import LONGEST
from orchestrator_gql.callbacks.failures import failure_of, failure_of_wait
from orchestrator_gql.callbacks.rules import WITH_RESULT, Callback, Delivery
from orchestrator_gql.config.assignee import SYSTEM
from orchestrator_gql.engine import authorization
from orchestrator_gql.engine.callbacks import operator_actions
from orchestrator_gql.engine.callbacks.operator_actions import LockedCallback, OperatorAction
from orchestrator_gql.engine.callbacks.results import contract_errors
from orchestrator_gql.engine.engine_state import demand_running
from orchestrator_gql.forms import FormPage, ReadOnly, SubmitFormPage
from orchestrator_gql.forms.masks import holds_mask, restored
from orchestrator_gql.process import Process, ProcessAction
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Principal
from orchestrator_gql.storage import callbacks
from orchestrator_gql.types import FormGenerator, Json, State
from orchestrator_gql.utils.errors import PayloadInvalid
from orchestrator_gql.utils.json import encode, read
from orchestrator_gql.workflow.model import AwaitStep, InputStep, Step, Workflow

MINUTES = 60.0
"""The default of the form for a longer wait."""

NO_RESULT = "No result came."
"""The reason of an abort for which the operator wrote no comment."""

RESULT = "result"
"""The name of the field for a result; several have numbers behind it."""

JSON_HINT = "JSON, as the remote service would send it"

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
    return _missing_of(callbacks.of_wait(conn, process.id, step_index))


def _missing_of(waited: Sequence[Callback]) -> list[Callback]:
    return [callback for callback in waited if callback.status not in WITH_RESULT]


async def input_step_of(runtime: Runtime, process: Process, step_index: int, step: Step) -> InputStep | None:
    """The input step of a step that can ask a person: the step itself, or the form for a wait. Else None."""
    if not isinstance(step, AwaitStep):
        return step if isinstance(step, InputStep) else None
    waited = await runtime.database.read(lambda conn: callbacks.of_wait(conn, process.id, step_index))
    return as_input(step, waited, runtime.clock.now(), runtime.settings.max_callback_bytes)


def as_input(step: AwaitStep, waited: Sequence[Callback], now: datetime, limit: int) -> InputStep:
    """The input step that asks an operator what to do about the missing results of a wait.

    ``waited`` are all callbacks of the wait; ``limit`` is the most bytes of a result.
    """
    missing = _missing_of(waited)

    def ask() -> FormGenerator:
        choice = yield _choice(_what_happened(step, waited, now))
        chosen: State = {"answer": str(choice.answer)}
        match UnansweredAction(chosen["answer"]):
            case UnansweredAction.WAIT:
                longer = yield _wait_page()
                return chosen | {"minutes": longer.minutes}
            case UnansweredAction.COMPLETE:
                typed = yield _results_page(step, missing, limit)
                return chosen | {"results": _typed_results(typed, missing), "reason": typed.reason}
            case UnansweredAction.REISSUE | UnansweredAction.ABORT:
                return chosen

    return InputStep(name=step.name, form=ask, assignee=SYSTEM)


_SAME_AS = {
    UnansweredAction.WAIT: ProcessAction.REAWAIT_CALLBACK,
    UnansweredAction.REISSUE: ProcessAction.REISSUE_CALLBACK,
    UnansweredAction.COMPLETE: ProcessAction.COMPLETE_CALLBACK,
    UnansweredAction.ABORT: ProcessAction.ABORT,
}
"""The action on the process that each choice is."""


async def demand_may_act(
    runtime: Runtime, principal: Principal, workflow: Workflow, process: Process, chosen: State
) -> None:
    """Raise `Forbidden` unless the principal may do the chosen action; the rule of its mutation applies."""
    action = _SAME_AS[UnansweredAction(chosen["answer"])]
    await authorization.demand_action(runtime, principal, action, workflow, process.position)


async def demand_may_choose(runtime: Runtime, principal: Principal, workflow: Workflow, wait: int) -> None:
    """Raise `Forbidden` unless the principal may do at least one of the actions that the form of the wait offers."""
    for action in (ProcessAction.ABORT, ProcessAction.COMPLETE_CALLBACK):
        if await authorization.may_act(runtime, principal, action, workflow, wait):
            return
    await authorization.demand_action(runtime, principal, ProcessAction.COMPLETE_CALLBACK, workflow, wait)


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
    action = OperatorAction(principal.id, chosen.get("reason") or comment, now)
    match UnansweredAction(chosen["answer"]):
        case UnansweredAction.WAIT:
            return operator_actions.wait_on(conn, runtime, locked, missing, action, timeout=chosen["minutes"] * 60)
        case UnansweredAction.REISSUE:
            demand_running(conn)
            return operator_actions.issue_again(conn, runtime, locked, missing, action)
        case UnansweredAction.COMPLETE:
            delivered = [
                (callback, Delivery.of(payload, encode(payload).encode(), peer=None))
                for callback in missing
                if (payload := chosen["results"].get(str(callback.id), callback)) is not callback
            ]
            return operator_actions.supply(conn, runtime, locked, delivered, action)
        case UnansweredAction.ABORT:
            action = replace(action, reason=action.reason or NO_RESULT)
            return operator_actions.end(conn, runtime, locked.process, action)


def _choice(what_happened: str) -> type[FormPage]:
    choices = Choice.__call__("Answer", {action.name: (action.value, TITLES[action]) for action in UnansweredAction})
    shown = what_happened

    class UnansweredPage(SubmitFormPage):
        model_config = ConfigDict(title="No result came")

        what_happened: ReadOnly[LongText] = Field(shown, title="What happened")
        answer: choices = Field(  # type: ignore[valid-type]
            title="What now?"
        )

    return UnansweredPage


def _what_happened(step: AwaitStep, waited: Sequence[Callback], now: datetime) -> str:
    """The reason of each missing result; if the callbacks have names, also how many results the step needs. The
    callbacks may be older than the step."""
    if waited[0].name is None:
        return failure_of(waited[0], now).message
    missing = (f"{callback.name}: {failure_of(callback, now).message}" for callback in _missing_of(waited))
    return "\n".join([failure_of_wait(step.needed(len(waited)), waited, now).message, *missing])


def _wait_page() -> type[FormPage]:
    class WaitPage(SubmitFormPage):
        model_config = ConfigDict(title="How long?")

        minutes: float = Field(
            MINUTES, title="Minutes, from now", gt=0, le=operator_actions.LONGEST_WAIT.total_seconds() / 60
        )

    return WaitPage


class _ResultsPage(SubmitFormPage):
    """The page for the missing results; `_results_page` adds the fields."""

    model_config = ConfigDict(title="The result")

    @model_validator(mode="after")
    def needs_one(self) -> Self:
        """Demand a result in at least one field."""
        if not any(getattr(self, key).strip() for key in type(self).model_fields if key.startswith(RESULT)):
            raise ValueError("Type in at least one result.")
        return self


def _results_page(step: AwaitStep, missing: Sequence[Callback], limit: int) -> type[FormPage]:
    """The page with a field for each missing result. One of several may stay empty, but not all."""
    is_one = len(missing) == 1
    start, hint = ("{}", JSON_HINT) if is_one else ("", f"{JSON_HINT}; empty if there is none")
    fields: dict[str, Any] = {}
    for key, callback in _keyed(missing):
        check = partial(_payload_text, step, callback, limit, is_needed=is_one)
        shown = Field(start, title=callback.name or JSON_HINT, description=callback.name and hint)
        fields[key] = (Annotated[LongText, AfterValidator(check), Field(max_length=LONGEST_RESULT)], shown)
    why = Field(title="Why it is typed in", min_length=1, max_length=LONGEST)
    fields["reason"] = (Annotated[str, AfterValidator(_reason)], why)
    return create_model("ResultsPage", __base__=_ResultsPage, **fields)


def _keyed(missing: Sequence[Callback]) -> list[tuple[str, Callback]]:
    """The callbacks, each with the name of its field: a name that an author gave need not be one of Python."""
    if len(missing) == 1:
        return [(RESULT, missing[0])]
    return [(f"{RESULT}_{number}", callback) for number, callback in enumerate(missing, start=1)]


def _typed_results(page: FormPage, missing: Sequence[Callback]) -> dict[str, Json]:
    """The results that the operator typed in, by the id of the callback."""
    typed = ((str(callback.id), getattr(page, key)) for key, callback in _keyed(missing))
    return {id: read(text.encode()) for id, text in typed if text.strip()}


def _reason(text: str) -> str:
    try:
        operator_actions.demand_reason(text)
    except PayloadInvalid as error:
        raise ValueError(error.errors[0].message) from None
    return text


def _payload_text(step: AwaitStep, callback: Callback, limit: int, text: str, *, is_needed: bool) -> str:
    if is_needed or text.strip():
        _demand_payload(step, callback, text, limit)
    return text


def _demand_payload(step: AwaitStep, callback: Callback, text: str, limit: int) -> None:
    """Raise `ValueError` for a result that ``completeCallback`` refuses. A mask hides nothing: no result is known."""
    if (size := len(text.encode())) > limit:
        raise ValueError(f"It has {size:,} bytes; {limit:,} are the most.")
    try:
        payload: Any = read(text.encode(), name="The text")
    except PayloadInvalid as error:
        raise ValueError(error.message) from None
    masks = restored(payload, None, None)[1] if holds_mask(payload) else ()
    violations = masks or contract_errors(callback, step, payload)
    if violations:
        raise ValueError("; ".join(f"{error.pointer or 'The whole'}: {error.message}" for error in violations[:5]))
