"""Joining steps with `>>`, in groups and in lists."""

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
def first_step() -> State:
    return {"one": 1}


@step("two")
def second_step() -> State:
    return {"two": 2}


@step("Judge")
def judge(callback_result: Any) -> None: ...


@step("Order")
def order(callback_route: str) -> None: ...


def names_of(steps: StepList) -> list[str]:
    return [member.name for member in steps]


def test_joining_is_associative_and_begin_is_the_empty_list() -> None:
    left = (first_step >> second_step) >> first_step
    right = first_step >> (second_step >> first_step)

    assert left == right == begin >> first_step >> (begin >> second_step >> first_step) >> begin
    assert names_of(left) == ["one", "two", "one"]


def test_a_slice_of_a_list_is_a_list_and_an_index_a_step() -> None:
    steps = first_step >> second_step >> first_step

    assert isinstance(steps[1:], StepList)
    assert names_of(steps[1:]) == ["two", "one"]
    assert steps[1] == second_step


def test_joining_changes_neither_side() -> None:
    head = begin >> first_step

    head >> second_step

    assert names_of(head) == ["one"]
    assert len(begin) == 0


def test_the_repr_of_a_list_names_its_steps() -> None:
    assert repr(first_step >> second_step) == "StepList [one, two]"


def test_a_group_is_flat_and_a_group_in_it_is_named_after_both() -> None:
    steps = step_group("Provision", first_step >> callback_step("Order", order, judge) >> second_step)

    assert names_of(steps) == ["one", "Order", "Order - Await callback", "Judge", "two"]
    assert [member.group for member in steps] == ["Provision", *["Provision / Order"] * 3, "Provision"]


def test_a_single_step_may_be_a_group() -> None:
    assert [member.group for member in begin >> step_group("Provision", first_step)] == ["Provision"]


async def test_a_retry_begins_at_the_failed_step_of_a_group(stage: Stage) -> None:
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
