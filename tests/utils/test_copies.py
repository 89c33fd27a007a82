"""Copies are those of `dataclasses.replace`, for every class that has a function for them."""

from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator_gql.process.model import Process, StepExecution, copy_execution, copy_process
from orchestrator_gql.process.outcomes import Transition, copy_transition
from orchestrator_gql.targets import Target
from orchestrator_gql.types import ProcessStatus, StepKind, StepStatus
from orchestrator_gql.utils.copies import copier
from orchestrator_gql.utils.tokens import new_id

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EXECUTION = StepExecution(1, 0, "Prepare", StepKind.ACTION, None, StepStatus.RUNNING, NOW, delta={"a": 1})
PROCESS = Process(new_id(), "toy", Target.CREATE, "f", ProcessStatus.RUNNING, NOW, NOW, execution=EXECUTION)


@pytest.mark.parametrize(
    ("source", "copied"),
    [
        (EXECUTION, copy_execution),
        (PROCESS, copy_process),
        (Transition(PROCESS, (EXECUTION,)), copy_transition),
    ],
)
def test_a_copy_is_that_of_replace_whatever_changes(source: Any, copied: Any) -> None:
    before = repr(source)
    for name in [each.name for each in fields(source)]:
        made = copied(source, **{name: "changed"})

        assert type(made) is type(source)
        assert [getattr(made, each.name) for each in fields(made)] == [
            getattr(replace(source, **{name: "changed"}), each.name) for each in fields(source)
        ]
    assert copied(source) == source
    assert repr(source) == before
    with pytest.raises(FrozenInstanceError):
        setattr(copied(source), fields(source)[0].name, None)


def test_a_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TypeError, match="no field 'statsu'"):
        copy_process(PROCESS, statsu=ProcessStatus.FAILED)


def test_an_object_of_another_class_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Longer(StepExecution):
        more: int = 1

    longer = Longer(**{each.name: getattr(EXECUTION, each.name) for each in fields(EXECUTION)})

    for source in (longer, PROCESS, None):
        with pytest.raises(TypeError, match="is not StepExecution"):
            copy_execution(source)
    assert copier(Longer)(longer, more=2) == replace(longer, more=2)


def test_fields_that_are_keywords_or_have_factories_are_copied() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Odd:
        one: int
        many: list[int] = field(default_factory=list)
        hidden: int = field(default=3, repr=False, compare=False)

    source = Odd(one=1, many=[1], hidden=4)
    made = copier(Odd)(source, one=2)

    assert (made.one, made.hidden) == (2, 4)
    assert made.many is source.many is replace(source, one=2).many


def test_a_class_without_slots_has_no_copier() -> None:
    @dataclass(frozen=True)
    class Loose:
        one: int = 1
        two: int = 2

    with pytest.raises(AttributeError):
        copier(Loose)


def test_a_class_that_checks_its_values_has_no_copier() -> None:
    @dataclass(frozen=True, slots=True)
    class Checked:
        one: int
        two: int

        def __post_init__(self) -> None:
            raise ValueError

    with pytest.raises(AssertionError, match="does not call it"):
        copier(Checked)
