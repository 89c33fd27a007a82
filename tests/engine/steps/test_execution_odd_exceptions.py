"""Any exception of authors' code fails its step once, with a description, and the engine continues."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, ClassVar
from uuid import UUID

import pytest
from conftest import Offer
from pydantic import BaseModel, ConfigDict, computed_field, field_validator, model_serializer
from support.engine import Engine
from support.odd import IN_TASKS, NEAR_A_DATABASE, ODD, POLITE
from support.operator import ADA
from support.playbooks import judge
from support.remote import Remote, answer

from orchestrator_gql import begin, callback_step, conditional, inputstep, retrystep, step, steplens
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.domain import SubscriptionModel, register_product
from orchestrator_gql.forms import FormPage
from orchestrator_gql.process import Process
from orchestrator_gql.types import FormGenerator, Json, ProcessStatus, State, StepStatus, SubscriptionLifecycle
from orchestrator_gql.utils.json import encode
from orchestrator_gql.utils.json.flaws import FORBIDDEN_CHARACTER
from orchestrator_gql.workflow import Workflow, workflow

FAILED, COMPLETED, WAITING = ProcessStatus.FAILED, ProcessStatus.COMPLETED, ProcessStatus.WAITING
SUSPENDED = ProcessStatus.SUSPENDED

Raise = Callable[[str], None]
Place = Callable[[Raise], Any]


def start_form() -> FormGenerator:
    class KindPage(FormPage):
        kind: str

    chosen = yield KindPage
    return {"kind": chosen.kind}


def playing(steps: Any, **options: Any) -> Workflow:
    """A workflow of the steps; its state names the exception to raise."""

    @workflow("Odd", initial_input_form=start_form, **options)
    def odd() -> Any:
        return begin >> steps

    return odd


@step("Rest")
async def rest() -> None: ...


def in_a_step(oddly: Raise) -> Any:
    @step("Odd")
    def body(kind: str) -> None:
        oddly(kind)

    return body


def in_an_async_step(oddly: Raise) -> Any:
    @step("Odd")
    async def body(kind: str) -> None:
        oddly(kind)
        await asyncio.sleep(0)

    return body


def in_what_a_step_gathers(oddly: Raise) -> Any:
    @step("Odd")
    async def body(kind: str) -> None:
        async def raise_oddly() -> None:
            oddly(kind)
            await asyncio.sleep(0)

        await asyncio.gather(raise_oddly(), asyncio.sleep(0))

    return body


def in_a_later_result(oddly: Raise) -> Any:
    async def later(kind: str) -> None:
        oddly(kind)
        await asyncio.sleep(0)

    def body(kind: str) -> Any:
        return later(kind)

    return step("Odd")(body)


def in_a_validation(oddly: Raise) -> Any:
    remote = Remote()

    @step("Judge")
    def validate(callback_result: Json, kind: str) -> None:
        oddly(kind)

    @step("Answer at once")
    async def call(callback_route: str, state: State) -> None:
        remote.take(callback_route)
        await answer(Here.engine.runtime, remote.tokens[-1], {"rc": 0})

    return callback_step("Odd", call, validate)


class Here:
    """Holds the engine of the current test."""

    engine: Engine


def in_a_form(oddly: Raise) -> Any:
    @inputstep("Ask")
    def ask(kind: str) -> FormGenerator:
        oddly(kind)
        yield FormPage
        return {}

    return ask


def in_an_async_form(oddly: Raise) -> Any:
    @inputstep("Ask")
    async def ask(kind: str) -> Any:
        oddly(kind)
        await asyncio.sleep(0)
        yield FormPage
        yield {}

    return ask


def in_a_page(oddly: Raise) -> Any:
    @inputstep("Ask")
    def ask(kind: str) -> FormGenerator:
        class OddPage(FormPage):
            model_config = ConfigDict(json_schema_extra=lambda _: oddly(kind))

        yield OddPage
        return {}

    return ask


def in_a_predicate(oddly: Raise) -> Any:
    def asks(state: State) -> bool:
        oddly(state["kind"])
        return True

    return conditional(asks)(rest)


def in_an_async_predicate(oddly: Raise) -> Any:
    async def asks(state: State) -> bool:
        oddly(state["kind"])
        await asyncio.sleep(0)
        return True

    return conditional(asks)(rest)


def in_the_truth_of_an_answer(oddly: Raise) -> Any:
    def asks(state: State) -> Any:
        class Answer:
            def __bool__(self) -> bool:
                oddly(state["kind"])
                return True

        return Answer()

    return conditional(asks)(rest)


def in_expect(oddly: Raise) -> Any:
    @step("Call")
    async def call(callback_urls: dict[str, str]) -> None: ...

    def names(state: State) -> Iterable[str]:
        oddly(state["kind"])
        return ["one"]

    return callback_step("Odd", call, judge, expect=names)


def in_the_names_of_expect(oddly: Raise) -> Any:
    @step("Call")
    async def call(callback_urls: dict[str, str]) -> None: ...

    def names(state: State) -> Iterable[str]:
        yield "one"
        oddly(state["kind"])

    return callback_step("Odd", call, judge, expect=names)


def in_a_policy(oddly: Raise) -> Any:
    def confirms(kind: str) -> bool:
        oddly(kind)
        return True

    @inputstep("Ask", auto_confirm=confirms)
    def ask() -> FormGenerator:
        yield FormPage
        return {}

    return ask


def in_a_computed_field(oddly: Raise) -> Any:
    class Result(BaseModel):
        kind: str

        @computed_field  # type: ignore[prop-decorator]
        @property
        def text(self) -> str:
            oddly(self.kind)
            return ""

    @step("Odd")
    async def body(kind: str) -> State:
        return {"result": Result(kind=kind)}

    return body


def in_a_serializer(oddly: Raise) -> Any:
    class Result(BaseModel):
        kind: str

        @model_serializer
        def written(self) -> dict[str, str]:
            oddly(self.kind)
            return {}

    @step("Odd")
    def body(kind: str) -> State:
        return {"result": Result(kind=kind)}

    return body


def in_an_argument(oddly: Raise) -> Any:
    class Wanted(BaseModel):
        kind: str

        @field_validator("kind")
        @classmethod
        def judged(cls, kind: str) -> str:
            oddly(kind)
            return kind

    @step("Prepare")
    async def prepare(kind: str) -> State:
        return {"wanted": {"kind": kind}}

    @step("Odd")
    async def body(wanted: Wanted) -> None: ...

    return prepare >> body


def in_a_lens(oddly: Raise) -> Any:
    def get(state: State) -> State:
        oddly(state["kind"])
        return state

    return steplens(get, lambda _: lambda inner: inner)(rest)


class Port(SubscriptionModel, is_base=True):
    """A product subscription that raises when it is stored: its first dump is for the result of the step."""

    kind: str
    oddly: ClassVar[Raise]
    dumps: ClassVar[Counter[str]]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def text(self) -> str:
        self.dumps[self.kind] += 1
        if self.dumps[self.kind] > 1:
            type(self).oddly(self.kind)
        return ""


class ActivePort(Port, lifecycle=[SubscriptionLifecycle.ACTIVE]):
    """The active product subscription."""


PORT = register_product(name="Port of the odd exceptions", model=Port)


def in_a_stored_model(oddly: Raise) -> Any:
    Port.oddly, Port.dumps = staticmethod(oddly), Counter()

    @step("Odd")
    async def body(kind: str) -> State:
        return {"port": Port.from_product_id(PORT.product_id, customer_id="uva", kind=kind)}

    return body


PLACES: tuple[Place, ...] = (
    in_a_step, in_an_async_step, in_what_a_step_gathers, in_a_later_result, in_a_validation, in_a_form,
    in_an_async_form, in_a_page, in_a_predicate, in_an_async_predicate, in_the_truth_of_an_answer, in_expect,
    in_the_names_of_expect, in_a_policy, in_a_computed_field, in_a_serializer, in_an_argument, in_a_lens,
    in_a_stored_model,
)  # fmt: skip

ASYNC = {in_an_async_step, in_a_later_result, in_an_async_form, in_an_async_predicate}
"""The places that run a function in its own task, which the function can cancel."""

DOUBTFUL = {"stop-iteration", "stop-async-iteration"}
"""Exceptions with a special meaning in generators and in functions that pydantic calls."""


def kinds(place: Place) -> list[str]:
    """The names of the exceptions that can be raised in this place."""
    return [name for name in ODD if name not in IN_TASKS or place in ASYNC]


IN_TRANSACTIONS = {in_a_step, in_a_stored_model}
"""The places in which all exceptions are raised with each database."""


def counted(ran: list[str]) -> Raise:
    def oddly(kind: str) -> None:
        ran.append(kind)
        ODD[kind]()

    return oddly


async def started(engine: Engine, flow: Workflow, names: Iterable[str]) -> dict[str, UUID]:
    return {kind: await engine.start(flow, {"kind": kind}) for kind in names}


def check(kind: str, failed: Process, place: Place | None = None) -> None:
    """Assert that the failure is described, bounded and can be shown."""
    failure = failed.failure
    assert failure is not None, kind
    codes = {"process-failure"} if kind in POLITE else {"step-raised"}
    if place is in_an_argument:
        codes.add("bad-argument")  # a `ValueError` is how a validator says that a value is wrong
    if (place, kind) == (in_a_serializer, "recursion"):
        codes.add("not-json")  # pydantic takes it for a value that holds itself
    assert failure.code in codes, (kind, failure)
    assert failure.message.strip(), kind
    assert len(failure.message) <= 10_000, kind
    assert len(failure.traceback or "") <= 20_000, kind
    assert not FORBIDDEN_CHARACTER.search(failure.message + (failure.traceback or "")), kind
    assert len(encode(failure.details)) < 100_000, kind


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
@pytest.mark.one_dispatcher
async def test_an_odd_exception_fails_the_step_once(offer: Offer, storage: str, place: Place) -> None:
    ran: list[str] = []
    is_all = storage.startswith("sqlite") or place in IN_TRANSACTIONS
    flow, innocent = playing(place(counted(ran))), workflow("Innocent")(lambda: begin >> rest)
    engine = Here.engine = await offer(flow, innocent, heartbeat=0.2)

    processes = await started(engine, flow, (kind for kind in kinds(place) if is_all or kind in NEAR_A_DATABASE))
    for kind, process_id in processes.items():
        failed = await engine.reaches(process_id, FAILED)
        if kind not in DOUBTFUL:
            check(kind, failed, place)
    after = await engine.reaches(await engine.start(innocent), COMPLETED)

    assert processes
    assert {kind: ran.count(kind) for kind in processes} == dict.fromkeys(processes, 1)
    assert after.status is COMPLETED


def test_the_exceptions_near_a_database_are_some_of_all() -> None:
    """A misspelt name would quietly leave an exception out of the tests with PostgreSQL."""
    assert ODD.keys() > NEAR_A_DATABASE
    assert ODD.keys() > IN_TASKS


@pytest.mark.one_dispatcher
async def test_a_retrystep_counts_each_odd_exception_as_a_try(offer: Offer) -> None:
    ran: list[str] = []
    oddly = counted(ran)

    @retrystep("Odd", attempts=2, delay=10)
    async def body(kind: str) -> None:
        oddly(kind)
        await asyncio.sleep(0)

    flow = playing(body)
    engine = await offer(flow, heartbeat=0.2)

    processes = await started(engine, flow, ODD)
    for process_id in processes.values():
        await engine.reaches(process_id, WAITING)
    once = list(ran)
    engine.turn(11)
    for kind, process_id in processes.items():
        check(kind, await engine.reaches(process_id, FAILED)) if kind not in DOUBTFUL else None

    assert sorted(once) == sorted(ODD)
    assert {kind: ran.count(kind) for kind in ODD} == dict.fromkeys(ODD, 2)


@pytest.mark.one_dispatcher
async def test_a_poll_that_raises_gives_no_result(offer: Offer) -> None:
    ran: list[str] = []
    oddly = counted(ran)

    async def poll(kind: str) -> None:
        oddly(kind)
        await asyncio.sleep(0)

    flow = playing(callback_step("Odd", Remote().action(), judge, timeout=60, poll=poll))
    engine = await offer(flow, heartbeat=0.2)

    processes = await started(engine, flow, ODD)
    for process_id in processes.values():
        await engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)
    engine.turn(61)
    codes = {kind: (await engine.reaches(id, FAILED)).failure for kind, id in processes.items()}

    assert {kind: failure and failure.code for kind, failure in codes.items()} == dict.fromkeys(ODD, "callback-expired")
    assert sorted(ran) == sorted(ODD)


@pytest.mark.one_dispatcher
async def test_a_clean_up_that_raises_fails_once(offer: Offer) -> None:
    ran: list[str] = []

    @inputstep("Ask")
    def ask() -> FormGenerator:
        yield FormPage
        return {}

    flow = playing(rest >> ask, on_abort=begin >> in_a_step(counted(ran)))
    engine = await offer(flow, heartbeat=0.2)

    processes = await started(engine, flow, kinds(in_a_step))
    for process_id in processes.values():
        await engine.reaches(process_id, SUSPENDED)
        await abort_process(engine.runtime, ADA, process_id=process_id)
    for kind, process_id in processes.items():
        check(kind, await engine.reaches(process_id, FAILED))

    assert sorted(ran) == sorted(processes)


@pytest.mark.one_dispatcher
async def test_the_shutdown_of_the_engine_ends_a_step_without_an_outcome(offer: Offer) -> None:
    began = asyncio.Event()
    ended: list[str] = []

    @step("Long")
    async def long() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    flow = workflow("Long")(lambda: begin >> long)
    engine = await offer(flow)
    process_id = await engine.start(flow)
    await began.wait()
    (advancing,) = (task for task in asyncio.all_tasks() if "WorkerTasks._advance" in repr(task))
    advancing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await advancing

    (execution,) = await engine.steps(process_id)
    assert (ended, execution.status, execution.failure) == (["cancelled"], StepStatus.RUNNING, None)


@pytest.mark.one_dispatcher
async def test_a_step_that_ignores_its_cancellation_does_not_delay_its_timeout(offer: Offer) -> None:
    released = asyncio.Event()

    @step("Long", timeout=0.1)
    async def long() -> None:
        while not released.is_set():
            with suppress(asyncio.CancelledError):
                await released.wait()

    flow = workflow("Long")(lambda: begin >> long)
    engine = await offer(flow)

    failed = await engine.reaches(await engine.start(flow), FAILED)

    assert failed.failure is not None
    assert failed.failure.code == "step-timeout"
    assert not released.is_set()
    released.set()
