"""Copies are those of `dataclasses.replace`, for every class that has a function for them."""

from dataclasses import FrozenInstanceError, dataclass, fields, replace
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
    for field in fields(source):
        made = copied(source, **{field.name: "changed"})

        assert type(made) is type(source)
        assert [getattr(made, each.name) for each in fields(made)] == [
            getattr(replace(source, **{field.name: "changed"}), each.name) for each in fields(source)
        ]
    assert copied(source) == source
    assert repr(source) == before
    with pytest.raises(FrozenInstanceError):
        setattr(copied(source), fields(source)[0].name, None)


def test_a_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TypeError, match="no field 'statsu'"):
        copy_process(PROCESS, statsu=ProcessStatus.FAILED)


def test_a_class_that_checks_its_values_has_no_copier() -> None:
    @dataclass(frozen=True, slots=True)
    class Checked:
        one: int
        two: int

        def __post_init__(self) -> None:
            raise ValueError

    with pytest.raises(AssertionError, match="does not call it"):
        copier(Checked)
