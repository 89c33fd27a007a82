"""How steps are joined: `>>`, groups and lists."""

from pathlib import Path
from typing import Any

import pytest
from support.stage import Stage, named

from orchestrator_gql import StepList, begin, callback_step, step, step_group
from orchestrator_gql.types import ProcessStatus, State


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage with an empty database."""
    return Stage(tmp_path)


@step("one")
def one() -> State:
    return {"one": 1}


@step("two")
def two() -> State:
    return {"two": 2}


@step("Judge")
def judge(callback_result: Any) -> None: ...


@step("Order")
def order(callback_route: str) -> None: ...


def names(steps: StepList) -> list[str]:
    return [each.name for each in steps]


def test_joining_is_associative_and_begin_is_its_empty_list() -> None:
    left = (one >> two) >> one
    right = one >> (two >> one)

    assert left == right == begin >> one >> (begin >> two >> one) >> begin
    assert names(left) == ["one", "two", "one"]


def test_a_slice_of_a_list_is_a_list_and_an_index_a_step() -> None:
    steps = one >> two >> one

    assert isinstance(steps[1:], StepList)
    assert names(steps[1:]) == ["two", "one"]
    assert steps[1] == two


def test_joining_changes_neither_side() -> None:
    head = begin >> one

    head >> two

    assert names(head) == ["one"]
    assert len(begin) == 0


def test_a_list_shows_its_steps() -> None:
    assert repr(one >> two) == "StepList [one, two]"


def test_a_group_is_flat_and_a_group_in_it_is_named_after_both() -> None:
    steps = step_group("Provision", one >> callback_step("Order", order, judge) >> two)

    assert names(steps) == ["one", "Order", "Order - Await callback", "Judge", "two"]
    assert [each.group for each in steps] == ["Provision", *["Provision / Order"] * 3, "Provision"]


def test_one_step_may_be_a_group() -> None:
    assert [each.group for each in begin >> step_group("Provision", one)] == ["Provision"]


async def test_a_retry_enters_a_group_at_the_step_that_failed(stage: Stage) -> None:
    @step("Flaky")
    def flaky() -> None:
        stage.seen.append("flaky")
        if stage.seen.count("flaky") == 1:
            raise RuntimeError("once")

    @step("Before")
    def before() -> None:
        stage.seen.append("before")

    async with stage(named("grouped", step_group("Group", before >> flaky))) as engine:
        ended = await engine.retry(await engine.run("grouped", {}))
        groups = [execution.group for execution in await engine.log(ended)]

    assert ended.status is ProcessStatus.COMPLETED
    assert stage.seen == ["before", "flaky", "flaky"]
    assert groups == ["Group"] * 3
