"""Every function that the engine calls for an author can read, in sync and async code, with the kit for authors too."""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator
from support.network import NODE, create_node

from orchestrator_gql import StepList, begin, callback_step, conditional, inputstep, step, steplens
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.domain import find_subscriptions
from orchestrator_gql.domain.reading import READER
from orchestrator_gql.forms import FormPage
from orchestrator_gql.security import AuthContext
from orchestrator_gql.testing import Kit
from orchestrator_gql.types import State
from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.workflow import workflow

NOC = Assignee("NOC")

read_by: dict[str, int] = {}
"""The number of nodes that each function read."""


def read(name: str) -> None:
    """Read the nodes, and note who did."""
    read_by[name] = len(find_subscriptions(product="Node of a network"))


def sync(name: str, result: Any = None) -> Callable[..., Any]:
    """A sync function of an author that reads."""

    def function() -> Any:
        read(name)
        return result

    return function


def later(name: str, result: Any = None) -> Callable[..., Any]:
    """An async function of an author that reads."""

    async def function() -> Any:
        await asyncio.sleep(0)
        read(name)
        return result

    return function


def form(name: str) -> Callable[..., Any]:
    """A form that reads before it asks, and a validator of its page that reads."""

    def ask() -> Any:
        read(name)

        class Page(FormPage):
            note: Annotated[str, AfterValidator(lambda value: (read(f"validator of {name}"), value)[1])] = "x"

        page = yield Page
        return {"note": page.note}

    return ask


def later_form(name: str) -> Callable[..., Any]:
    """An async form that reads before it asks."""

    async def ask() -> AsyncIterator[Any]:
        read(name)
        yield FormPage
        yield {}

    return ask


def lens(state: State) -> State:
    """A lens that reads."""
    read("lens")
    return dict(state)


@step("Call")
def call(callback_routes: dict[str, str]) -> None:
    read("action of a callback step")


@step("Take an argument whose type reads")
def argument(number: Annotated[int, AfterValidator(lambda value: (read("argument"), value)[1])] = 1) -> None: ...


def rule(_: AuthContext) -> bool:
    """A rule that reads."""
    read("rule")
    return True


async def later_rule(_: AuthContext) -> bool:
    """An async rule that reads."""
    read("rule")
    return True


def startable() -> None:
    """A predicate of the workflow that reads."""
    read("run_predicate")


@workflow("All", initial_input_form=form("start form"), authorize_callback=rule, run_predicate=startable)
def of_sync() -> StepList:
    return (
        begin
        >> conditional(lambda state: sync("predicate", True)())(step("S")(sync("step", {"number": 1})))
        >> argument
        >> steplens(lens, lambda state: lambda part: {**state, **part})(step("L")(sync("step in a lens")))
        >> callback_step("C", call, step("V")(sync("validation")), expect=lambda state: sync("expect", ["a"])())
        >> inputstep("P", assignee=NOC, auto_confirm=sync("policy", True))(form("form of the policy"))
        >> inputstep("I", assignee=NOC)(form("form"))
    )


async def later_predicate(state: State) -> bool:
    read("predicate")
    return True


async def later_names(state: State) -> list[str]:
    read("expect")
    return ["a"]


@workflow("All async", initial_input_form=later_form("start form"), authorize_callback=later_rule)
def of_async() -> StepList:
    return (
        begin
        >> conditional(later_predicate)(step("S")(later("step")))
        >> callback_step("C", call, step("V")(later("validation")), expect=later_names)
        >> inputstep("P", assignee=NOC, auto_confirm=later("policy", True))(later_form("form of the policy"))
        >> inputstep("I", assignee=NOC)(later_form("form"))
    )


BOTH = {"start form", "rule", "predicate", "step", "expect", "validation", "policy", "form of the policy", "form"}
EVERYWHERE = {
    of_sync.name: BOTH
    | {"argument", "lens", "step in a lens", "action of a callback step", "run_predicate"}
    | {f"validator of {name}" for name in ("start form", "form")},
    of_async.name: BOTH | {"action of a callback step"},
}


@pytest.mark.parametrize("loop", ["own", "server"])
@pytest.mark.parametrize("flow", [of_sync, of_async], ids=lambda flow: flow.name)
async def test_every_function_of_an_author_reads(flow: Any, loop: str) -> None:
    read_by.clear()
    async with Kit(create_node, flow, authors_loop=loop) as kit:
        await (await kit.start(create_node, {"product": str(NODE.product_id)})).rests("COMPLETED")
        run = await kit.start(flow, {})
        await run.answer({"done": True}, name="a")
        await run.confirm()
        await run.rests("COMPLETED")

    assert read_by.keys() >= EVERYWHERE[flow.name]
    assert set(read_by.values()) == {1}


def test_outside_of_a_step_or_a_form_the_call_names_the_fix() -> None:
    with pytest.raises(StepError, match="in a step, a form or another function") as refused:
        find_subscriptions()

    assert refused.value.failure_code == "no-reader"
    assert "`find_subscriptions`" in refused.value.message


async def test_a_thread_of_the_author_reads_with_a_copied_context() -> None:
    found: dict[str, Any] = {}

    @step("Use own threads")
    def use_threads() -> None:
        context = contextvars.copy_context()
        with ThreadPoolExecutor(1) as pool:
            found["copied"] = pool.submit(context.run, find_subscriptions).result()
            found["bare"] = pool.submit(find_subscriptions).exception()

    @workflow("Threads")
    def threads() -> StepList:
        return begin >> use_threads

    async with Kit(threads) as kit:
        await (await kit.start(threads)).rests("COMPLETED")

    assert found["copied"] == []
    assert isinstance(found["bare"], StepError)
    assert found["bare"].failure_code == "no-reader"
    assert READER.get() is None
