"""The arguments of a step, the values that it may return, and its failures."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from support.stage import Stage, named

from orchestrator_gql import begin, done, inputstep, retrystep, step
from orchestrator_gql.forms import FormPage
from orchestrator_gql.targets import Target
from orchestrator_gql.types import FormGenerator, ProcessStatus, State, StepStatus
from orchestrator_gql.utils.errors import ProcessFailureError, WorkflowDefinitionError
from orchestrator_gql.workflow.step_options import Retry


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage with an empty database."""
    return Stage(tmp_path)


WAITING = ProcessStatus.WAITING


async def test_sync_and_async_functions_are_steps_alike(stage: Stage) -> None:
    @step("Sync")
    def first(a: int) -> State:
        return {"b": a + 1}

    @step("Async")
    async def second(b: int) -> State:
        return {"c": b + 1}

    process = await stage.play(first >> second, a=1)

    assert process.status is ProcessStatus.COMPLETED
    assert process.state == {"a": 1, "b": 2, "c": 3}


async def test_arguments_come_by_name_keyword_only_ones_and_defaults_included(stage: Stage) -> None:
    @step("Order")
    def order(vlan: int, speed: int = 100, *, node: str, is_dry: bool = True, note: str | None) -> None:
        stage.seen.append((vlan, speed, node, is_dry, note))

    process = await stage.play(order, node="ams-1", vlan="205", is_dry=False)

    assert process.status is ProcessStatus.COMPLETED
    assert stage.seen == [(205, 100, "ams-1", False, None)]


async def test_the_parameter_state_gets_everything_at_any_position(stage: Stage) -> None:
    @step("Look")
    def look(a: int, *, state: State, b: int = 2) -> None:
        stage.seen.append((a, b, state))

    process = await stage.play(look, a=1, c=[3])

    (arguments,) = stage.seen
    assert arguments[:2] == (1, 2)
    assert (arguments[2]["a"], arguments[2]["c"], arguments[2]["process_id"]) == (1, [3], str(process.id))


async def test_a_missing_argument_fails_the_step_and_names_step_parameter_and_keys(stage: Stage) -> None:
    @step("Order the circuit")
    def order(vlan: int) -> None: ...

    process = await stage.play(order, vlna=205)

    assert process.status is ProcessStatus.FAILED
    assert process.failure is not None
    assert process.failure.code == "missing-argument"
    assert process.failure.message.startswith("Step 'Order the circuit': `")
    assert (
        "order` needs `vlan`, which is not there; there are: idempotency_key, process_id, " in process.failure.message
    )
    assert "vlna" in process.failure.message


async def test_a_value_that_does_not_fit_the_annotation_fails_the_step(stage: Stage) -> None:
    @step("Order the circuit")
    def order(vlan: int) -> None: ...

    process = await stage.play(order, vlan="twelve")

    assert process.failure is not None
    assert process.failure.code == "bad-argument"
    assert "wants `vlan` as int, but found str 'twelve'" in process.failure.message


async def test_arguments_from_the_engine_are_never_stored(stage: Stage) -> None:
    @step("Ask")
    def ask(
        process_id: UUID, reporter: str, workflow_name: str, workflow_target: Target, idempotency_key: str
    ) -> State:
        stage.seen.append((process_id, reporter, workflow_name, workflow_target, idempotency_key))
        return {"process_id": process_id, "reporter": reporter, "idempotency_key": idempotency_key}

    @step("Return everything")
    def echo(state: State) -> State:
        return state

    @inputstep("Return everything")
    def form(state: State) -> Any:
        return state

    process = await stage.play(ask >> echo >> form, a=1)

    assert process.state == {"a": 1}
    assert stage.seen[0][:4] == (process.id, "local", "play", Target.SYSTEM)
    assert stage.seen[0][4].startswith(f"{process.id}:")


async def test_an_operators_retry_has_another_idempotency_key_and_a_second_try_the_same(stage: Stage) -> None:
    @retrystep("Order", attempts=2, delay=0)
    def order(idempotency_key: str) -> None:
        stage.seen.append(idempotency_key)
        if len(stage.seen) < 3:
            raise RuntimeError("no")

    async with stage(named("ordering", order)) as engine:
        failed = await engine.rest((await engine.run("ordering", {})).id, WAITING)
        ended = await engine.retry(failed)

    assert ended.status is ProcessStatus.COMPLETED
    assert stage.seen[0] == stage.seen[1] != stage.seen[2]


async def test_a_step_that_changes_its_arguments_does_not_change_the_state(stage: Stage) -> None:
    @step("Clear")
    def clear(ports: list[str], state: State) -> None:
        ports.clear()
        state["nested"]["deep"].append(1)

    process = await stage.play(clear, ports=["a"], nested={"deep": []})

    assert process.state == {"ports": ["a"], "nested": {"deep": []}}


@pytest.mark.parametrize("result", ["text", 5, ["a"], True])
async def test_a_step_that_returns_neither_none_nor_a_dict_fails(stage: Stage, result: Any) -> None:
    @step("Order")
    def order() -> Any:
        return result

    process = await stage.play(order)

    assert process.failure is not None
    assert process.failure.message == (
        f"Step 'Order' returned {type(result).__name__}: a step returns nothing or a dict of what it adds to the state."
    )


async def test_a_value_that_is_not_json_fails_the_step_and_names_the_key(stage: Stage) -> None:
    @step("Order")
    def order() -> State:
        return {"good": 1, "connection": object()}

    process = await stage.play(order)

    assert process.failure is not None
    assert process.failure.code == "not-json"
    assert "connection" in process.failure.message
    assert process.state == {}


async def test_results_are_merged_shallowly(stage: Stage) -> None:
    @step("Order")
    def order() -> State:
        return {"a": {"new": 1}, "b": 2}

    process = await stage.play(order, a={"old": 1}, c=3)

    assert process.state == {"a": {"new": 1}, "b": 2, "c": 3}


async def test_an_exception_fails_the_step_with_its_traceback_and_a_process_failure_with_its_details(
    stage: Stage,
) -> None:
    @step("Rude")
    def rude() -> None:
        raise KeyError("vlan")

    @step("Polite")
    def polite() -> None:
        raise ProcessFailureError("Not today", details={"port": UUID(int=1)})

    async with stage(named("first", rude), named("second", polite)) as engine:
        raised = (await engine.run("first", {})).failure
        refused = (await engine.run("second", {})).failure

    assert raised is not None
    assert (raised.code, raised.message) == ("step-raised", "KeyError: 'vlan'")
    assert raised.traceback is not None
    assert "def rude" not in raised.traceback
    assert refused is not None
    assert (refused.message, refused.details, refused.traceback) == ("Not today", {"port": str(UUID(int=1))}, None)


async def test_the_engine_tries_a_retrystep_again_and_then_fails_it(stage: Stage) -> None:
    @retrystep("Flaky", attempts=3, delay=0)
    def flaky() -> None:
        stage.seen.append(1)
        raise ConnectionError("not yet")

    async with stage(named("trying", flaky)) as engine:
        process = await engine.rest((await engine.run("trying", {})).id, WAITING)
        (execution,) = await engine.log(process)

    assert process.status is ProcessStatus.FAILED
    assert len(stage.seen) == 3
    assert (execution.status, execution.try_count) == (StepStatus.FAILED, 3)


async def test_a_retrystep_waits_for_a_known_time_and_can_succeed(stage: Stage) -> None:
    @retrystep("Flaky", attempts=2, delay=60)
    def patient() -> None:
        raise ConnectionError("not yet")

    @retrystep("Flaky", attempts=2, delay=0)
    async def lucky() -> State:
        stage.seen.append(1)
        if len(stage.seen) == 1:
            raise ConnectionError("not yet")
        return {"is_done": True}

    async with stage(named("waiting", patient), named("trying", lucky)) as engine:
        waits = await engine.run("waiting", {})
        ended = await engine.rest((await engine.run("trying", {})).id, WAITING)
        (execution,) = await engine.log(waits)

    assert (waits.status, execution.status) == (WAITING, StepStatus.WAITING)
    assert execution.retry_at is not None
    assert (execution.retry_at - execution.started_at).total_seconds() == 60
    assert ended.state == {"is_done": True}


def test_the_pause_before_a_try_grows_to_its_limit_for_any_number_of_tries() -> None:
    retry = Retry(attempts=10_000, delay=10, factor=2, max_delay=60)

    assert [retry.wait(tries).total_seconds() for tries in (1, 2, 3, 4, 9_999)] == [10, 20, 40, 60, 60]


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"delay": -1}, {"factor": 0.5}, {"max_delay": -1}])
def test_a_retry_that_cannot_work_is_refused_at_definition(wrong: dict[str, Any]) -> None:
    with pytest.raises(WorkflowDefinitionError, match=f"The {next(iter(wrong))} of step 'Flaky' is "):
        retrystep("Flaky", **wrong)


async def test_a_step_that_takes_longer_than_its_timeout_fails(stage: Stage) -> None:
    @step("Endless", timeout=0.01)
    async def endless() -> None:
        await asyncio.Event().wait()

    process = await stage.play(endless)

    assert process.failure is not None
    assert (process.failure.code, process.failure.message) == (
        "step-timeout",
        "The step took longer than its 0.01 seconds.",
    )


async def test_a_timeout_error_of_the_author_is_an_ordinary_exception(stage: Stage) -> None:
    @step("Call", timeout=60)
    def call() -> None:
        raise TimeoutError("the device is silent")

    process = await stage.play(call)

    assert process.failure is not None
    assert process.failure.message == "TimeoutError: the device is silent"


async def test_a_workflow_may_use_a_step_several_times(stage: Stage) -> None:
    @step("Count")
    def count(n: int) -> State:
        return {"n": n + 1}

    process = await stage.play(count >> count >> count, n=0)

    assert process.state == {"n": 3}


async def test_done_ends_the_process_at_any_position(stage: Stage) -> None:
    @step("Never")
    def never() -> None:
        stage.seen.append(1)

    process = await stage.play(begin >> done >> never)

    assert process.status is ProcessStatus.COMPLETED
    assert stage.seen == []


async def test_a_retry_begins_at_the_failed_step(stage: Stage) -> None:
    def noting(name: str) -> Callable[[], None]:
        def note() -> None:
            stage.seen.append(name)
            if stage.seen == ["a", "b"]:
                raise RuntimeError("once")

        return note

    steps = begin >> step("a")(noting("a")) >> step("b")(noting("b")) >> step("c")(noting("c"))
    async with stage(named("retried", steps)) as engine:
        ended = await engine.retry(await engine.run("retried", {}))

    assert ended.status is ProcessStatus.COMPLETED
    assert stage.seen == ["a", "b", "b", "c"]


@pytest.mark.parametrize("is_async", [False, True])
async def test_an_inputstep_suspends_and_merges_the_data_of_its_form(stage: Stage, is_async: bool) -> None:
    class Question(FormPage):
        is_sure: bool

    @inputstep("Confirm", assignee="NOC")  # type: ignore[arg-type]
    def form(a: int) -> FormGenerator:
        answer = yield Question
        return {"is_sure": answer.is_sure, "from_form": a}

    @inputstep("Confirm")
    async def async_form(a: int) -> Any:
        answer = yield Question
        yield {"is_sure": answer.is_sure, "from_form": a}

    async with stage(named("asking", async_form if is_async else form)) as engine:
        process = await engine.run("asking", {"a": 1})
        ended = await engine.submit(process, {"is_sure": True})

    assert process.status is ProcessStatus.SUSPENDED
    assert process.assignee == ("SYSTEM" if is_async else "NOC")
    assert ended.state == {"a": 1, "is_sure": True, "from_form": 1}
