"""The kit as authors use it: a workflow from its start form to its end, and the ways in which it can fail."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any

import pytest
from authored import PAGES, configure_node

from orchestrator_gql import begin, callback_step, retrystep, step
from orchestrator_gql.security import Permission
from orchestrator_gql.testing import Kit, Remote, person
from orchestrator_gql.types import ProcessStatus, StepStatus
from orchestrator_gql.utils.errors import (
    CallbackClosed,
    CallbackConflict,
    Forbidden,
    FormInvalid,
    InvalidState,
    PayloadInvalid,
    ProcessFailureError,
)
from orchestrator_gql.workflow import StepList, workflow


@pytest.fixture
def proxy() -> Iterator[Remote]:
    """The service that the workflow's action calls."""
    with Remote() as remote:
        yield remote


@pytest.fixture
async def kit(proxy: Remote) -> AsyncIterator[Kit]:
    """The author's workflow, deployed."""
    async with Kit(configure_node) as kit:
        yield kit


@step("Order")
def order(callback_route: str) -> None:
    """Nothing is sent anywhere: the kit knows the URL."""


@step("Judge")
def judge(callback_result: dict[str, Any]) -> None:
    """Accept every result."""


async def test_a_workflow_runs_from_its_start_form_to_its_end(kit: Kit, proxy: Remote) -> None:
    run = await kit.start(configure_node, *PAGES, by=person("Ada"))
    waiting = await run.rests(ProcessStatus.AWAITING_CALLBACK)
    await run.report({"percent": 50, "message": "halfway"})
    stored = await run.callbacks[0].stored()
    await run.answer({"return_code": 0, "output": ["PLAY", "ok=2"]})
    page = await run.page()
    await run.confirm(by=person("Bob"), comment="looks good")
    ended = await run.rests("COMPLETED")

    assert waiting.state == {"node": "ams-1", "port": 3, "note": "none"}
    assert proxy.orders == [{"playbook_name": "site.yml", "inventory": "ams-1", "callback": run.callbacks[0].url}]
    assert stored.progress is not None
    assert stored.progress["percent"] == 50
    assert page.is_confirmation
    assert page.initial_data == {"output": "PLAY\nok=2"}
    assert ended.created_by == "ada"
    assert ended.state["is_confirmed"] is True
    assert [(execution.name, execution.status, execution.actor) for execution in await run.steps()] == [
        ("Run the playbook", StepStatus.SUCCESS, None),
        ("Configure - Await callback", StepStatus.SUCCESS, None),
        ("Judge the result", StepStatus.SUCCESS, None),
        ("Confirm the result", StepStatus.SUCCESS, "bob"),
    ]


async def test_a_wait_of_24_hours_expires_in_a_moment(kit: Kit) -> None:
    run = await kit.start(configure_node, *PAGES)
    await run.rests("AWAITING_CALLBACK")
    began, began_at = time.monotonic(), kit.now

    await kit.turn(hours=23, minutes=59, seconds=59)
    still = await run.process()
    await kit.turn(seconds=1)
    failed = await run.rests("FAILED")

    assert time.monotonic() - began < 60, "a busy machine may take seconds, a real wait would take a day"
    assert (kit.now - began_at).total_seconds() == 86_400
    assert still.status is ProcessStatus.AWAITING_CALLBACK
    assert failed.failure is not None
    assert failed.failure.code == "callback-expired"
    with pytest.raises(CallbackClosed) as late:
        await run.answer({"return_code": 0})
    assert late.value.is_expired


async def test_a_retrystep_succeeds_at_its_third_try_when_the_clock_is_turned() -> None:
    tries: list[int] = []

    @retrystep("Ask the inventory", attempts=5, delay=600, factor=2)
    async def ask() -> dict[str, Any]:
        tries.append(len(tries) + 1)
        if len(tries) < 3:
            raise ConnectionError("the inventory is away")
        return {"site": "ams"}

    @workflow()
    def looking() -> StepList:
        return begin >> ask

    async with Kit(looking) as kit:
        run = await kit.start(looking)
        waiting = await run.rests("WAITING")
        began = kit.now
        await kit.turn(minutes=10)
        again = await run.rests("WAITING")
        await kit.turn(hours=6)
        ended = await run.rests("COMPLETED")

    assert tries == [1, 2, 3]
    assert waiting.execution is not None
    assert waiting.execution.failure is not None
    assert "the inventory is away" in waiting.execution.failure.message
    assert again.execution is not None
    assert again.execution.retry_at is not None
    assert (again.execution.retry_at - began).total_seconds() == 600 + 1200
    assert ended.state == {"site": "ams"}
    assert ended.ended_at == again.execution.retry_at  # each wait ended at its own instant, not at the end of the turn


async def test_a_long_turn_fires_everything_that_falls_due_meanwhile() -> None:
    tried_at: list[datetime] = []

    @retrystep("Ask the inventory", attempts=3, delay=600, factor=2)
    def ask() -> None:
        tried_at.append(engine.now)
        raise ConnectionError("the inventory is away")

    @workflow()
    def looking() -> StepList:
        return begin >> ask

    async with Kit(looking) as engine:
        run = await engine.start(looking)
        await engine.turn(days=1)
        await run.rests("FAILED")

    assert [(at - tried_at[0]).total_seconds() for at in tried_at] == [0, 600, 1800]


async def test_silence_ends_a_wait_and_a_report_of_progress_extends_it() -> None:
    @workflow()
    def ordering() -> StepList:
        return begin >> callback_step("Order", order, judge, heartbeat_timeout=30)

    async with Kit(ordering) as kit:
        run = await kit.start(ordering)
        await kit.turn(seconds=29)
        await run.report("still there")
        await kit.turn(seconds=29)
        alive = await run.process()
        await kit.turn(seconds=1)
        lost = await run.rests("FAILED")

    assert alive.status is ProcessStatus.AWAITING_CALLBACK
    assert lost.failure is not None
    assert lost.failure.code == "heartbeat-lost"


async def test_a_form_of_two_pages_shows_each_and_names_the_field_that_is_wrong(kit: Kit) -> None:
    first = await kit.page(configure_node)
    second = await kit.page(configure_node, {"node": "ams-1"})
    with pytest.raises(FormInvalid) as refused:
        await kit.start(configure_node, {"node": "ams-1"}, {"port": "three"})
    with pytest.raises(AssertionError, match=r"asks for one more page, 'Port': port, note\."):
        await kit.start(configure_node, {"node": "ams-1"})
    with pytest.raises(AssertionError, match="asks for nothing after these 2 pages"):
        await kit.page(configure_node, *PAGES)

    assert list(first.schema["properties"]) == ["node"]
    assert second.title == "Port"
    assert second.initial_data == {"note": "none"}
    assert [(error.path, error.type) for error in refused.value.errors] == [(("port",), "int_parsing")]
    assert "page 2, 'Port'" in refused.value.message


async def test_a_callback_may_be_answered_before_its_action_has_returned() -> None:
    go_on = asyncio.Event()

    @step("Order and dawdle")
    async def dawdle(callback_url: str) -> None:
        await go_on.wait()

    @workflow()
    def ordering() -> StepList:
        return begin >> callback_step("Order", dawdle, judge)

    async with Kit(ordering) as kit:
        run = await kit.start(ordering)
        await run.answer({"rc": 0})
        early = await run.callbacks[0].stored()
        meanwhile = await run.process()
        go_on.set()
        ended = await run.rests("COMPLETED")

    assert early.is_early
    assert meanwhile.status is ProcessStatus.RUNNING
    assert ended.state == {"callback_result": {"rc": 0}}


async def test_a_retry_judges_the_stored_result_again_without_asking_the_remote_service_again() -> None:
    accepted = {0}

    @step("Judge")
    def strict(callback_result: dict[str, Any]) -> None:
        if callback_result["rc"] not in accepted:
            raise ProcessFailureError("The playbook failed", details=callback_result)

    @workflow()
    def ordering() -> StepList:
        return begin >> callback_step("Order", order, strict)

    async with Kit(ordering) as kit:
        run = await kit.start(ordering)
        await run.answer({"rc": 2})
        failed = await run.rests("FAILED")
        rejected = await run.callbacks[0].stored()
        accepted.add(2)
        await run.retry(by=person("Ada"))
        await run.rests("COMPLETED")
        judged = [
            (execution.status, execution.entered_by) for execution in await run.steps() if execution.name == "Judge"
        ]

    assert failed.failure is not None
    assert (failed.failure.message, failed.failure.details) == ("The playbook failed", {"rc": 2})
    assert rejected.status == "REJECTED"
    assert judged == [("FAILED", "advance"), ("SUCCESS", "retry")]
    assert len(run.callbacks) == 1


async def test_a_refused_answer_is_raised_as_a_typed_error(kit: Kit) -> None:
    run = await kit.start(configure_node, *PAGES)

    with pytest.raises(PayloadInvalid) as invalid:
        await run.answer({"output": ["no return code"]})
    first = await run.answer({"return_code": 0})
    await run.rests("SUSPENDED")
    again = await run.answer({"return_code": 0})
    with pytest.raises(CallbackConflict):
        await run.answer({"return_code": 1})
    with pytest.raises(CallbackConflict):
        await run.report("still there")

    assert invalid.value.is_contract
    assert [error.pointer for error in invalid.value.errors] == ["/return_code"]
    assert again.is_duplicate
    assert again.receipt == first.receipt


async def test_a_remote_service_may_report_that_it_failed(kit: Kit) -> None:
    run = await kit.start(configure_node, *PAGES)
    await run.fail("ams-1 is unreachable", code="unreachable", details={"host": "ams-1"})
    failed = await run.rests("FAILED")

    assert failed.failure is not None
    assert (failed.failure.code, failed.failure.details) == ("unreachable", {"host": "ams-1"})
    with pytest.raises(InvalidState):
        await run.retry()


async def test_an_abort_ends_a_process_and_withdraws_its_url(kit: Kit) -> None:
    run = await kit.start(configure_node, *PAGES)
    await run.rests("AWAITING_CALLBACK")
    await run.abort("wrong node")
    await run.rests("ABORTED")

    with pytest.raises(CallbackClosed):
        await run.answer({"return_code": 0})
    with pytest.raises(InvalidState):
        await run.abort()


async def test_a_person_without_the_permission_is_refused_and_the_form_stays_open(kit: Kit) -> None:
    run = await kit.start(configure_node, *PAGES)
    await run.answer({"return_code": 0})
    with pytest.raises(Forbidden):
        await run.confirm(by=person("Eve", Permission.READ))
    await run.confirm()

    await run.rests("COMPLETED")


async def test_several_processes_run_at_once_each_with_its_own_callback() -> None:
    @workflow()
    def ordering() -> StepList:
        return begin >> callback_step("Order", order, judge) >> callback_step("Order more", order, judge)

    async with Kit(ordering) as kit:
        runs = [await kit.start(ordering) for _ in range(5)]
        for number, run in enumerate(runs):
            await run.answer({"number": number})
        await kit.rests()
        between = [(await run.process()).state["callback_result"]["number"] for run in runs]
        await asyncio.gather(*(run.answer({"number": -number}) for number, run in enumerate(runs)))
        ended = [await run.rests("COMPLETED") for run in runs]

    assert between == [0, 1, 2, 3, 4]
    assert [process.state["callback_result"]["number"] for process in ended] == [0, -1, -2, -3, -4]
    assert [len(run.callbacks) for run in runs] == [2] * 5
    assert len({callback.token for run in runs for callback in run.callbacks}) == 10


async def test_consecutive_answers_go_to_consecutive_callbacks() -> None:
    @workflow()
    def ordering() -> StepList:
        return begin >> callback_step("First", order, judge) >> callback_step("Second", order, judge)

    async with Kit(ordering) as kit:
        run = await kit.start(ordering)
        await run.answer({"part": 1})
        await run.answer({"part": 2})
        await run.rests("COMPLETED")
        results = [(await callback.stored()).result_preview for callback in run.callbacks]

    assert results == ['{"part":1}', '{"part":2}']


async def test_an_action_that_failed_hands_out_a_new_url_when_it_is_retried() -> None:
    fails = [True]

    @step("Order")
    def unlucky(callback_route: str) -> None:
        if fails.pop():
            fails.append(False)
            raise ProcessFailureError("The proxy was away")

    @workflow()
    def ordering() -> StepList:
        return begin >> callback_step("Order", unlucky, judge)

    async with Kit(ordering) as kit:
        run = await kit.start(ordering)
        await run.rests("FAILED")
        await run.retry()
        await run.answer({"rc": 0})
        await run.rests("COMPLETED")

    assert len(run.callbacks) == 2
