"""Steps that work on a part of the state."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.stage import Stage, named

from orchestrator_gql import callback_step, conditional, focussteps, inputstep, retrystep, step, steplens
from orchestrator_gql.forms import FormPage
from orchestrator_gql.types import FormGenerator, ProcessStatus, State
from orchestrator_gql.utils.errors import WorkflowDefinitionError


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage with an empty database."""
    return Stage(tmp_path)


@step("Add")
def add(n: int = 0) -> State:
    return {"n": n + 1}


async def test_a_focus_shows_the_part_and_stores_the_result_in_it(stage: Stage) -> None:
    process = await stage.play(focussteps("part")(add >> add) >> add, part={"n": 5, "kept": True})

    assert process.state == {"part": {"n": 7, "kept": True}, "n": 1}


async def test_a_focus_on_a_missing_key_begins_empty(stage: Stage) -> None:
    process = await stage.play(focussteps("part")(add))

    assert process.state == {"part": {"n": 1}}


async def test_a_focus_inside_a_focus_goes_deeper(stage: Stage) -> None:
    process = await stage.play(focussteps("outer")(add >> focussteps("inner")(add)), outer={"inner": {"n": 1}})

    assert process.state == {"outer": {"n": 1, "inner": {"n": 2}}}


async def test_a_lens_may_take_any_part_out_and_put_it_back(stage: Stage) -> None:
    def first(state: State) -> State:
        return dict(state["ports"][0])

    def back(state: State) -> Any:
        return lambda part: {**state, "ports": [part, *state["ports"][1:]]}

    process = await stage.play(steplens(first, back)(add), ports=[{"n": 1}, {"n": 1}])

    assert process.state == {"ports": [{"n": 2}, {"n": 1}]}


async def test_a_failed_step_does_not_change_its_part_and_a_retry_sees_the_same_part(stage: Stage) -> None:
    @step("Flaky")
    def flaky(state: State) -> State:
        stage.seen.append(state["n"])
        if len(stage.seen) == 1:
            raise RuntimeError("once")
        return {"n": 2}

    async with stage(named("focused", focussteps("part")(flaky))) as engine:
        failed = await engine.run("focused", {"part": {"n": 1}})
        ended = await engine.retry(failed)

    assert failed.state == {"part": {"n": 1}}
    assert ended.state == {"part": {"n": 2}}
    assert stage.seen == [1, 1]


async def test_a_step_that_the_engine_tries_again_sees_its_part(stage: Stage) -> None:
    @retrystep("Flaky", attempts=2, delay=0)
    def flaky(n: int) -> State:
        stage.seen.append(n)
        if len(stage.seen) == 1:
            raise RuntimeError("once")
        return {"n": n + 1}

    async with stage(named("focused", focussteps("part")(flaky))) as engine:
        process = await engine.rest((await engine.run("focused", {"part": {"n": 1}})).id, ProcessStatus.WAITING)

    assert process.state == {"part": {"n": 2}}
    assert stage.seen == [1, 1]


async def test_a_skipped_step_makes_no_part(stage: Stage) -> None:
    process = await stage.play(focussteps("part")(conditional(lambda _: False)(add)))

    assert process.state == {}


async def test_a_form_and_a_callback_stay_in_their_part(stage: Stage) -> None:
    class Question(FormPage):
        is_sure: bool

    @inputstep("Confirm")
    def confirm(callback_result: dict[str, int]) -> FormGenerator:
        answer = yield Question
        return {"is_sure": answer.is_sure, "code": callback_result["code"]}

    @step("Order")
    def order(callback_route: str, vlan: int) -> None:
        stage.seen.append((callback_route, vlan))

    @step("Judge")
    def judge(callback_result: dict[str, int]) -> None: ...

    async with stage(named("focused", focussteps("part")(callback_step("Order", order, judge) >> confirm))) as engine:
        process = await engine.run("focused", {"part": {"vlan": 5}})
        await engine.answer(stage.seen[0][0], {"code": 0})
        ended = await engine.submit(await engine.rest(process.id), {"is_sure": True})

    assert ended.state == {"part": {"vlan": 5, "callback_result": {"code": 0}, "is_sure": True, "code": 0}}
    assert stage.seen[0][1] == 5


@pytest.mark.parametrize("wrong", ["text", "", 5, 0, False, [], [["n", 1]], ["ab", "cd"]])
async def test_a_focus_on_a_value_that_is_no_dict_fails_the_step(stage: Stage, wrong: Any) -> None:
    process = await stage.play(focussteps("part")(add), part=wrong)

    assert process.status is ProcessStatus.FAILED
    assert process.state == {"part": wrong}
    assert process.failure is not None
    kind = type(wrong).__name__
    message = f"`focussteps('part')` works on a dict, and the part of the state is {kind}."
    assert (process.failure.code, process.failure.message) == ("bad-result", message)


async def test_a_focus_on_null_begins_empty(stage: Stage) -> None:
    process = await stage.play(focussteps("part")(add), part=None)

    assert process.state == {"part": {"n": 1}}


@pytest.mark.parametrize("made", [None, 5, [["n", 1]], ["ab"]])
@pytest.mark.parametrize("inner", [True, False], ids=["inner", "outer"])
@pytest.mark.parametrize("kind", ["get", "set"])
async def test_a_lens_that_makes_no_dict_fails_the_step(stage: Stage, kind: str, inner: bool, made: Any) -> None:
    lens = steplens(
        (lambda _: made) if kind == "get" else (lambda state: state),
        lambda state: lambda part: made if kind == "set" else {**state, **part},
    )
    process = await stage.play(focussteps("around")(lens(add)) if inner else lens(focussteps("inner")(add)))

    assert process.status is ProcessStatus.FAILED
    assert process.state == {}
    assert process.failure is not None
    assert (process.failure.code, process.failure.message[:10]) == ("bad-result", "`steplens`")
    assert process.failure.message.endswith(f" {type(made).__name__}.")


def test_a_lens_is_sync() -> None:
    async def go_later(state: State) -> State:
        return state

    later: Any = go_later
    for lens in (partial(steplens, later, lambda _: lambda part: part), partial(steplens, lambda state: state, later)):
        with pytest.raises(WorkflowDefinitionError, match="of `steplens` is async"):
            lens()
