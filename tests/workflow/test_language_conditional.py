"""Steps that run only if a predicate is true."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from support.stage import Stage, named

from orchestrator_gql import begin, callback_step, conditional, focussteps, inputstep, step
from orchestrator_gql.forms import FormPage
from orchestrator_gql.storage.tables import processes
from orchestrator_gql.types import FormGenerator, ProcessStatus, State
from orchestrator_gql.workflow import ActionStep


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage with an empty database."""
    return Stage(tmp_path)


Predicate = Callable[[State], Any]


def note(name: str, stage: Stage) -> ActionStep:
    @step(name)
    def run() -> None:
        stage.seen.append(name)

    return run


def counting(key: str, stage: Stage) -> Predicate:
    def predicate(state: State) -> bool:
        stage.seen.append(f"{key}?")
        return bool(state[key])

    return predicate


@pytest.mark.parametrize(("result", "ran"), [(True, ["yes?", "a", "b", "c"]), (False, ["yes?", "c"])])
async def test_a_predicate_is_called_once_for_a_sequence_of_steps(stage: Stage, result: bool, ran: list[str]) -> None:
    steps = conditional(counting("yes", stage))(note("a", stage) >> note("b", stage)) >> note("c", stage)

    async with stage(named("deciding", steps)) as engine:
        process = await engine.run("deciding", {"yes": result})
        statuses = [(execution.name, str(execution.status)) for execution in await engine.log(process)]

    status = "SUCCESS" if result else "SKIPPED"
    assert stage.seen == ran
    assert statuses == [("a", status), ("b", status), ("c", "SUCCESS")]
    assert process.status is ProcessStatus.COMPLETED


async def test_the_condition_result_stays_if_the_steps_change_the_state(stage: Stage) -> None:
    @step("Flip")
    def flip() -> State:
        return {"yes": False}

    process = await stage.play(conditional(counting("yes", stage))(flip >> note("b", stage)), yes=True)

    assert process.state == {"yes": False}
    assert stage.seen == ["yes?", "b"]


@pytest.mark.parametrize(
    ("outer", "inner", "ran"),
    [
        (True, True, ["outer?", "a", "inner?", "b", "c"]),
        (True, False, ["outer?", "a", "inner?", "c"]),
        (False, True, []),
    ],
)
async def test_nested_predicates_are_called_from_the_outside_in(
    stage: Stage, outer: bool, inner: bool, ran: list[str]
) -> None:
    nested = conditional(counting("inner", stage))(begin >> note("b", stage))
    steps = conditional(counting("outer", stage))(note("a", stage) >> nested >> note("c", stage))

    process = await stage.play(steps, outer=outer, inner=inner)

    assert process.status is ProcessStatus.COMPLETED
    assert stage.seen == (ran or ["outer?"])


async def test_nested_conditions_that_begin_at_the_same_step_are_both_called(stage: Stage) -> None:
    inner = conditional(counting("inner", stage))(note("a", stage) >> note("b", stage))
    steps = conditional(counting("outer", stage))(inner >> note("c", stage))

    await stage.play(steps, outer=True, inner=False)

    assert stage.seen == ["outer?", "inner?", "c"]


async def test_a_predicate_may_be_nested_in_itself(stage: Stage) -> None:
    is_wanted = counting("yes", stage)
    steps = conditional(is_wanted)(note("a", stage) >> conditional(is_wanted)(note("b", stage) >> note("c", stage)))

    await stage.play(steps, yes=True)

    assert stage.seen == ["yes?", "a", "yes?", "b", "c"]


async def test_a_predicate_is_called_again_for_each_sequence(stage: Stage) -> None:
    @step("Flip")
    def flip() -> State:
        return {"yes": False}

    when = conditional(counting("yes", stage))

    await stage.play(when(note("a", stage)) >> when(flip) >> when(note("b", stage)), yes=True)

    assert stage.seen == ["yes?", "a", "yes?", "yes?"]


async def test_a_predicate_may_be_async(stage: Stage) -> None:
    async def is_wanted(state: State) -> bool:
        return bool(state["yes"])

    steps = conditional(is_wanted)(note("a", stage))

    await stage.play(steps >> note("b", stage), yes=False)

    assert stage.seen == ["b"]


async def test_a_predicate_is_called_once_even_if_the_process_waits_in_between(stage: Stage) -> None:
    class Sure(FormPage):
        is_sure: bool

    @inputstep("Confirm")
    def confirm() -> FormGenerator:
        answer = yield Sure
        return {"is_sure": answer.is_sure}

    @step("Order")
    def order(callback_route: str) -> None:
        stage.seen.append(callback_route)

    @step("Judge")
    def judge(callback_result: Any) -> None: ...

    steps = conditional(counting("yes", stage))(callback_step("Order", order, judge) >> confirm >> note("a", stage))
    async with stage(named("resting", steps)) as engine:
        process = await engine.run("resting", {"yes": True})
        await engine.answer(stage.seen[1], {})
        await engine.submit(await engine.rest(process.id), {"is_sure": True})

    assert [entry for entry in stage.seen if not entry.startswith("/api")] == ["yes?", "a"]


async def test_every_kind_of_step_in_a_skipped_sequence_is_skipped(stage: Stage) -> None:
    @inputstep("Confirm")
    def confirm() -> Any:
        stage.seen.append("form")

    @step("Order")
    def order(callback_route: str) -> None:
        stage.seen.append("order")

    @step("Judge")
    def judge(callback_result: Any) -> None: ...

    async with stage(
        named("skipping", conditional(lambda _: False)(confirm >> callback_step("Order", order, judge)))
    ) as engine:
        process = await engine.run("skipping", {})
        statuses = [(execution.name, str(execution.status)) for execution in await engine.log(process)]

    assert process.status is ProcessStatus.COMPLETED
    assert [status for _, status in statuses] == ["SKIPPED"] * 4
    assert stage.seen == []


async def test_a_predicate_that_raises_fails_the_step_and_a_retry_calls_it_again(stage: Stage) -> None:
    def moody(_: State) -> bool:
        stage.seen.append("?")
        if len(stage.seen) == 1:
            raise ValueError("I do not know")
        return True

    async with stage(named("moody", conditional(moody)(note("a", stage)))) as engine:
        failed = await engine.run("moody", {})
        ended = await engine.retry(failed)

    assert failed.failure is not None
    assert failed.failure.message == "ValueError: I do not know"
    assert ended.status is ProcessStatus.COMPLETED
    assert stage.seen == ["?", "?", "a"]


async def test_a_retried_step_does_not_call_its_predicate_again(stage: Stage) -> None:
    @step("Flaky")
    def flaky() -> None:
        stage.seen.append("run")
        if stage.seen.count("run") == 1:
            raise RuntimeError("once")

    async with stage(named("retried", conditional(counting("yes", stage))(flaky))) as engine:
        ended = await engine.retry(await engine.run("retried", {"yes": True}))

    assert ended.status is ProcessStatus.COMPLETED
    assert stage.seen == ["yes?", "run", "run"]


async def test_a_predicate_inside_a_focus_sees_the_part_and_a_predicate_around_it_sees_the_whole_state(
    stage: Stage,
) -> None:
    inside = focussteps("part")(conditional(counting("yes", stage))(note("a", stage)))
    around = conditional(counting("no", stage))(focussteps("part")(note("b", stage)))

    await stage.play(inside >> around, part={"yes": True}, no=False)

    assert stage.seen == ["yes?", "a", "no?"]


async def test_condition_results_are_stored_by_position_and_depth(stage: Stage) -> None:
    inner = conditional(counting("inner", stage))(note("b", stage))
    steps = note("a", stage) >> conditional(counting("outer", stage))(inner)

    async with stage(named("nested", steps)) as engine:
        process = await engine.run("nested", {"outer": True, "inner": False})
        stored = await engine.engine.read(
            lambda conn: conn.execute(select(processes.c.answers).where(processes.c.id == process.id)).scalar_one()
        )

    assert stored == {"1.0": True, "1.1": False}
