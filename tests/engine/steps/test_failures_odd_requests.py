"""Any exception of authors' code in a request becomes a typed error and changes nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import Offer
from pydantic import BaseModel, ConfigDict, Field, computed_field, field_validator
from support.database import sqlite_url
from support.engine import Engine
from support.odd import IN_TASKS, NEAR_A_DATABASE, ODD
from support.operator import ADA, confirm, open_request
from support.playbooks import judge
from support.remote import Remote

from orchestrator_gql import begin, callback_step, inputstep, step, steplens
from orchestrator_gql.app import create_app
from orchestrator_gql.callbacks import contract
from orchestrator_gql.callbacks.rules import Delivery
from orchestrator_gql.commands.callback_deliveries import receive_callback, receive_delivery
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.commands.workflow_starts import Started, start_workflow
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.engine.callbacks.deliveries import Address
from orchestrator_gql.forms import FormPage, NextPage, PageInvalid
from orchestrator_gql.reads.input_requests import open_form, start_form
from orchestrator_gql.reads.processes import blocked_reason
from orchestrator_gql.security import AuthContext
from orchestrator_gql.storage.engine_state import EngineStatus
from orchestrator_gql.types import CallbackStatus, EngineState, FormGenerator, ProcessStatus, State
from orchestrator_gql.utils.errors import AuthorCodeFailed, Forbidden, PayloadInvalid
from orchestrator_gql.workflow import Workflow, workflow

pytestmark = pytest.mark.one_dispatcher

RUNS = EngineStatus(EngineState.RUNNING)
SYNC = [kind for kind in ODD if kind not in IN_TASKS]


@dataclass
class Trigger:
    """The exception to raise now; None raises nothing."""

    kind: str | None = None

    def pull(self) -> None:
        if self.kind is not None:
            ODD[self.kind]()


@step("Rest")
async def rest() -> None: ...


def playing(*steps: Any, **options: Any) -> Workflow:
    @workflow("Odd", **options)
    def odd() -> Any:
        found = begin
        for next_step in steps or (rest,):
            found = found >> next_step
        return found

    return odd


def sync_form(trigger: Trigger) -> Callable[..., Any]:
    def ask() -> FormGenerator:
        trigger.pull()
        yield FormPage
        return {}

    return ask


def plain_form(trigger: Trigger) -> Callable[..., Any]:
    def ask() -> Any:
        trigger.pull()
        return FormPage

    return ask


def async_form(trigger: Trigger) -> Callable[..., Any]:
    async def ask() -> AsyncIterator[Any]:
        trigger.pull()
        await asyncio.sleep(0)
        yield FormPage
        yield {}

    return ask


def awaited_form(trigger: Trigger) -> Callable[..., Any]:
    async def ask() -> Any:
        trigger.pull()
        await asyncio.sleep(0)
        return FormPage

    return ask


def form_after_its_page(trigger: Trigger) -> Callable[..., Any]:
    def ask() -> FormGenerator:
        yield FormPage
        trigger.pull()
        return {}

    return ask


def form_with_a_schema(trigger: Trigger) -> Callable[..., Any]:
    def ask() -> FormGenerator:
        class OddPage(FormPage):
            model_config = ConfigDict(json_schema_extra=lambda _: trigger.pull())

        yield OddPage
        return {}

    return ask


def form_with_a_default(trigger: Trigger) -> Callable[..., Any]:
    def default() -> str:
        trigger.pull()
        return "x"

    def ask() -> FormGenerator:
        class OddPage(FormPage):
            name: str = Field(default_factory=default)

        yield OddPage
        return {}

    return ask


def form_with_a_validator(trigger: Trigger) -> Callable[..., Any]:
    def ask() -> FormGenerator:
        class OddPage(FormPage):
            name: str = Field("x", validate_default=True)

            @field_validator("name")
            @classmethod
            def judged(cls, name: str) -> str:
                trigger.pull()
                return name

        yield OddPage
        return {}

    return ask


def form_with_a_computed_field(trigger: Trigger) -> Callable[..., Any]:
    def ask() -> FormGenerator:
        class OddPage(FormPage):
            @computed_field  # type: ignore[prop-decorator]
            @property
            def name(self) -> str:
                trigger.pull()
                return "x"

        yield OddPage
        return {}

    return ask


FORMS = (
    sync_form, plain_form, async_form, awaited_form, form_after_its_page, form_with_a_schema, form_with_a_default,
    form_with_a_validator, form_with_a_computed_field,
)  # fmt: skip
ASYNC = {async_form, awaited_form}


def kinds(form: Callable[..., Any], storage: str) -> list[str]:
    names = [name for name in ODD if storage.startswith("sqlite") or name in NEAR_A_DATABASE]
    return [name for name in names if name not in IN_TASKS or form in ASYNC]


async def count(engine: Engine) -> int:
    """The number of events: a request without a change writes no event."""
    return len(await engine.events())


def is_answered(response: Any) -> bool:
    """True if the response has field errors, as for a validator that raises `ValueError`."""
    return isinstance(response, PageInvalid)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
async def test_a_start_form_that_raises_starts_nothing(
    offer: Offer, storage: str, form: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    trigger = Trigger()
    flow = playing(initial_input_form=form(trigger))
    engine = await offer(flow)
    before = await count(engine)

    for trigger.kind in kinds(form, storage):
        caplog.clear()
        for verb in (start_workflow, start_form):
            try:
                response: Any = await verb(engine.runtime, ADA, workflow_name=flow.name, pages=[{}])
            except AuthorCodeFailed as failed:
                assert len(failed.message) < 11_000, trigger.kind
                assert any(getattr(execution, "error_id", "") == failed.error_id for execution in caplog.records)
            else:
                assert is_answered(response) or isinstance(response, NextPage), (trigger.kind, response)
                assert form in (form_with_a_validator, form_with_a_schema, form_with_a_default), (
                    trigger.kind,
                    response,
                )
    after = await count(engine)
    trigger.kind = None
    started = await start_workflow(engine.runtime, ADA, workflow_name=flow.name, pages=[{}])

    assert after == before
    assert isinstance(started, Started)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
async def test_a_form_that_raises_stays_open(offer: Offer, storage: str, form: Callable[..., Any]) -> None:
    trigger = Trigger()
    flow = playing(inputstep("Ask")(form(trigger)), rest)
    engine = await offer(flow)
    process_id = await engine.start(flow)
    request = await open_request(engine, process_id)
    before = await count(engine)
    raised = 0

    for trigger.kind in kinds(form, storage):
        for verb in (
            lambda: open_form(engine.runtime, ADA, request, [{}]),
            lambda: submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[{}]),
        ):
            try:
                response: Any = await verb()
            except AuthorCodeFailed:
                raised += 1
            else:
                assert is_answered(response), (trigger.kind, response)
    after, stands = await count(engine), await open_request(engine, process_id)
    trigger.kind = None
    await confirm(engine, process_id)
    await engine.reaches(process_id, ProcessStatus.COMPLETED)

    assert raised >= 0.85 * len(kinds(form, storage))  # a `ValueError` of a validator is an answer
    assert (after, stands.version) == (before, request.version)


async def test_a_lens_that_raises_leaves_the_form_open(offer: Offer) -> None:
    trigger = Trigger()

    def put(_: State) -> Callable[[State], State]:
        def whole(inner: State) -> State:
            trigger.pull()
            return inner

        return whole

    flow = playing(steplens(lambda state: state, put)(inputstep("Ask")(sync_form(Trigger()))))
    engine = await offer(flow)
    process_id = await engine.start(flow)
    request = await open_request(engine, process_id)
    before = await count(engine)

    for trigger.kind in SYNC:
        with pytest.raises(AuthorCodeFailed):
            await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[{}])
    after = await count(engine)
    trigger.kind = None
    await confirm(engine, process_id)

    assert after == before
    assert (await engine.reaches(process_id, ProcessStatus.COMPLETED)).state == {}


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_run_predicate_that_raises_starts_nothing(offer: Offer, is_async: bool) -> None:
    trigger = Trigger()

    def sync_rule() -> str | None:
        trigger.pull()
        return None

    async def async_rule() -> str | None:
        trigger.pull()
        await asyncio.sleep(0)
        return None

    flow = playing(run_predicate=async_rule if is_async else sync_rule)
    engine = await offer(flow)

    for trigger.kind in ODD if is_async else SYNC:
        with pytest.raises(AuthorCodeFailed, match="run_predicate of workflow 'odd' failed"):
            await start_workflow(engine.runtime, ADA, workflow_name=flow.name, pages=[])
        assert "failed" in (await blocked_reason(engine.runtime, ADA, flow, RUNS) or "")
    trigger.kind = None

    assert await blocked_reason(engine.runtime, ADA, flow, RUNS) is None
    assert isinstance(await start_workflow(engine.runtime, ADA, workflow_name=flow.name, pages=[]), Started)


@pytest.mark.parametrize("is_async", [False, True])
async def test_an_authorizer_that_raises_allows_nothing(offer: Offer, is_async: bool) -> None:
    trigger = Trigger()

    def sync_rule(_: AuthContext) -> bool:
        trigger.pull()
        return True

    async def async_rule(_: AuthContext) -> bool:
        trigger.pull()
        await asyncio.sleep(0)
        return True

    rule: Any = async_rule if is_async else sync_rule
    flow = playing(inputstep("Ask", resume_auth_callback=rule)(sync_form(Trigger())))
    guarded = workflow("Guarded", authorize_callback=rule)(lambda: begin >> rest)
    engine = await offer(flow, guarded)
    process_id = await engine.start(flow)
    request = await open_request(engine, process_id)

    for trigger.kind in ODD if is_async else SYNC:
        with pytest.raises(Forbidden, match=r"failed, so it is no \(error [0-9a-f]{16} in the server's log\)"):
            await start_workflow(engine.runtime, ADA, workflow_name=guarded.name, pages=[])
        with pytest.raises(Forbidden):
            await submit_form(engine.runtime, ADA, input_request_id=request.id, pages=[{}])
    trigger.kind = None
    await confirm(engine, process_id)

    assert isinstance(await start_workflow(engine.runtime, ADA, workflow_name=guarded.name, pages=[]), Started)


async def test_a_contract_that_raises_leaves_the_url_open_and_stores_the_attempt(offer: Offer) -> None:
    trigger, remote = Trigger(), Remote()

    class Result(BaseModel):
        rc: int

        @field_validator("rc")
        @classmethod
        def judged(cls, rc: int) -> int:
            trigger.pull()
            return rc

    flow = playing(callback_step("Odd", remote.action(), judge, contract=Result))
    engine = await offer(flow)
    process_id = await engine.start(flow)
    await engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)
    token = await remote.asked()

    for trigger.kind in SYNC:
        with pytest.raises(PayloadInvalid) as refused:
            await receive_callback(engine.runtime, token=token, payload={"rc": 1})
        assert refused.value.is_contract, trigger.kind
        dry = Address(token, process_id, is_dry_run=True)
        with pytest.raises(PayloadInvalid):
            await receive_delivery(engine.runtime, dry, Delivery.of({"rc": 1}, b'{"rc":1}', peer=None))
    open_still, kept = await engine.callback(process_id), await engine.attempts(process_id)
    trigger.kind = None
    await receive_callback(engine.runtime, token=token, payload={"rc": 0})

    assert open_still.status is CallbackStatus.PENDING
    assert len(kept) == 20  # the newest
    await engine.reaches(process_id, ProcessStatus.COMPLETED)


@pytest.mark.parametrize("kind", ["keyboard-interrupt", "system-exit", "panic", "mute", "cancelled", "away"])
async def test_a_contract_without_a_schema_fails_the_wait_and_not_the_server(offer: Offer, kind: str) -> None:
    trigger = Trigger()

    class Result(BaseModel):
        model_config = ConfigDict(json_schema_extra=lambda _: trigger.pull())

    flow = playing(callback_step("Odd", Remote().action(), judge, contract=Result))
    engine = await offer(flow, heartbeat=0.2)
    contract.schema.cache_clear()
    trigger.kind = kind

    failed = await engine.reaches(await engine.start(flow), ProcessStatus.FAILED)

    assert failed.failure is not None
    assert failed.failure.code == "cannot-be-stored"


@pytest.mark.parametrize("kind", ["keyboard-interrupt", "system-exit", "mute"])
def test_a_contract_without_a_schema_does_not_keep_a_server_from_starting(tmp_path: Path, kind: str) -> None:
    trigger = Trigger()

    class Result(BaseModel):
        model_config = ConfigDict(json_schema_extra=lambda _: trigger.pull())

    flow = playing(callback_step("Odd", Remote().action(), judge, contract=Result))
    contract.schema.cache_clear()
    trigger.kind = kind

    app = create_app(read_settings(database_url=sqlite_url(tmp_path)), [flow])

    assert app.routes


def clinging(trigger: list[str]) -> Callable[..., Any]:
    def ask() -> Iterator[Any]:
        try:
            yield FormPage
        except GeneratorExit:
            trigger.append("left")
            yield FormPage
            raise KeyboardInterrupt from None

    return ask


def clinging_async(trigger: list[str]) -> Callable[..., Any]:
    async def ask() -> AsyncIterator[Any]:
        try:
            yield FormPage
        except GeneratorExit:
            trigger.append("left")
            yield FormPage
            raise KeyboardInterrupt from None

    return ask


def raising_at_the_end(trigger: list[str]) -> Callable[..., Any]:
    def ask() -> Iterator[Any]:
        try:
            yield FormPage
        finally:
            trigger.append("left")
            raise SystemExit(3)

    return ask


def raising_at_the_end_async(trigger: list[str]) -> Callable[..., Any]:
    async def ask() -> AsyncIterator[Any]:
        try:
            yield FormPage
        finally:
            trigger.append("left")
            raise SystemExit(3)

    return ask


def lingering_async(trigger: list[str]) -> Callable[..., Any]:
    async def ask() -> AsyncIterator[Any]:
        try:
            yield FormPage
        finally:
            trigger.append("left")
            await asyncio.sleep(60)

    return ask


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "form",
    [clinging, clinging_async, raising_at_the_end, raising_at_the_end_async, lingering_async],
    ids=lambda form: form.__name__,
)
async def test_a_form_that_raises_while_it_is_closed_still_shows_its_page(
    offer: Offer, form: Callable[..., Any]
) -> None:
    left: list[str] = []
    flow = playing(initial_input_form=form(left))
    engine = await offer(flow)

    async with asyncio.timeout(60):
        shown = await start_form(engine.runtime, ADA, workflow_name=flow.name, pages=[])

    assert isinstance(shown, NextPage)
    assert left == ["left"]


async def test_a_form_ends_when_its_caller_is_cancelled(offer: Offer) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def ask() -> AsyncIterator[Any]:
        began.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        yield FormPage

    flow = playing(initial_input_form=ask)
    engine = await offer(flow)
    asking = asyncio.create_task(start_form(engine.runtime, ADA, workflow_name=flow.name, pages=[]))
    await began.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert ended.is_set()
