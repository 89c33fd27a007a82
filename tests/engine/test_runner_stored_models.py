"""What follows a step that returned a product subscription sees it as the step left it."""

from collections.abc import Callable
from typing import Any

import pytest
from support.engine import engine_of
from support.network import NODE, NodeInactive, rested
from support.stage import named

from orchestrator_gql import StepList, begin, callback_step, conditional, inputstep, step
from orchestrator_gql.forms import FormPage
from orchestrator_gql.types import FormGenerator, ProcessStatus, State, UUIDstr

pytestmark = pytest.mark.one_dispatcher

SEEN: list[str | None] = []


@step("Make a node")
def make() -> State:
    node = NodeInactive.from_product_id(NODE.product_id, "uva")
    node.node.node_name = "made"
    return {"subscription": node}


@step("Change the node")
def change(subscription: NodeInactive) -> State:
    subscription.node.node_name = "changed"
    return {"subscription": subscription}


def look(subscription: NodeInactive) -> bool:
    SEEN.append(subscription.node.node_name)
    return True


def _a_form() -> StepList:
    def ask(subscription: NodeInactive) -> FormGenerator:
        look(subscription)
        yield FormPage
        return {}

    return begin >> inputstep("Ask")(ask)


def _a_policy() -> StepList:
    def ask() -> FormGenerator:
        yield FormPage
        return {}

    return begin >> inputstep("Ask", auto_confirm=look)(ask)


def _a_condition() -> StepList:
    return begin >> conditional(look)(step("Nothing")(lambda: None))


def _a_condition_of_a_form() -> StepList:
    return conditional(look)(_a_policy()[:1])


def _names_of_callbacks() -> StepList:
    def names(subscription: NodeInactive) -> list[str]:
        look(subscription)
        return ["ams-1"]

    action = step("Call")(lambda callback_routes: None)
    return callback_step("Configure", action, step("Judge")(lambda callback_result: None), expect=names)


def _a_step() -> StepList:
    @step("Look")
    def look_at_it(subscription: NodeInactive, process_id: UUIDstr) -> None:
        look(subscription)

    return begin >> look_at_it


AFTER = [_a_form, _a_policy, _a_condition, _a_condition_of_a_form, _names_of_callbacks, _a_step]


@pytest.mark.parametrize("before", [[make], [make, change]], ids=["made", "changed"])
@pytest.mark.parametrize("after", AFTER)
async def test_what_follows_takes_the_subscription_as_it_was_returned(
    storage: str, after: Callable[[], StepList], before: list[Any]
) -> None:
    SEEN.clear()
    steps = begin
    for each in before:
        steps = steps >> each
    play = named("play", steps >> after())
    async with engine_of(storage, play) as engine:
        process = await rested(engine, await engine.start(play, {}))

    assert process.failure is None
    assert process.status in (ProcessStatus.COMPLETED, ProcessStatus.SUSPENDED, ProcessStatus.AWAITING_CALLBACK)
    assert SEEN and set(SEEN) == {"made" if len(before) == 1 else "changed"}
