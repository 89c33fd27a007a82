"""Steps run once, receive the state and add to it, on both databases."""

import asyncio
import threading
from typing import Any

import pytest
from conftest import Offer
from support.operator import ADA
from support.playbooks import of
from support.remote import Remote, answer

from orchestrator_gql import begin, callback_step, conditional, step
from orchestrator_gql.commands.processes import abort_process, retry_process, update_process_note
from orchestrator_gql.engine.runner import advance
from orchestrator_gql.types import EventKind, ProcessStatus, State, StepStatus
from orchestrator_gql.utils.errors import InvalidState, NotFound, ProcessFailureError, StaleVersion
from orchestrator_gql.utils.json.stored import Stored
from orchestrator_gql.utils.tokens import new_id

FAILED, COMPLETED, ABORTED = ProcessStatus.FAILED, ProcessStatus.COMPLETED, ProcessStatus.ABORTED


async def test_functions_and_coroutines_pass_their_results_to_the_next_step(offer: Offer) -> None:
    threads: list[bool] = []

    @step("In a thread")
    def first() -> State:
        threads.append(threading.current_thread() is threading.main_thread())
        return {"vlan": 100, "node": "ams-1"}

    @step("On the loop")
    async def second(vlan: int) -> State:
        threads.append(threading.current_thread() is threading.main_thread())
        return {"vlan": vlan + 1}

    @step("Adds nothing")
    def third(state: State) -> None:
        state["vlan"] = 0

    flow = of(first, second, third)
    engine = await offer(flow)
    process_id = await engine.start(flow)

    ended = await engine.reaches(process_id, COMPLETED)
    assert ended.state == {"vlan": 101, "node": "ams-1"}
    assert threads == [False, True]
    assert [execution.delta for execution in await engine.steps(process_id)] == [
        {"vlan": 100, "node": "ams-1"},
        {"vlan": 101},
        {},
    ]


async def test_a_note_that_is_written_while_a_step_runs_stays_and_the_version_increases(offer: Offer) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    @step("Long")
    async def long() -> None:
        begun.set()
        await go.wait()

    flow = of(long)
    engine = await offer(flow)
    process_id = await engine.start(flow)
    await begun.wait()

    noted = await update_process_note(engine.runtime, ADA, process_id=process_id, note="call the customer first")
    go.set()

    ended = await engine.reaches(process_id, COMPLETED)
    changes = await engine.events(process_id, EventKind.PROCESS_STATUS_CHANGED)
    assert ended.note == "call the customer first"
    assert ended.version > noted.version
    assert changes[-1].payload["version"] == ended.version


async def test_an_abort_of_a_running_process_stays_and_the_result_of_its_step_is_discarded(offer: Offer) -> None:
    begun, go = asyncio.Event(), asyncio.Event()
    followed: list[str] = []

    @step("Long")
    async def long() -> State:
        begun.set()
        await go.wait()
        return {"is_done": True}

    @step("Next")
    async def following() -> None:
        followed.append("next")

    @step("Short")
    async def short() -> None: ...

    flow, other = of(long, following), of(short, name="other")
    engine = await offer(flow, other)
    process_id = await engine.start(flow)
    await begun.wait()

    await abort_process(engine.runtime, ADA, process_id=process_id, reason="wrong site")
    go.set()
    await engine.reaches(await engine.start(other), COMPLETED)
    await advance(engine.runtime, process_id)
    aborted = await engine.process(process_id)

    assert aborted.status is ABORTED
    assert aborted.state == {}
    assert followed == []
    assert [execution.status for execution in await engine.steps(process_id)] == [StepStatus.ABORTED]
    last = (await engine.events(process_id))[-1]
    assert (last.payload["to"], last.payload["reason"], last.actor) == (ABORTED, "wrong site", "ada")


async def test_a_command_that_does_not_fit_the_process_is_refused(offer: Offer) -> None:
    @step("Short")
    async def short() -> None: ...

    flow = of(short)
    engine = await offer(flow)
    process_id = await engine.start(flow)
    ended = await engine.reaches(process_id, COMPLETED)

    with pytest.raises(InvalidState):
        await abort_process(engine.runtime, ADA, process_id=process_id)
    with pytest.raises(InvalidState):
        await retry_process(engine.runtime, ADA, process_id=process_id)
    with pytest.raises(StaleVersion):
        await abort_process(engine.runtime, ADA, process_id=process_id, expected_version=ended.version - 1)
    with pytest.raises(NotFound):
        await abort_process(engine.runtime, ADA, process_id=new_id())


async def test_a_condition_over_several_steps_is_evaluated_once(offer: Offer) -> None:
    sizes: list[int] = []

    def is_large(state: State) -> bool:
        sizes.append(state["size"])
        return bool(state["size"] > 10)

    @step("Measure")
    async def measure() -> State:
        return {"size": 11}

    @step("Shrink")
    async def shrink() -> State:
        return {"size": 1}

    @step("Note")
    async def note(size: int) -> State:
        return {"noted": size}

    flow = of(measure, conditional(is_large)(begin >> shrink >> note), conditional(is_large)(note))
    engine = await offer(flow)
    process_id = await engine.start(flow)

    ended = await engine.reaches(process_id, COMPLETED)
    assert sizes == [11, 1]
    assert ended.state == {"size": 1, "noted": 1}
    assert [execution.status for execution in await engine.steps(process_id)] == [
        "SUCCESS",
        "SUCCESS",
        "SUCCESS",
        "SKIPPED",
    ]


async def test_no_url_or_token_is_stored_even_if_the_action_returns_or_raises_it(offer: Offer) -> None:
    remote = Remote()

    @step("Returns everything")
    async def returns(state: State) -> State:
        remote.take(state["callback_route"])
        return {**state, "log": f"POST {state['callback_url']}", "nested": [{"to": state["callback_route"]}]}

    @step("Says everything")
    async def says(callback_route: str, callback_url: str) -> None:
        remote.take(callback_route)
        raise ProcessFailureError(f"cannot reach {callback_url}", details={"url": callback_route})

    @step("Dies")
    async def dies(callback_url: str) -> None:
        raise RuntimeError(callback_url)

    @step("Accept")
    def accept(callback_result: Any) -> None: ...

    good = of(callback_step("Good", returns, accept), name="good")
    polite = of(callback_step("Polite", says, accept), name="polite")
    impolite = of(callback_step("Impolite", dies, accept), name="impolite")
    engine = await offer(good, polite, impolite)

    ids = [await engine.start(flow) for flow in (good, polite, impolite)]
    await engine.reaches(ids[1], FAILED)
    dead = await engine.reaches(ids[2], FAILED)
    waiting = await engine.reaches(ids[0], ProcessStatus.AWAITING_CALLBACK)

    assert set(waiting.state) == {"log", "nested"}
    assert waiting.state["nested"] == [{"to": waiting.state["nested"][0]["to"].rsplit("/", 1)[0] + "/[callback token]"}]
    assert dead.failure is not None
    assert dead.failure.message.endswith("/[callback token]")
    written = [repr(await engine.process(id)) + repr(await engine.steps(id)) for id in ids]
    written += [repr(event) for event in await engine.events()]
    assert remote.tokens
    assert not [token for token in remote.tokens if any(token in text for text in written)]
    assert "[callback token]" in written[2]


async def test_a_returned_result_that_is_stored_already_is_not_stored_again(offer: Offer) -> None:
    remote = Remote()

    @step("Give it back")
    def give_back(callback_result: Any) -> State:
        return {"callback_result": callback_result, "is_accepted": True}

    flow = of(callback_step("Big", remote.action(), give_back))
    engine = await offer(flow)
    process_id = await engine.start(flow)

    await answer(engine.runtime, await remote.asked(), {"output": "x" * 2_000_000})
    ended = await engine.reaches(process_id, COMPLETED)

    assert isinstance(ended.state["callback_result"], Stored)
    assert (await engine.steps(process_id))[-1].delta == {"is_accepted": True}


async def test_many_wake_ups_while_a_step_runs_make_a_single_call(offer: Offer) -> None:
    calls: list[str] = []
    begun, go = asyncio.Event(), asyncio.Event()

    @step("Once")
    async def once() -> None:
        calls.append("once")
        begun.set()
        await go.wait()

    flow = of(once)
    engine = await offer(flow)
    process_id = await engine.start(flow)
    await begun.wait()

    await asyncio.gather(*(advance(engine.runtime, process_id) for _ in range(100)))
    go.set()

    await engine.reaches(process_id, COMPLETED)
    assert calls == ["once"]
