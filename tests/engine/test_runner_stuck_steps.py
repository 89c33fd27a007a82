"""Steps that once ran for ever or never: outcomes that cannot be stored, cancelled predicates, uncertain claims."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import Offer
from pydantic import BaseModel, ConfigDict
from support.database import sqlite_url
from support.engine import engine_of
from support.operator import ADA
from support.playbooks import judge, of
from support.remote import Remote

from orchestrator_gql import callback_step, conditional, inputstep, step
from orchestrator_gql.app import assemble, dispatcher_of, running
from orchestrator_gql.commands.workflow_starts import Started, start_workflow
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.engine.steps import arguments, models
from orchestrator_gql.engine.workers.embedded import EmbeddedDispatcher
from orchestrator_gql.forms import FormPage
from orchestrator_gql.storage import input_requests
from orchestrator_gql.storage.database import connect
from orchestrator_gql.types import FormGenerator, ProcessStatus, State
from orchestrator_gql.utils.clock import WallClock
from orchestrator_gql.utils.errors import SettingsError, StorageUnavailable
from orchestrator_gql.workflow import ActionStep, AwaitStep, Step, StepList
from orchestrator_gql.workflows.registry import Registry

FAILED, COMPLETED = ProcessStatus.FAILED, ProcessStatus.COMPLETED


class NoSchema(BaseModel):
    """A contract that pydantic cannot describe as JSON Schema."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    function: Callable[[int], int]


def broken(**waits: Any) -> StepList:
    """A callback step with an invalid wait, which the checks of a definition normally refuse."""

    def unchecked(step: Step) -> Step:
        if isinstance(step, AwaitStep):
            return replace(step, **waits)
        if isinstance(step, ActionStep) and step.awaits is not None:
            return replace(step, awaits=replace(step.awaits, **waits))
        return step

    return callback_step("Playbook", Remote().action(), judge).map(unchecked)


@pytest.mark.parametrize("waits", [{"contract": NoSchema}, {"timeout": timedelta.max}])
async def test_a_wait_that_cannot_begin_fails_the_process_and_the_earlier_outcome_is_stored(
    offer: Offer, waits: dict[str, Any]
) -> None:
    ran: list[str] = []

    @step("Order")
    async def order() -> State:
        ran.append("order")
        return {"ordered": True}

    flow = of(order, broken(**waits))
    engine = await offer(flow, heartbeat=0.1)

    failed = await engine.reaches(await engine.start(flow), FAILED)

    assert failed.failure is not None
    assert (failed.failure.code, failed.state, failed.position) == ("cannot-be-stored", {"ordered": True}, 1)
    assert ran == ["order"]


async def test_a_first_step_that_cannot_begin_fails_the_process(offer: Offer) -> None:
    flow = of(broken(contract=NoSchema))
    engine = await offer(flow, heartbeat=0.1)

    failed = await engine.reaches(await engine.start(flow), FAILED)

    assert failed.failure is not None
    assert failed.failure.code == "cannot-be-stored"


async def test_a_predicate_that_awaits_a_cancelled_task_fails_its_process(offer: Offer) -> None:
    async def asks(_: State) -> bool:
        other = asyncio.ensure_future(asyncio.sleep(60))
        other.cancel()
        await other
        return True

    @step("Work")
    async def work() -> None: ...

    flow = of(conditional(asks)(work))
    engine = await offer(flow)

    failed = await engine.reaches(await engine.start(flow), FAILED)

    assert failed.failure is not None
    assert "CancelledError" in failed.failure.message


async def test_a_step_waits_for_an_unavailable_database_while_it_loads_its_arguments(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tries = models.load_models, list[str]()

    async def away_at_first(*args: Any) -> Any:
        tries.append("look")
        if len(tries) == 1:
            raise StorageUnavailable
        return await real(*args)

    @step("Work")
    async def work(state: State) -> State:
        return {"is_done": bool(state)}

    flow = of(work)
    engine = await offer(flow)
    monkeypatch.setattr(arguments, "load_models", away_at_first)

    ended = await engine.reaches(await engine.start(flow), COMPLETED)

    assert (ended.state, len(tries)) == ({"is_done": True}, 2)


async def test_a_process_with_an_uncertain_claim_is_not_released_while_its_step_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go = asyncio.Event(), asyncio.Event()
    calls: list[str] = []

    @step("Long")
    async def long() -> None:
        calls.append("long")
        began.set()
        await go.wait()

    async def away(_: object, unit: object) -> None:
        raise StorageUnavailable

    flow = of(long)
    settings = read_settings(database_url=sqlite_url(tmp_path), heartbeat=0.1, grace=5.0)
    runtime = assemble(settings, Registry([flow]), WallClock())
    dispatcher = dispatcher_of(runtime)
    assert isinstance(dispatcher, EmbeddedDispatcher)
    async with running(runtime, dispatcher):
        started = await start_workflow(runtime, ADA, workflow_name=flow.name, pages=[])
        assert isinstance(started, Started)
        await began.wait()
        work = dispatcher.work
        with monkeypatch.context() as patch:
            patch.setattr(type(runtime.database), "transaction", away)
            await work.begin(started.process.id)  # a second wake-up while the database is unavailable
        await work.begin(started.process.id)
        released = await work._free_doubtful()
        await work.begin(started.process.id)
        go.set()
    assert released == []
    assert calls == ["long"]


async def test_a_database_file_has_a_single_server_even_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    async with engine_of(sqlite_url(tmp_path)):
        (tmp_path / "elsewhere" / "link.db").symlink_to(tmp_path / "orchestrator.db")
        second = connect(f"sqlite+aiosqlite:///{tmp_path / 'elsewhere' / 'link.db'}")
        with pytest.raises(SettingsError, match="Another server"):
            await second.open()


@pytest.mark.parametrize(
    "invalid",
    [
        {"database_url": "postgresql+psycopg://u:p@h:abc/db"},
        {"database_url": "postgresql+psycopg:nonsense"},
        {"database_url": "sqlite+aiosqlite:x.db"},
        {"lease": float("inf")},
        {"lease": 3.0, "heartbeat": 2.0},
        {"callback_timeout": 1e12},
    ],
)
def test_invalid_settings_are_refused_with_their_names(invalid: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="ORCHESTRATOR_"):
        read_settings(**invalid)


async def test_a_title_is_stored_without_the_characters_that_a_database_refuses(offer: Offer) -> None:
    @inputstep("Confirm")
    def confirm() -> FormGenerator:
        class Page(FormPage):
            model_config = ConfigDict(title="Is it\0 right?")

            remark: str = ""

        yield Page
        return {}

    flow = of(confirm)
    engine = await offer(flow)
    process_id = await engine.start(flow)
    await engine.reaches(process_id, ProcessStatus.SUSPENDED)

    request = await engine.read(lambda conn: input_requests.open_of_process(conn, process_id))

    assert request is not None
    assert request.title == "Is it\ufffd right?"
