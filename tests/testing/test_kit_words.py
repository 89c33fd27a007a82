"""The messages of the kit if a test expects another state, or if the kit cannot do what the test wants."""

import asyncio
import logging
from typing import Any

import httpx
import pytest
from authored import PAGES, configure_node, run_playbook

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.app import assemble
from orchestrator_gql.engine.workers import timers
from orchestrator_gql.testing import Kit, Remote
from orchestrator_gql.testing.clock import TurnableClock
from orchestrator_gql.testing.engine import own_settings
from orchestrator_gql.testing.waiting import until
from orchestrator_gql.utils.errors import (
    NotFound,
    ProcessFailureError,
    SettingsError,
    WorkflowDefinitionError,
)
from orchestrator_gql.workflow import StepList, workflow
from orchestrator_gql.workflows.registry import Registry


@step("Break")
def break_down(node: str) -> None:
    raise ProcessFailureError(f"{node} is broken", details={"slot": 3})


@step("Stumble")
def stumble() -> None:
    raise KeyError("inventory")


@workflow()
def breaking() -> StepList:
    return begin >> stumble


async def test_a_process_in_another_status_is_described_with_its_failure_and_its_trace() -> None:
    async with Kit(breaking) as kit:
        run = await kit.start(breaking)
        with pytest.raises(AssertionError) as failure:
            await run.rests("COMPLETED")

    message = str(failure.value)
    assert "Expected COMPLETED: process 'breaking' rests FAILED at step 1, 'Stumble'" in message
    assert "step-raised: KeyError: 'inventory'" in message
    assert 'raise KeyError("inventory")' in message


async def test_a_process_that_does_not_rest_in_time_is_named_with_the_step_that_runs() -> None:
    held = asyncio.Event()

    @step("Hold")
    async def hold() -> None:
        await held.wait()

    @workflow()
    def holding() -> StepList:
        return begin >> hold

    async with Kit(holding, patience=0.2) as kit:
        run = await kit.start(holding)
        with pytest.raises(AssertionError) as after_rest:
            await run.rests()
        with pytest.raises(AssertionError) as after_turn:
            await kit.turn(hours=1)
        held.set()
        await run.rests("COMPLETED")

    place = "process 'holding' is RUNNING at step 1, 'Hold'"
    assert str(after_rest.value) == f"waited 0.2 seconds in vain for the process to rest: {place}"
    assert str(after_turn.value) == f"waited 0.2 seconds in vain for every process to rest: {place}"


async def test_the_state_of_a_process_that_asks_nothing_is_reported() -> None:
    async with Kit(breaking) as kit:
        run = await kit.start(breaking)
        with pytest.raises(AssertionError, match=r"No action received a callback URL: process 'breaking' rests FAILED"):
            await run.answer({})
        with pytest.raises(AssertionError, match=r"No form is open: process 'breaking' rests FAILED"):
            await run.confirm()
        with pytest.raises(AssertionError, match=r"No form is open"):
            await run.page()


async def test_a_timeout_inside_the_condition_is_not_reported_as_the_end_of_the_patience() -> None:
    async def look() -> None:
        raise TimeoutError("the inventory took too long")

    runtime = assemble(own_settings(), Registry(), TurnableClock())

    with pytest.raises(TimeoutError, match="the inventory took too long"):
        await until(runtime, look, awaited="never", patience=60)


async def test_time_that_cannot_be_turned_is_an_error_and_not_an_endless_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> int:
        raise RuntimeError("the timer is broken")

    monkeypatch.setattr(timers, "fire", broken)
    async with asyncio.timeout(60), Kit(configure_node, instead={run_playbook.name: lambda: None}, patience=0.5) as kit:
        await kit.start(configure_node, *PAGES)
        with pytest.raises(AssertionError, match="in vain for the due timers to fire"):
            await kit.turn(hours=24)


async def test_a_stand_in_replaces_a_step_and_its_arguments_are_bound_like_a_steps() -> None:
    calls: list[Any] = []

    async def place(node: str, port: int, state: dict[str, Any], **_: Any) -> dict[str, Any]:
        calls.append((node, port, sorted(state)))
        return {"job": 7}

    async with Kit(configure_node, instead={"Run the playbook": place}) as kit:
        run = await kit.start(configure_node, *PAGES)
        waiting = await run.rests("AWAITING_CALLBACK")
        await run.answer({"return_code": 0})
        await run.rests("SUSPENDED")

    (arguments,) = calls
    assert arguments[:2] == ("ams-1", 3)
    assert waiting.state["job"] == 7


async def test_a_stand_in_for_an_unknown_step_is_refused_with_the_known_names() -> None:
    with pytest.raises(WorkflowDefinitionError, match=r"'Run a playbook'.*'Judge the result', 'Run the playbook'\."):
        Kit(configure_node, instead={"Run a playbook": lambda: None})


async def test_a_stand_in_remote_plays_a_service_that_is_away_or_refuses() -> None:
    def away(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route to host")

    with Remote(away):
        async with Kit(configure_node) as kit:
            run = await kit.start(configure_node, *PAGES)
            failed = await run.rests("FAILED")
    with Remote(lambda _: httpx.Response(503)) as remote:
        async with Kit(configure_node) as kit:
            refused = await (await kit.start(configure_node, *PAGES)).rests("FAILED")

    assert failed.failure is not None
    assert failed.failure.message == "ConnectError: no route to host"
    assert refused.failure is not None
    assert "503" in refused.failure.message
    assert len(remote.requests) == 1


async def test_a_stand_in_remote_answers_async_clients_and_lets_others_be_when_its_block_ends() -> None:
    before = httpx.AsyncHTTPTransport.handle_async_request

    with Remote() as remote:
        async with httpx.AsyncClient(trust_env=False) as client:
            response = await client.post("http://ansible-proxy/api", json={"node": "ams-1"})

    assert response.status_code == 202
    assert response.json() == {}
    assert remote.orders == [{"node": "ams-1"}]
    assert httpx.AsyncHTTPTransport.handle_async_request is before


async def test_the_settings_are_the_test_s_own_and_a_misspelled_name_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ORCHESTRATOR_DATABASE_URL", "postgresql+psycopg://nowhere/none")
    monkeypatch.setenv("ORCHESTRATOR_PUBLIC_URL", "https://production.example")

    async with Kit(configure_node, instead={run_playbook.name: lambda: None}, callback_timeout=60) as kit:
        run = await kit.start(configure_node, *PAGES)
        callback = await run.callback()
    with pytest.raises(SettingsError, match="callback_timout"):
        async with Kit(configure_node, callback_timout=60):
            pass

    assert "production" not in callback.url


async def test_a_workflow_that_is_not_deployed_cannot_be_started() -> None:
    async with Kit(breaking) as kit:
        with pytest.raises(NotFound):
            await kit.start(configure_node, *PAGES)


async def test_the_token_is_in_no_state_no_log_line_and_no_message_of_the_kit(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @step("Order")
    def talkative(callback_url: str, state: dict[str, Any]) -> dict[str, Any]:
        raise ValueError(callback_url)

    @workflow()
    def ordering() -> StepList:
        return begin >> callback_step("Order", talkative, break_down)

    caplog.set_level(logging.DEBUG, "orchestrator_gql")
    async with Kit(ordering) as kit:
        run = await kit.start(ordering)
        with pytest.raises(AssertionError) as failure:
            await run.rests("COMPLETED")
        process = await run.process()
        (callback,) = run.callbacks

    assert callback.url.endswith(callback.token)
    for text in (failure.value, repr(callback), repr(run), repr(process), caplog.text):
        assert callback.token not in str(text)
