"""The kit runs async functions on the loop of the test; on request, on loops of their own, as the server does."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from orchestrator_gql import begin, callback_step, conditional, inputstep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import FormPage
from orchestrator_gql.security import AuthContext
from orchestrator_gql.testing import Kit
from orchestrator_gql.types import State
from orchestrator_gql.workflow import StepList, workflow

ran: dict[str, set[str]] = {}


def note(name: str) -> None:
    """Note the thread of a function."""
    ran.setdefault(name, set()).add(threading.current_thread().name.rsplit("-", 1)[0])


def sync(name: str, result: Any = None) -> Callable[..., Any]:
    def function() -> Any:
        note(f"sync {name}")
        return result

    return function


def async_(name: str, result: Any = None) -> Callable[..., Any]:
    async def function() -> Any:
        await asyncio.sleep(0)
        note(f"async {name}")
        return result

    return function


def form(name: str) -> Callable[..., Any]:
    def ask() -> Any:
        note(f"sync {name}")
        yield FormPage
        return {}

    return ask


def async_form(name: str) -> Callable[..., Any]:
    async def ask() -> AsyncIterator[Any]:
        note(f"async {name}")
        yield FormPage
        yield {}

    return ask


@step("Call")
def call(callback_routes: dict[str, str]) -> None: ...


async def async_rule(_: AuthContext) -> bool:
    note("async rule")
    return True


def sync_rule(_: AuthContext) -> bool:
    note("sync rule")
    return True


async def async_predicate(state: State) -> bool:
    note("async predicate")
    return True


async def async_names(state: State) -> list[str]:
    note("async expect")
    return ["a"]


NOC = Assignee("NOC")


@workflow("All", initial_input_form=form("start form"), authorize_callback=sync_rule)
def of_sync() -> StepList:
    return (
        begin
        >> conditional(lambda state: sync("predicate", True)())(step("S")(sync("step")))
        >> callback_step("C", call, step("V")(sync("validation")), expect=lambda state: sync("expect", ["a"])())
        >> inputstep("P", assignee=NOC, auto_confirm=sync("policy", True))(form("form that the policy confirms"))
        >> inputstep("I", assignee=NOC)(form("form"))
    )


@workflow("All async", initial_input_form=async_form("start form"), authorize_callback=async_rule)
def of_async() -> StepList:
    return (
        begin
        >> conditional(async_predicate)(step("S")(async_("step")))
        >> callback_step("C", call, step("V")(async_("validation")), expect=async_names)
        >> inputstep("P", assignee=NOC, auto_confirm=async_("policy", True))(
            async_form("form that the policy confirms")
        )
        >> inputstep("I", assignee=NOC)(async_form("form"))
    )


async def whole_run(**settings: Any) -> dict[str, set[str]]:
    ran.clear()
    async with Kit(of_sync, of_async, **settings) as kit:
        for flow in (of_sync, of_async):
            run = await kit.start(flow, {})
            await run.answer({"done": True}, name="a")
            await run.confirm()
            await run.rests("COMPLETED")
    return dict(ran)


def at(places: dict[str, set[str]], kind: str, names: tuple[str, ...]) -> set[str]:
    """The threads of the functions with these names."""
    return set().union(*(places[f"{kind} {name}"] for name in names))


STEPS = ("step", "predicate", "expect", "validation", "policy")
FORMS = ("start form", "form", "form that the policy confirms", "rule")


async def test_async_functions_run_on_the_loop_of_the_test() -> None:
    places = await whole_run()

    assert at(places, "async", (*STEPS, *FORMS)) == {"MainThread"}


@pytest.mark.parametrize("loop", ["own", "server"])
async def test_sync_functions_never_run_on_the_loop_of_the_server(loop: str) -> None:
    places = await whole_run(authors_loop=loop)

    assert at(places, "sync", STEPS) == {"step"}
    assert places["sync start form"] == places["sync rule"] == {"form"}
    # The engine opens these forms in a thread of the steps: people need the threads of the forms.
    assert places["sync form"] == {"step", "form"}
    assert places["sync form that the policy confirms"] == {"step"}


async def test_async_functions_run_on_two_loops_of_their_own_as_at_a_server() -> None:
    places = await whole_run(authors_loop="own")

    assert at(places, "async", STEPS) == {"step-loop"}
    assert at(places, "async", FORMS) == {"form-loop"}
