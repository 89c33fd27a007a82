"""Beside a process whose author's function does not return, people, deliveries and health go on."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, ClassVar
from uuid import UUID

import pytest
from pydantic import BaseModel, BeforeValidator, Field, computed_field, field_validator
from support.hanging import (
    LIMIT,
    Function,
    Hanging,
    Make,
    Others,
    ask,
    entered,
    hanging,
    input_of,
    named,
    rest,
    site_with,
    stuck,
)
from support.holds import WAYS, Hold
from support.operator import ADA
from support.playbooks import of
from support.web import Site

from orchestrator_gql import begin, callback_step, conditional, step, steplens
from orchestrator_gql.domain import SubscriptionModel, register_product
from orchestrator_gql.engine.steps import calls
from orchestrator_gql.reads.input_requests import start_form
from orchestrator_gql.types import ProcessStatus, State
from orchestrator_gql.utils.errors import FormTimeout
from orchestrator_gql.workflow import Workflow

COMPLETED, RUNNING = ProcessStatus.COMPLETED, ProcessStatus.RUNNING


@step("Rest")
def rest_with_routes(callback_routes: dict[str, str]) -> None: ...


def _of_state(function: Function) -> Function:
    if asyncio.iscoroutinefunction(function):

        async def asks(state: State) -> Any:
            return await function()

        return asks
    return lambda state: function()


IN_ENGINE: dict[str, Make] = {
    "step": lambda function, name: of(step("Hang")(function), name=name),
    "predicate": lambda function, name: of(conditional(_of_state(function))(rest), name=name),
    "policy": lambda function, name: of(input_of(ask, auto_confirm=function), name=name),
    "expect": lambda function, name: of(
        callback_step("Jobs", rest_with_routes, rest, expect=_of_state(function)), name=name
    ),
}


@pytest.mark.parametrize("place", IN_ENGINE)
async def test_people_and_deliveries_go_on_beside_processes_that_hang(tmp_path: Path, place: str) -> None:
    ways = hanging(IN_ENGINE[place], None, is_armed=True)
    async with site_with(tmp_path, *ways, form_timeout=20.0) as site:
        others = await Others.ready(site)
        ids = []
        for one in ways:
            ids.append(await site.engine.start(one.flow))
            await entered(one.hold)

        await others.go_on()

        assert [(await site.engine.process(process_id)).status for process_id in ids] == [RUNNING] * len(WAYS)


async def test_a_form_that_hangs_when_the_engine_opens_it_fails_its_process(tmp_path: Path) -> None:
    ways = hanging(lambda function, name: of(input_of(function), name=name), {}, is_armed=True)
    async with site_with(tmp_path, *ways) as site:
        others = await Others.ready(site)
        ids = []
        for one in ways:
            ids.append(await site.engine.start(one.flow))
            await entered(one.hold)

        await others.go_on()

        for process_id in ids:
            failure = (await site.engine.reaches(process_id, ProcessStatus.FAILED)).failure
            assert failure is not None
            assert failure.code == "form-timeout"
            assert failure.message == "The form of step 'Ask' took longer than its 2 seconds."


blocked_value = Hold()


def block_value(value: Any) -> Any:
    blocked_value.block()
    return value


class BlockingModel(BaseModel):
    number: int

    @field_validator("number")
    @classmethod
    def block(cls, number: int) -> int:
        return int(block_value(number))


class PlainModel(BaseModel):
    number: int = 1


@dataclass
class Wrapping:
    """A class that is called with a plain value of the state."""

    value: int

    def unwrap(self) -> int:
        """The plain value."""
        return self.value


class BlockingInit(BaseModel):
    def __init__(self, **values: Any) -> None:
        super().__init__(**values)


class Plain(Enum):
    ONE = 1


class Lenient(Enum):
    ONE = 1

    @classmethod
    def _missing_(cls, value: object) -> "Lenient":
        return cls.ONE


class Port(SubscriptionModel, is_base=True):
    """A product subscription that blocks when it is dumped to be stored: its first dump is for the result."""

    dumps: ClassVar[int] = 0

    @computed_field  # type: ignore[prop-decorator]
    @property
    def text(self) -> str:
        Port.dumps += 1
        return str(block_value("")) if Port.dumps > 1 else ""


PORT = register_product(name="Port that blocks", model=Port)


@step("Store")
def store() -> State:
    Port.dumps = 0
    return {"port": Port.from_product_id(PORT.product_id, customer_id="uva")}


@step("Hang")
def wants_a_model(item: BlockingModel) -> None: ...


@step("Hang")
async def wants_models(items: list[BlockingModel]) -> None: ...


@step("Item")
def item() -> State:
    return {"item": {"number": 1}, "items": [{"number": 1}]}


@pytest.mark.parametrize(
    "steps",
    [
        (item, wants_a_model),
        (item, wants_models),
        (item, steplens(block_value, lambda _: lambda part: part)(begin >> rest)),
        (item, steplens(block_value, lambda _: lambda part: part)(input_of(ask))),
        (item, steplens(lambda state: state, lambda _: block_value)(begin >> rest)),
        (store,),
    ],
    ids=["model", "models of an async step", "lens", "lens of a form", "lens that puts back", "stored model"],
)
async def test_people_go_on_while_a_validator_or_a_lens_of_a_step_blocks(tmp_path: Path, steps: Any) -> None:
    global blocked_value  # noqa: PLW0603
    blocked_value = Hold()
    one = Hanging("sync that blocks", blocked_value, of(*steps, name="hangs"), lambda: None)
    async with site_with(tmp_path, one, form_timeout=20.0) as site:
        others = await Others.ready(site)
        await site.engine.start(one.flow)
        await entered(one.hold)

        await others.go_on()

        assert one.hold.inside == 1  # it still blocks: the loop of this test did not wait for it
        assert not one.hold.ran_out


@pytest.mark.parametrize(
    ("annotation", "runs"),
    [
        *((plain, False) for plain in (int, str | None, dict[str, Any], UUID, datetime, PlainModel, list[Plain], Any)),
        *((own, True) for own in (BlockingModel, list[BlockingModel], BlockingInit, Lenient, SubscriptionModel)),
        *((wrapped, True) for wrapped in (Wrapping, list[Wrapping] | None, dict[str, Wrapping])),
        (Annotated[int, BeforeValidator(block_value)], True),
        (Annotated[int, Field(default_factory=list), []], True),  # not hashable, so not known
    ],
)
def test_a_type_runs_authors_code_if_it_has_a_function_of_its_own(annotation: Any, runs: bool) -> None:
    assert calls.runs_authors_code(annotation) is runs


async def _start_form(site: Site, name: str) -> Any:
    return await start_form(site.engine.runtime, ADA, workflow_name=name, pages=[])


def one_way(way: str, make: Make, result: Any = None) -> Hanging:
    hold = Hold()
    return Hanging(way, hold, make(hold.function(way, result), "hangs"), lambda: None)


def step_with_timeout(function: Function, name: str) -> Workflow:
    return of(step("Hang", timeout=0.2)(function), name=name)


async def test_a_thread_whose_step_timed_out_is_counted_and_replaced_and_steps_wait_beyond_the_bound(
    tmp_path: Path,
) -> None:
    one = one_way("sync that blocks", step_with_timeout)
    async with site_with(tmp_path, one, step_threads=2) as site:
        others = await Others.ready(site)
        ids = [await site.engine.start(one.flow) for _ in range(14)]  # 2 threads, and 8 in their place

        shown = await stuck(site, "steps", 10)
        assert shown['author_threads{place="steps"}'] <= 11  # the thread of the loop is one of them
        await others.go_on()
        processes = [await site.engine.process(process_id) for process_id in ids]
        statuses = [process.status for process in processes]
        assert (statuses.count(ProcessStatus.FAILED), statuses.count(RUNNING)) == (10, 4)
        assert one.hold.most == 10

        one.hold.let_go()
        await stuck(site, "steps", 0)
        for process in processes:
            if process.status is RUNNING:  # it waited for a thread, and that was no time-out
                await site.engine.reaches(process.id, COMPLETED)


async def test_many_requests_for_a_form_that_hangs_leave_threads_for_the_other_forms(tmp_path: Path) -> None:
    one = one_way("sync that blocks", lambda form, name: named(name, rest, initial_input_form=form), {})
    async with site_with(tmp_path, one) as site:
        others = await Others.ready(site)
        flood = [asyncio.create_task(_start_form(site, "hangs")) for _ in range(100)]
        await entered(one.hold)

        await others.go_on()

        refused = await asyncio.gather(*flood, return_exceptions=True)
        assert {type(error) for error in refused} == {FormTimeout}
        await stuck(site, "forms", 16)
        assert one.hold.most == 16
        with pytest.raises(FormTimeout, match="no thread is free"):  # at once: the form has its share of the threads
            async with asyncio.timeout(LIMIT / 2):
                await _start_form(site, "hangs")
        await others.start()
        one.hold.let_go()
        await stuck(site, "forms", 0)
        await _start_form(site, "hangs")


async def test_a_step_that_ends_after_its_time_out_changes_nothing(tmp_path: Path) -> None:
    one = one_way("async that ignores cancellation", step_with_timeout, {"late": True})
    async with site_with(tmp_path, one) as site:
        failed = await site.engine.reaches(await site.engine.start(one.flow), ProcessStatus.FAILED)
        await stuck(site, "steps", 1)
        one.hold.let_go()
        await stuck(site, "steps", 0)

        after = await site.engine.process(failed.id)

        assert failed.failure is not None
        assert (failed.failure.code, after) == ("step-timeout", failed)


async def test_async_steps_run_on_a_new_loop_after_a_step_that_blocks_has_timed_out(tmp_path: Path) -> None:
    @step("Quick")
    async def quick_step() -> State:
        await asyncio.sleep(0)
        return {"is_done": True}

    one, other = one_way("async that blocks", step_with_timeout), of(quick_step, name="other")
    async with site_with(tmp_path, one, flows=[other]) as site:
        blocked = await site.engine.start(one.flow)
        await entered(one.hold)
        waiting = await site.engine.start(other)

        assert (await site.engine.reaches(waiting, COMPLETED)).state == {"is_done": True}
        assert (await site.engine.reaches(blocked, ProcessStatus.FAILED)).failure is not None
        shown = await stuck(site, "steps", 1)
        assert shown['event_loop_blocks_total{loop="steps"}'] == 1
        one.hold.let_go()
        await stuck(site, "steps", 0)
