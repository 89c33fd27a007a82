"""What becomes of steps, on both databases: what they add, how they fail, and how they are tried again."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Offer
from support.operator import ADA
from support.remote import Remote, answer

from orchestrator_gql import begin, callback_step, conditional, retrystep, step
from orchestrator_gql.commands.processes.abort_process import abort_process
from orchestrator_gql.commands.processes.retry_process import retry_process
from orchestrator_gql.engine.runner import advance
from orchestrator_gql.process import Process
from orchestrator_gql.storage import timers
from orchestrator_gql.types import EventKind, ProcessStatus, State, StepStatus
from orchestrator_gql.utils.errors import InvalidState, NotFound, ProcessFailureError, StaleVersion
from orchestrator_gql.utils.tokens import new_id
from orchestrator_gql.workflow import StepList, Workflow, workflow

FAILED, COMPLETED, ABORTED = ProcessStatus.FAILED, ProcessStatus.COMPLETED, ProcessStatus.ABORTED


def of(*steps: Any, name: str = "steps") -> Workflow:
    """A workflow of these steps."""

    def listed() -> StepList:
        found = begin
        for one in steps:
            found = found >> one
        return found

    listed.__name__ = name
    return workflow("Steps")(listed)


def failing(body: Callable[[], Any]) -> Workflow:
    """A workflow of one step with that body."""
    return of(step("Fail")(body))


async def fails(offer: Offer, played: Workflow) -> Process:
    """The process of the workflow, failed."""
    engine = await offer(played)
    return await engine.reaches(await engine.start(played), FAILED)


async def test_steps_that_are_functions_and_coroutines_pass_what_they_add_to_the_next(offer: Offer) -> None:
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

    played = of(first, second, third)
    engine = await offer(played)
    process_id = await engine.start(played)

    ended = await engine.reaches(process_id, COMPLETED)
    assert ended.state == {"vlan": 101, "node": "ams-1"}
    assert threads == [False, True]
    assert [one.delta for one in await engine.steps(process_id)] == [{"vlan": 100, "node": "ams-1"}, {"vlan": 101}, {}]


async def test_a_retrystep_waits_longer_each_time_and_fails_after_its_last_try(offer: Offer) -> None:
    calls: list[int] = []

    @retrystep("Ask the inventory", attempts=3, delay=10, factor=2)
    async def ask() -> None:
        calls.append(len(calls))
        raise ConnectionError("inventory is away")

    played = of(ask)
    engine = await offer(played)
    process_id = await engine.start(played)
    await engine.reaches(process_id, ProcessStatus.WAITING)
    (first,) = await engine.steps(process_id)
    engine.turn(10)

    async def second_wait() -> bool:
        (record,) = await engine.steps(process_id)
        return record.status is StepStatus.WAITING and record.tries == 2

    await engine.until(second_wait, told="the second pause")
    (second,) = await engine.steps(process_id)
    engine.turn(20)
    failed = await engine.reaches(process_id, FAILED)

    assert first.retry_at is not None
    assert second.retry_at is not None
    assert (second.retry_at - first.retry_at).total_seconds() == 20
    assert calls == [0, 1, 2]
    assert failed.failure is not None
    assert failed.failure.message == "ConnectionError: inventory is away"


async def test_the_deadline_of_a_callback_does_not_bring_the_retry_of_its_action_forward(offer: Offer) -> None:
    calls: list[str] = []

    @retrystep("Call", attempts=2, delay=100)
    async def call(callback_route: str) -> None:
        calls.append(callback_route)
        raise ConnectionError("the service is away")

    @step("Accept")
    def accept(callback_result: Any) -> None: ...

    played = of(callback_step("Playbook", call, accept, timeout=50))
    engine = await offer(played)
    process_id = await engine.start(played)
    waiting = await engine.reaches(process_id, ProcessStatus.WAITING)

    async def only_the_retry_is_left() -> bool:
        assert waiting.record is not None
        return await engine.read(timers.next_due) == waiting.record.retry_at

    engine.turn(60)
    await engine.until(only_the_retry_is_left, told="the deadline to fire")

    assert (await engine.process(process_id)).status is ProcessStatus.WAITING
    assert len(calls) == 1


async def test_a_step_that_takes_longer_than_its_timeout_fails(offer: Offer) -> None:
    @step("Hang", timeout=0.05)
    async def hang() -> None:
        await asyncio.Event().wait()

    failed = await fails(offer, of(hang))

    assert failed.failure is not None
    assert failed.failure.code == "step-timeout"


async def test_an_abort_of_a_running_process_holds_and_what_its_step_returns_is_discarded(offer: Offer) -> None:
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

    played, other = of(long, following), of(short, name="other")
    engine = await offer(played, other)
    process_id = await engine.start(played)
    await begun.wait()

    await abort_process(engine.runtime, ADA, process_id=process_id, reason="wrong site")
    go.set()
    await engine.reaches(await engine.start(other), COMPLETED)
    await advance(engine.runtime, process_id)
    aborted = await engine.process(process_id)

    assert aborted.status is ABORTED
    assert aborted.state == {}
    assert followed == []
    assert [one.status for one in await engine.steps(process_id)] == [StepStatus.ABORTED]
    last = (await engine.events(process_id))[-1]
    assert (last.payload["to"], last.payload["reason"], last.actor) == (ABORTED, "wrong site", "ada")


async def test_a_verb_that_does_not_fit_the_process_is_refused(offer: Offer) -> None:
    @step("Short")
    async def short() -> None: ...

    played = of(short)
    engine = await offer(played)
    process_id = await engine.start(played)
    ended = await engine.reaches(process_id, COMPLETED)

    with pytest.raises(InvalidState):
        await abort_process(engine.runtime, ADA, process_id=process_id)
    with pytest.raises(InvalidState):
        await retry_process(engine.runtime, ADA, process_id=process_id)
    with pytest.raises(StaleVersion):
        await abort_process(engine.runtime, ADA, process_id=process_id, expected_version=ended.version - 1)
    with pytest.raises(NotFound):
        await abort_process(engine.runtime, ADA, process_id=new_id())


async def test_a_condition_over_several_steps_is_asked_once_and_its_answer_holds(offer: Offer) -> None:
    asked: list[int] = []

    def is_large(state: State) -> bool:
        asked.append(state["size"])
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

    played = of(measure, conditional(is_large)(begin >> shrink >> note), conditional(is_large)(note))
    engine = await offer(played)
    process_id = await engine.start(played)

    ended = await engine.reaches(process_id, COMPLETED)
    assert asked == [11, 1]
    assert ended.state == {"size": 1, "noted": 1}
    assert [one.status for one in await engine.steps(process_id)] == ["SUCCESS", "SUCCESS", "SUCCESS", "SKIPPED"]


async def test_a_result_over_the_limit_fails_and_says_which_key_is_large(offer: Offer) -> None:
    def body() -> State:
        return {"config": "x" * 1_048_576, "small": 1}

    failed = await fails(offer, failing(body))

    assert failed.failure is not None
    assert failed.failure.code == "result-too-large"
    assert "'config'" in failed.failure.message
    assert failed.state == {}


async def test_a_result_that_is_not_json_fails_and_names_its_key(offer: Offer) -> None:
    def body() -> State:
        return {"session": {"socket": object()}}

    failed = await fails(offer, failing(body))

    assert failed.failure is not None
    assert failed.failure.code == "not-json"
    assert "session.socket" in failed.failure.message


async def test_a_result_that_is_no_dict_fails_clearly(offer: Offer) -> None:
    def body() -> Any:
        return ["a", "list"]

    failed = await fails(offer, failing(body))

    assert failed.failure is not None
    assert failed.failure.code == "bad-result"


async def test_a_missing_argument_fails_with_its_name(offer: Offer) -> None:
    @step("Needs a node")
    def needs(node: str) -> None: ...

    failed = await fails(offer, of(needs))

    assert failed.failure is not None
    assert failed.failure.code == "missing-argument"
    assert "`node`" in failed.failure.message


async def test_a_step_that_asks_an_empty_iterator_for_more_fails_instead_of_hanging(offer: Offer) -> None:
    def body() -> State:
        return {"first": next(iter([]))}

    failed = await fails(offer, failing(body))

    assert failed.failure is not None
    assert "StopIteration" in failed.failure.message


async def test_a_condition_that_asks_an_empty_iterator_for_more_fails_instead_of_hanging(offer: Offer) -> None:
    @step("Never")
    async def never() -> None: ...

    failed = await fails(offer, of(conditional(lambda state: next(iter([])))(never)))

    assert failed.failure is not None
    assert "StopIteration" in failed.failure.message


async def test_a_step_whose_own_task_was_cancelled_fails_instead_of_hanging(offer: Offer) -> None:
    async def body() -> None:
        task = asyncio.ensure_future(asyncio.Event().wait())
        task.cancel()
        await task

    failed = await fails(offer, failing(body))

    assert failed.failure is not None
    assert failed.failure.code == "step-raised"


async def test_a_step_that_exits_fails_its_process_and_not_the_server(offer: Offer) -> None:
    def body() -> None:
        raise SystemExit(3)

    failed = await fails(offer, failing(body))

    assert failed.failure is not None
    assert failed.failure.message == "SystemExit: 3"


async def test_no_url_or_token_is_ever_stored_whatever_the_action_returns_or_says(offer: Offer) -> None:
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

    ids = [await engine.start(one) for one in (good, polite, impolite)]
    await engine.reaches(ids[1], FAILED)
    dead = await engine.reaches(ids[2], FAILED)
    waiting = await engine.reaches(ids[0], ProcessStatus.AWAITING_CALLBACK)

    assert set(waiting.state) == {"log", "nested"}
    assert waiting.state["nested"] == [{"to": waiting.state["nested"][0]["to"].rsplit("/", 1)[0] + "/[callback token]"}]
    assert dead.failure is not None
    assert dead.failure.message.endswith("/[callback token]")
    written = [repr(await engine.process(id)) + repr(await engine.steps(id)) for id in ids]
    written += [repr(event) for event in await engine.events()]
    assert not [token for token in remote.tokens if any(token in text for text in written)]
    assert "[callback token]" in written[2]


async def test_a_result_that_repeats_the_stored_one_costs_nothing(offer: Offer) -> None:
    remote = Remote()

    @step("Give it back")
    def give_back(callback_result: Any) -> State:
        return {"callback_result": callback_result, "is_accepted": True}

    played = of(callback_step("Big", remote.action(), give_back))
    engine = await offer(played)
    process_id = await engine.start(played)

    await answer(engine.runtime, await remote.asked(), {"output": "x" * 2_000_000})
    ended = await engine.reaches(process_id, COMPLETED)

    assert len(ended.state["callback_result"]["output"]) == 2_000_000
    assert (await engine.steps(process_id))[-1].delta == {"is_accepted": True}


async def test_waking_a_process_many_times_while_its_step_runs_makes_one_call(offer: Offer) -> None:
    calls: list[str] = []
    begun, go = asyncio.Event(), asyncio.Event()

    @step("Once")
    async def once() -> None:
        calls.append("once")
        begun.set()
        await go.wait()

    played = of(once)
    engine = await offer(played)
    process_id = await engine.start(played)
    await begun.wait()

    await asyncio.gather(*(advance(engine.runtime, process_id) for _ in range(100)))
    go.set()

    await engine.reaches(process_id, COMPLETED)
    assert calls == ["once"]


async def test_events_of_a_process_tell_every_status_its_steps_went_through(offer: Offer) -> None:
    @step("Try")
    async def attempt() -> None:
        raise ProcessFailureError("no")

    played = of(attempt)
    engine = await offer(played)
    process_id = await engine.start(played)
    await engine.reaches(process_id, FAILED)
    await retry_process(engine.runtime, ADA, process_id=process_id)

    async def failed_twice() -> bool:
        return len(await engine.steps(process_id)) == 2 and (await engine.process(process_id)).status is FAILED

    await engine.until(failed_twice, told="the second failure")
    told = await engine.events(process_id, EventKind.STEP_CHANGED)
    assert [(e.payload["from"], e.payload["to"], e.payload["attempt"]) for e in told] == [
        (None, "RUNNING", 1),
        ("RUNNING", "FAILED", 1),
        (None, "RUNNING", 2),
        ("RUNNING", "FAILED", 2),
    ]
