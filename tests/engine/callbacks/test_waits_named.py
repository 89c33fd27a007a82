"""Named callbacks of a step: each has its own URL, deadline and result, on both databases."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from support.engine import Engine
from support.operator import ADA
from support.remote import answer, fail, token_of

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.commands.callback_operator_actions import complete_callback, reawait_callback, reissue_callback
from orchestrator_gql.storage import callbacks
from orchestrator_gql.types import CallbackStatus, EventKind, ProcessStatus, State
from orchestrator_gql.utils.errors import CallbackClosed, ProcessFailureError
from orchestrator_gql.workflow import Workflow, workflow

AWAITING, FAILED, COMPLETED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.FAILED, ProcessStatus.COMPLETED
ROUTERS = ("ams-1", "ams-2", "rtm-1")


@dataclass(slots=True)
class Fleet:
    """Three routers. Each call of the action adds its tokens by name."""

    calls: list[dict[str, str]] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        """The latest token of the router."""
        return next(call[name] for call in reversed(self.calls) if name in call)


def configures(fleet: Fleet, expect: Any = ROUTERS, **options: Any) -> Workflow:
    """A workflow that calls every router and stores the results."""

    @step("Configure the routers")
    async def configure(callback_urls: dict[str, str]) -> State:
        fleet.calls.append({name: token_of(url) for name, url in callback_urls.items()})
        return {"asked": sorted(callback_urls)}

    @step("Judge")
    def judge(callback_result: dict[str, Any], callback_result_failures: dict[str, Any]) -> State:
        return {"answers": callback_result, "failures": callback_result_failures}

    @workflow("Configure")
    def configures_all() -> Any:
        return begin >> callback_step("Routers", configure, judge, expect=expect, **options)

    return configures_all


async def callback_rows(engine: Engine, process_id: UUID) -> dict[str | None, Callback]:
    """The current callback of each router."""
    waited = await engine.read(lambda conn: callbacks.of_wait(conn, process_id, 1))
    return {callback.name: callback for callback in waited}


async def test_results_in_any_order_are_stored_under_their_names(offer: Offer) -> None:
    fleet = Fleet()
    engine = await offer(flow := configures(fleet))
    process_id = await engine.start(flow)
    waiting = await engine.reaches(process_id, AWAITING)

    for name in ("rtm-1", "ams-1"):
        await answer(engine.runtime, fleet[name], {"by": name})
    still = await engine.process(process_id)
    await answer(engine.runtime, fleet["ams-2"], {"by": "ams-2"})
    done = await engine.reaches(process_id, COMPLETED)

    assert (still.status, still.seq) == (AWAITING, waiting.seq)
    assert done.state["answers"] == {name: {"by": name} for name in ROUTERS}
    assert done.state["failures"] == {}
    assert {callback.status for callback in (await callback_rows(engine, process_id)).values()} == {
        CallbackStatus.VALIDATED
    }


async def test_results_that_arrive_before_the_action_returns_are_used(offer: Offer) -> None:
    fleet = Fleet()

    @step("Configure the routers")
    async def configure(callback_urls: dict[str, str]) -> None:
        for name, url in callback_urls.items():
            await answer(engine.runtime, token_of(url), {"by": name})

    @step("Judge")
    def judge(callback_result: dict[str, Any]) -> State:
        return {"answers": sorted(callback_result)}

    @workflow("Configure")
    def configures_fast() -> Any:
        return begin >> callback_step("Routers", configure, judge, expect=ROUTERS)

    engine = await offer(configures_fast)
    process_id = await engine.start(configures_fast)
    done = await engine.reaches(process_id, COMPLETED)

    assert done.state["answers"] == sorted(ROUTERS)
    assert fleet.calls == []
    received = await engine.events(process_id, EventKind.CALLBACK_RECEIVED)
    assert [event.payload["is_early"] for event in received] == [True] * len(ROUTERS)


async def test_a_quorum_continues_without_the_rest_whose_late_delivery_is_rejected(offer: Offer) -> None:
    fleet = Fleet()
    engine = await offer(flow := configures(fleet, require=2))
    process_id = await engine.start(flow)
    await engine.reaches(process_id, AWAITING)

    await answer(engine.runtime, fleet["ams-2"], 2)
    await answer(engine.runtime, fleet["ams-1"], 1)
    done = await engine.reaches(process_id, COMPLETED)
    with pytest.raises(CallbackClosed):
        await answer(engine.runtime, fleet["rtm-1"], 3)

    assert done.state["answers"] == {"ams-1": 1, "ams-2": 2}
    assert (await callback_rows(engine, process_id))["rtm-1"].status is CallbackStatus.WITHDRAWN


async def test_require_any_continues_with_the_first_result(offer: Offer) -> None:
    fleet = Fleet()
    engine = await offer(flow := configures(fleet, require="any"))
    process_id = await engine.start(flow)
    await engine.reaches(process_id, AWAITING)

    await fail(engine.runtime, fleet["ams-1"], "no route to host")
    await answer(engine.runtime, fleet["rtm-1"], 3)
    done = await engine.reaches(process_id, COMPLETED)

    assert done.state["answers"] == {"rtm-1": 3}
    assert done.state["failures"]["ams-1"]["code"] == "playbook-failed"


async def test_too_few_results_fail_the_wait_when_no_more_can_arrive_and_name_the_missing(offer: Offer) -> None:
    fleet = Fleet()
    engine = await offer(flow := configures(fleet, timeout=600))
    process_id = await engine.start(flow)
    await engine.reaches(process_id, AWAITING)

    await fail(engine.runtime, fleet["ams-1"], "no route to host")
    await answer(engine.runtime, fleet["ams-2"], 2)
    still = await engine.process(process_id)
    engine.turn(600)
    failed = await engine.reaches(process_id, FAILED)

    assert still.status is AWAITING
    assert failed.failure is not None
    assert failed.failure.code == "callbacks-incomplete"
    assert failed.failure.message == "1 of 3 callbacks were answered; 3 are required."
    assert failed.failure.details["answered"] == ["ams-2"]
    failures = failed.failure.details["failures"]
    assert {name: failure["code"] for name, failure in failures.items()} == {
        "ams-1": "playbook-failed",
        "rtm-1": "callback-expired",
    }


async def test_an_operator_can_act_on_each_missing_result_alone(offer: Offer) -> None:
    fleet = Fleet()
    engine = await offer(flow := configures(fleet, timeout=600))
    process_id = await engine.start(flow)
    await engine.reaches(process_id, AWAITING)
    await answer(engine.runtime, fleet["ams-2"], 2)
    engine.turn(600)
    await engine.reaches(process_id, FAILED)

    ids = {name: callback.id for name, callback in (await callback_rows(engine, process_id)).items()}
    await reawait_callback(engine.runtime, ADA, callback_id=ids["ams-1"], timeout=60)
    await engine.reaches(process_id, AWAITING)
    await answer(engine.runtime, fleet["ams-1"], 1)
    await engine.reaches(process_id, FAILED)
    await reissue_callback(engine.runtime, ADA, callback_id=ids["rtm-1"])
    await engine.reaches(process_id, AWAITING)
    await answer(engine.runtime, fleet["rtm-1"], 3)
    done = await engine.reaches(process_id, COMPLETED)

    assert done.state["answers"] == {"ams-1": 1, "ams-2": 2, "rtm-1": 3}
    assert [sorted(call) for call in fleet.calls] == [sorted(ROUTERS), ["rtm-1"]]


async def test_a_typed_result_for_a_name_leaves_the_others_waiting(offer: Offer) -> None:
    fleet = Fleet()
    engine = await offer(flow := configures(fleet))
    process_id = await engine.start(flow)
    await engine.reaches(process_id, AWAITING)
    id = (await callback_rows(engine, process_id))["ams-1"].id

    await complete_callback(engine.runtime, ADA, callback_id=id, result=1, reason="seen on the device")
    await answer(engine.runtime, fleet["ams-2"], 2)
    still = await engine.process(process_id)
    await answer(engine.runtime, fleet["rtm-1"], 3)
    done = await engine.reaches(process_id, COMPLETED)

    assert still.status is AWAITING
    assert done.state["answers"] == {"ams-1": 1, "ams-2": 2, "rtm-1": 3}


async def test_the_names_may_come_from_the_state(offer: Offer) -> None:
    fleet = Fleet()

    async def sites(state: State) -> list[str]:
        return [f"{state['site']}-{number}" for number in (1, 2)]

    def form() -> Any:
        return {"site": "lon"}

    flow = configures(fleet, expect=sites)
    started = Workflow(name=flow.name, steps=flow.steps, initial_form=form)
    engine = await offer(started)
    process_id = await engine.start(started)
    await engine.reaches(process_id, AWAITING)
    await answer(engine.runtime, fleet["lon-1"], 1)
    await answer(engine.runtime, fleet["lon-2"], 2)
    done = await engine.reaches(process_id, COMPLETED)

    assert done.state["answers"] == {"lon-1": 1, "lon-2": 2}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "0 names"),
        (["a", "a"], "twice"),
        ("ams-1", "must be a list"),
        ([1], "is 1: give it a text"),
        (["a"], "2 are required"),
    ],
)
async def test_invalid_names_fail_the_process_before_the_action_runs(offer: Offer, names: Any, message: str) -> None:
    fleet = Fleet()
    engine = await offer(flow := configures(fleet, expect=lambda _: names, require=2))
    process_id = await engine.start(flow)

    failed = await engine.reaches(process_id, FAILED)

    assert failed.failure is not None
    assert failed.failure.code == "bad-expect"
    assert message in failed.failure.message
    assert fleet.calls == []


async def test_a_function_for_the_names_that_raises_fails_the_process(offer: Offer) -> None:
    def broken(_: State) -> list[str]:
        raise ProcessFailureError("the inventory is away")

    fleet = Fleet()
    engine = await offer(flow := configures(fleet, expect=broken))
    process_id = await engine.start(flow)

    failed = await engine.reaches(process_id, FAILED)

    assert failed.failure is not None
    assert failed.failure.message == "the inventory is away"
