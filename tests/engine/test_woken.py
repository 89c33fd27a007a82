"""A claim in the transaction that woke its process knows of the process what the database has."""

import asyncio
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection
from support.clock import TurnableClock
from support.database import PostgresServer
from support.engine import Engine, engine_of
from support.operator import ADA, open_request
from support.playbooks import of
from support.remote import Remote, answer

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.commands.input_requests import reject_input_request, submit_form
from orchestrator_gql.commands.processes import retry_process
from orchestrator_gql.engine import claims
from orchestrator_gql.engine.woken import Woken, woken_in
from orchestrator_gql.forms import FormPage
from orchestrator_gql.process import Process
from orchestrator_gql.storage import callbacks, processes
from orchestrator_gql.storage.database.after_commit import MakeClaim, commit_effects
from orchestrator_gql.types import EventKind, FormGenerator, Json, ProcessStatus, State
from orchestrator_gql.utils.json.stored import INLINE
from orchestrator_gql.utils.secrets import Secrets
from orchestrator_gql.workflow import StepList, workflow

AWAITING, COMPLETED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.COMPLETED

DELIVERED: dict[str, Json] = {
    "a result": {"return_code": 0},
    "one that is read back by another path": {"big": 2**70, "zero": -0.0, "none": [None, {}]},
    "one that stays in a row of its own": {"output": "ok" * INLINE},
    "no object": [1, 2.5, "three"],
}


def _fields(process: Process | None) -> dict[str, Any]:
    assert process is not None, "it is free"
    return {field.name: getattr(process, field.name) for field in fields(process)}


class Compared:
    """Compares what each claim knows of its process with what the database has."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, clock: TurnableClock) -> None:
        self.known: list[Any] = []
        self.stored: list[Any] = []
        self._clock = clock
        self._real = woken_in
        monkeypatch.setattr(claims, "woken_in", self._compared)

    @property
    def differences(self) -> list[Any]:
        """What is known and what is stored, if they differ."""
        pairs = list(zip(self.known, self.stored, strict=True))
        return [
            (name, known[name], stored[name]) if isinstance(known, dict) else (known, stored)
            for known, stored in pairs
            if known != stored
            for name in (known if isinstance(known, dict) else [""])
            if not isinstance(known, dict) or known[name] != stored.get(name)
        ]

    def _compared(self, conn: Connection, process_id: UUID) -> Woken | None:
        woken = self._real(conn, process_id)
        assert woken is not None, "each transaction here knows what it woke"
        self.known.append(_fields(woken.process))
        self.stored.append(_fields(processes.load_free(conn, process_id, self._clock.now())))
        for arrived in woken.stored:
            self.known.append(arrived.delivery.payload)
            self.stored.append(callbacks.results(conn, [arrived.after])[arrived.callback.id])
        for (id, step_index), known in woken.callbacks.items():
            self.known.append([callback.id for callback in known])  # a delivery decides instead of what is stored
            self.stored.append([callback.id for callback in callbacks.of_wait(conn, id, step_index)])
        return woken


@pytest.mark.each_pair
@pytest.mark.parametrize("result", DELIVERED.values(), ids=DELIVERED)
async def test_a_claim_knows_of_its_delivery_what_the_database_has(
    storage: str, clock: TurnableClock, monkeypatch: pytest.MonkeyPatch, result: Json
) -> None:
    compared = Compared(monkeypatch, clock)
    remote, got = Remote(), list[Json]()

    @step("Read")
    async def read(callback_result: Any) -> None:
        got.append(callback_result)

    flow = of(callback_step("Job", remote.action(), read))
    async with engine_of(storage, flow, clock=clock) as engine:
        process_id = await engine.start(flow)
        token = await remote.asked()
        await _rests(engine, process_id, AWAITING)
        await answer(engine.runtime, token, result)
        await engine.reaches(process_id, COMPLETED)

    assert compared.differences == []
    assert got == [result]
    assert len(compared.known) == 4


FILLED: dict[str, Json] = {
    "texts": {"value": "\u00e4 \U0001f600 '%s"},
    "numbers": {"value": [2**70, -0.0, 1.5, 1e300, 0]},
    "nested": {"value": {"a": [None, True, {"b": []}], "": {}}},
    "large": {"value": "ok" * INLINE},
}


@pytest.mark.each_pair
@pytest.mark.parametrize("page", FILLED.values(), ids=FILLED)
async def test_a_claim_knows_what_a_person_entered_as_the_database_has_it(
    storage: str, clock: TurnableClock, monkeypatch: pytest.MonkeyPatch, page: Json
) -> None:
    """A start, a form, a rejection that sends back, and a retry: each wakes the process and claims it at once."""
    compared = Compared(monkeypatch, clock)
    fails = [True]

    def start_form() -> FormGenerator:
        class Start(FormPage):
            value: Any
            password: SecretStr = SecretStr("hidden-away")
            at: datetime = datetime(2026, 1, 2, tzinfo=UTC)

        data: State = (yield Start).model_dump()
        return data

    @inputstep("Fill in", on_reject="first")
    def fill_in(state: State) -> FormGenerator:
        class Fill(FormPage):
            value: Any

        filled = yield Fill
        return {"filled": filled.value}

    @step("first")
    async def first() -> State:
        return {}

    @step("Fail once")
    async def fail_once() -> None:
        if fails.pop():
            raise ValueError("once")

    @workflow("Filled in", initial_input_form=start_form)
    def flow() -> StepList:
        return begin >> first >> fill_in >> fail_once

    async with engine_of(storage, flow, clock=clock) as engine:
        process_id = await engine.start(flow, page)
        for verb in (_send_back, _submit):
            await _rests(engine, process_id, ProcessStatus.SUSPENDED)
            await verb(engine, process_id, page)
        await _rests(engine, process_id, ProcessStatus.FAILED)
        fails.append(False)
        await retry_process(engine.runtime, ADA, process_id=process_id)
        ended = await engine.reaches(process_id, COMPLETED)
        changes = await engine.events(process_id, EventKind.PROCESS_STATUS_CHANGED)

    versions = [change.payload["version"] for change in changes]
    assert versions == sorted(set(versions))  # each commit counts, also if it was written with another
    assert ended.version == versions[-1]

    assert compared.differences == []
    assert len(compared.known) == 4


async def _rests(engine: Engine, process_id: UUID, status: ProcessStatus) -> None:
    """Wait until the process has the status and is free: its task ends a moment later, and claims it again until
    then."""
    await engine.reaches(process_id, status)

    async def look() -> MakeClaim | None:
        return engine.runtime.database.hooks.claimer(process_id)

    await engine.until(look, awaited="a free task")


async def _send_back(engine: Engine, process_id: UUID, page: Json) -> None:
    request = await open_request(engine, process_id)
    await reject_input_request(engine.runtime, ADA, input_request_id=request.id, comment="again", to_earlier_step=True)


async def _submit(engine: Engine, process_id: UUID, page: Json) -> None:
    request = await open_request(engine, process_id)
    await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[page])


async def test_the_row_of_a_claim_has_the_version_that_its_events_say(postgres: PostgresServer) -> None:
    """Two commits are written as one: both count."""
    may_end, ran = asyncio.Event(), asyncio.Event()

    @inputstep("Confirm")
    def confirm_it() -> FormGenerator:
        class Confirm(FormPage):
            value: str = ""

        filled = yield Confirm
        return {"value": filled.value}

    @step("Wait")
    async def wait() -> None:
        ran.set()
        await may_end.wait()

    flow = of(confirm_it, wait)
    with postgres.database() as url:
        async with engine_of(url, flow) as engine:
            process_id = await engine.start(flow)
            request = await open_request(engine, process_id)
            before = await engine.process(process_id)
            await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[{"value": "x"}])
            await ran.wait()
            claimed = await engine.process(process_id)
            may_end.set()
            await engine.reaches(process_id, COMPLETED)

    assert (claimed.version, claimed.epoch) == (before.version + 2, before.epoch + 1)


CHANGES: dict[str, Callable[[Connection, Process], object]] = {
    "a note": lambda conn, process: processes.set_note(conn, process, "look here", process.updated_at),
    "an assignee": lambda conn, process: processes.assign(conn, [process.id], "SYSTEM", process.updated_at),
    "a secret": lambda conn, process: processes.learn(conn, process, Secrets(frozenset({"a secret"}))),
    "a resumption": lambda conn, process: processes.resume_all(
        conn, [process.id], ProcessStatus.SUSPENDED, process.updated_at
    ),
}


@pytest.mark.each_pair
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_what_is_known_of_a_process_is_forgotten_if_its_row_changes(
    storage: str, clock: TurnableClock, change: Callable[[Connection, Process], object]
) -> None:
    """Else a claim in the same transaction would take, and write, the row from before the change."""

    @inputstep("Confirm")
    def confirm_it() -> FormGenerator:
        class Confirm(FormPage):
            value: str = ""

        yield Confirm
        return {}

    def unit(conn: Connection) -> tuple[Woken | None, Woken | None]:
        process = processes.lock(conn, process_id)
        assert process is not None
        commit_effects(conn).known = Woken(process)
        before = woken_in(conn, process_id)
        change(conn, process)
        return before, woken_in(conn, process_id)

    async with engine_of(storage, flow := of(confirm_it), clock=clock) as engine:
        process_id = await engine.start(flow)
        await engine.reaches(process_id, ProcessStatus.SUSPENDED)
        before, after = await engine.runtime.database.transaction(unit)

    assert before is not None
    assert after is None
