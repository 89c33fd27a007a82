"""A deployment changes a callback step while a process waits at it: the wait stays what it was, on both databases."""

from typing import Any

import pytest
from support.clock import TurnableClock
from support.engine import engine_of
from support.playbooks import of
from support.remote import Remote, answer, token_of

from orchestrator_gql import callback_step, conditional, step
from orchestrator_gql.types import ProcessStatus, State
from orchestrator_gql.workflow import Workflow

AWAITING, COMPLETED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.COMPLETED

RESULT = {"rc": 0}


@step("Judge")
def judge(state: State) -> State:
    """Take any result."""
    return {"is_judged": True}


@step("Call")
async def never(callback_urls: dict[str, str]) -> None:
    """An action that was deployed after the process had gone past it."""
    raise AssertionError("the action has run before the deployment")


@step("Call")
async def never_alone(callback_url: str) -> None:
    """As `never`, with one URL."""
    raise AssertionError("the action has run before the deployment")


def waits(*steps: Any) -> Workflow:
    """The workflow of all tests here, in one of its versions."""
    return of(*steps, name="waits")


async def test_one_result_is_no_list_of_names_if_the_step_expects_several_now(
    storage: str, clock: TurnableClock
) -> None:
    remote = Remote()
    before = waits(callback_step("Playbook", remote.action("Call"), judge))
    async with engine_of(storage, before, clock=clock) as first:
        process_id = await first.start(before)
        token = await remote.asked()
        await first.reaches(process_id, AWAITING)
    after = waits(callback_step("Playbook", never, judge, expect=("a", "b")))
    async with engine_of(storage, after, clock=clock) as second:
        await answer(second.runtime, token, RESULT)
        done = await second.reaches(process_id, COMPLETED)

    assert (done.state["callback_result"], done.state["is_judged"]) == (RESULT, True)


@pytest.mark.parametrize(
    "changed",
    [
        callback_step("Playbook", never_alone, judge),
        callback_step("Playbook", never, judge, expect=("a", "b", "c")),
        callback_step("Playbook", never, judge, expect=("a", "b", "c"), require=3),
        callback_step("Playbook", never, judge, expect=lambda s: ["x"]),
        conditional(lambda s: False)(callback_step("Playbook", never, judge, expect=("a", "b"))),
        conditional(lambda s: True)(
            conditional(lambda s: False)(callback_step("Playbook", never, judge, expect=("a",)))
        ),
    ],
    ids=["one result", "one more", "more are required", "other names", "a condition around it", "two conditions"],
)
async def test_several_results_keep_their_names_and_their_number(
    storage: str, clock: TurnableClock, changed: Any
) -> None:
    routes: dict[str, str] = {}

    @step("Call")
    async def call(callback_routes: dict[str, str]) -> None:
        routes.update(callback_routes)

    before = waits(callback_step("Playbook", call, judge, expect=("a", "b")))
    async with engine_of(storage, before, clock=clock) as first:
        process_id = await first.start(before)
        await first.reaches(process_id, AWAITING)
        await answer(first.runtime, token_of(routes["a"]), {"rc": 0, "by": "a"})
    after = waits(changed)
    async with engine_of(storage, after, clock=clock) as second:
        await answer(second.runtime, token_of(routes["b"]), {"rc": 0, "by": "b"})
        done = await second.reaches(process_id, COMPLETED)

    assert done.state["callback_result"] == {"a": {"rc": 0, "by": "a"}, "b": {"rc": 0, "by": "b"}}
    assert done.state["is_judged"] is True


async def test_the_recorded_answer_of_a_condition_outlives_a_deployment(storage: str, clock: TurnableClock) -> None:
    ran = list[str]()
    remote = Remote()

    @step("In the block")
    def in_the_block() -> None:
        ran.append("in the block")

    waiting = callback_step("Playbook", remote.action("Call"), judge)
    before = waits(conditional(lambda s: False)(in_the_block >> waiting), waiting)
    async with engine_of(storage, before, clock=clock) as first:
        process_id = await first.start(before)
        token = await remote.asked()
        await first.reaches(process_id, AWAITING)
    after = waits(conditional(lambda s: True)(in_the_block >> waiting), waiting)
    async with engine_of(storage, after, clock=clock) as second:
        await answer(second.runtime, token, RESULT)
        await second.reaches(process_id, COMPLETED)

    assert (ran, len(remote.tokens)) == ([], 1)
