"""The kit with several callbacks, with actions of operators, and with a cancel step."""

from typing import Any

import pytest

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.testing import Kit
from orchestrator_gql.types import State
from orchestrator_gql.utils.errors import InvalidState
from orchestrator_gql.workflow import StepList, workflow


@step("Order")
def order(callback_urls: dict[str, str]) -> None:
    """Nothing is sent anywhere: the kit knows the URLs."""


@step("Judge")
def judge(callback_result: dict[str, Any], callback_result_failures: dict[str, Any]) -> State:
    """Keep the names of the answered and of the failed callbacks."""
    return {"answered": sorted(callback_result), "failed": sorted(callback_result_failures)}


@workflow("Ask two routers")
def two_routers() -> StepList:
    """One successful answer is enough, after both routers have answered."""
    return begin >> callback_step("Routers", order, judge, expect=["ams-1", "ams-2"], require=1, timeout=60)


@step("Order")
def order_single(callback_route: str) -> None:
    """Nothing is sent anywhere."""


@step("Cancel")
def cancel() -> State:
    """The kit replaces this function."""
    raise NotImplementedError


@step("Keep")
def keep(callback_result: dict[str, Any]) -> State:
    """Accept every result."""
    return {"kept": callback_result}


@workflow("Ask one router")
def single_router() -> StepList:
    """A workflow with a step that cancels the job after an abort."""
    return begin >> callback_step("Router", order_single, keep, timeout=60, on_abort=cancel)


async def test_each_of_several_callbacks_is_answered_by_its_name() -> None:
    async with Kit(two_routers) as kit:
        run = await kit.start(two_routers)
        await run.fail("unreachable", name="ams-2")
        await run.answer({"rc": 0}, name="ams-1")
        ended = await run.rests("COMPLETED")

    assert (ended.state["answered"], ended.state["failed"]) == (["ams-1"], ["ams-2"])


async def test_an_unknown_callback_name_is_reported() -> None:
    async with Kit(two_routers) as kit:
        run = await kit.start(two_routers)
        with pytest.raises(AssertionError, match="rtm-1"):
            await run.answer({}, name="rtm-1")


async def test_an_operator_waits_longer_issues_again_and_types_in_a_result() -> None:
    async with Kit(single_router) as kit:
        run = await kit.start(single_router)
        await kit.turn(seconds=60)
        expired = await run.rests("FAILED")
        await run.wait_on(3600)
        await kit.turn(seconds=3599)
        await run.rests("AWAITING_CALLBACK")
        await run.reissue()
        await run.rests("AWAITING_CALLBACK")
        await run.complete({"rc": 0}, "seen on the device")
        ended = await run.rests("COMPLETED")

    assert expired.failure is not None
    assert expired.failure.code == "callback-expired"
    assert (len(run.callbacks), ended.state["kept"]) == (2, {"rc": 0})


async def test_a_completed_callback_cannot_be_completed_again() -> None:
    async with Kit(single_router) as kit:
        run = await kit.start(single_router)
        await run.answer({"rc": 0})
        await run.rests("COMPLETED")
        with pytest.raises(InvalidState):
            await run.complete({"rc": 1})


async def test_a_stand_in_takes_the_place_of_a_cancel_step() -> None:
    calls: list[str] = []
    async with Kit(single_router, instead={"Cancel": lambda: calls.append("stop")}) as kit:
        run = await kit.start(single_router)
        await run.rests("AWAITING_CALLBACK")
        await run.abort()
        await run.rests("ABORTED")

    assert calls == ["stop"]
