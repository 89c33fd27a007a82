"""Workflows of a site that was upgraded while its processes ran."""

import asyncio
from datetime import timedelta
from typing import Any

from orchestrator_gql import begin, callback_step, conditional, inputstep, retrystep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import FormPage, ReadOnly
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.workflow import workflow

tokens: dict[str, str] = {}
"""The tokens of the issued URLs, by router."""

running = asyncio.Event()
blocked = True
"""True in the previous release: the step does not end, and the database is copied while it runs."""


def ask_for_router() -> FormGenerator:
    class Order(FormPage):
        router: str

    order = yield Order
    return {"router": order.router}


@step("Prepare")
def prepare(router: str) -> State:
    return {"prepared": router}


@step("Order the change")
def order(router: str, callback_route: str) -> None:
    tokens[router] = callback_route.rsplit("/", 1)[1]


@step("Judge the result")
def judge(callback_result: dict[str, Any]) -> State:
    return {"rc": callback_result["rc"]}


@inputstep("Confirm", assignee=Assignee("SYSTEM"))
def confirm(router: str) -> FormGenerator:
    class Confirm(FormPage):
        shown: ReadOnly[str] = f"{router} is changed."

    yield Confirm
    return {"confirmed": True}


@step("Work for long")
async def work() -> State:
    running.set()
    if blocked:
        await asyncio.sleep(3600)
    return {"worked": True}


@retrystep("Try", attempts=3, delay=60.0)
def attempt() -> State:
    if blocked:
        raise RuntimeError("The router does not answer.")
    return {"tried": True}


@step("Fail")
def fail() -> None:
    if blocked:
        raise RuntimeError("The router is not there.")


always = conditional(lambda state: True)


@workflow("Change a router", initial_input_form=ask_for_router)
def change_router() -> Any:
    return begin >> prepare >> callback_step("Change", order, judge, timeout=timedelta(days=1)) >> confirm


@workflow("Work")
def long_work() -> Any:
    return begin >> always(begin >> work >> attempt)


@workflow("Try again")
def try_again() -> Any:
    return begin >> attempt


@workflow("Fail")
def failing() -> Any:
    return begin >> fail


WORKFLOWS = (change_router, long_work, try_again, failing)
