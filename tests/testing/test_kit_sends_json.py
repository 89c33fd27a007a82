"""The kit takes what a client can send and the server reads, and refuses the rest as the server does."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.forms import SubmitFormPage
from orchestrator_gql.testing import Kit, Run
from orchestrator_gql.types import FormGenerator
from orchestrator_gql.utils.errors import PayloadInvalid
from orchestrator_gql.workflow import StepList, workflow


def which_node() -> FormGenerator:
    class Node(SubmitFormPage):
        node: str = "ams-1"

    answer = yield Node
    return {"node": answer.node}


@inputstep("Confirm", on_reject="abort")
def confirm() -> FormGenerator:
    class Confirm(SubmitFormPage):
        comment: str = "seen"

    yield Confirm
    return {}


@step("Call")
def call(callback_url: str) -> None:
    """Nobody is called: the test answers."""


@step("Judge")
def judge(callback_result: Any) -> None:
    """Accept every result."""


@workflow("Call and confirm", initial_input_form=which_node)
def call_and_confirm() -> StepList:
    return begin >> callback_step("Job", call, judge) >> confirm


LONE, NUL = "\ud800", "a\x00b"
VALUES = [LONE, NUL, float("nan"), 10**50, {"a"}, b"x", date(2026, 1, 31), {"deep": {LONE: 1}}]
Verb = Callable[[Kit, Run, Any], Awaitable[object]]

AT_THE_CALLBACK: dict[str, Verb] = {
    "start": lambda kit, _, value: kit.start(call_and_confirm, {"node": value}),
    "start page": lambda kit, _, value: kit.page(call_and_confirm, {"node": value}),
    "answer": lambda _, run, value: run.answer(value),
    "report": lambda _, run, value: run.report({"message": value}),
    "fail": lambda _, run, value: run.fail("m", details=value),
    "complete": lambda _, run, value: run.complete(value),
}
AT_THE_FORM: dict[str, Verb] = {
    "page": lambda _, run, value: run.page({"comment": value}),
    "submit": lambda _, run, value: run.submit({"comment": value}),
}
TEXTS_AT_THE_CALLBACK: dict[str, Verb] = {
    "note": lambda kit, _, text: kit.start(call_and_confirm, {}, note=text),
    "message": lambda _, run, text: run.fail(text),
    "code": lambda _, run, text: run.fail("m", code=text),
    "reason of a result": lambda _, run, text: run.complete({}, text),
}
TEXTS_AT_THE_FORM: dict[str, Verb] = {
    "comment": lambda _, run, text: run.submit({}, comment=text),
    "rejection": lambda _, run, text: run.reject(text),
    "reason of an abort": lambda _, run, text: run.abort(text),
}


async def _refused(kit: Kit, run: Run, verbs: dict[str, Verb], values: list[Any]) -> None:
    for name, verb in verbs.items():
        for value in values:
            with pytest.raises(PayloadInvalid):
                await verb(kit, run, value)
                pytest.fail(f"{name} took {value!r}")


async def test_what_is_no_json_or_is_refused_in_json_is_refused_by_each_verb_and_changes_nothing() -> None:
    async with Kit(call_and_confirm) as kit:
        run = await kit.start(call_and_confirm, {})
        await run.rests("AWAITING_CALLBACK")
        await _refused(kit, run, AT_THE_CALLBACK, VALUES)
        await _refused(kit, run, TEXTS_AT_THE_CALLBACK, [LONE, NUL])
        await run.rests("AWAITING_CALLBACK")

        await run.answer(("a tuple", {"is": "a list"}))
        await run.rests("SUSPENDED")
        await _refused(kit, run, AT_THE_FORM, VALUES)
        await _refused(kit, run, TEXTS_AT_THE_FORM, [LONE, NUL])
        await run.confirm()
        ended = await run.rests("COMPLETED")

    assert ended.state["callback_result"] == ["a tuple", {"is": "a list"}]
