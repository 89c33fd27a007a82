"""Objects are those of a call of the class, and copies those of `dataclasses.replace`."""

from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator_gql.process.model import Process, StepExecution, copy_execution, copy_process
from orchestrator_gql.process.outcomes import Success, Transition, copy_transition
from orchestrator_gql.targets import Target
from orchestrator_gql.types import ProcessStatus, StepKind, StepStatus
from orchestrator_gql.utils.copies import copier, maker
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


@pytest.mark.parametrize(
    "source", [EXECUTION, PROCESS, Transition(PROCESS, (EXECUTION,)), Success({"a": 1}, actor="x")]
)
def test_a_made_object_is_that_of_a_call_with_some_arguments_or_all(source: Any) -> None:
    kind = type(source)
    every = {each.name: getattr(source, each.name) for each in fields(source)}
    given = {each.name for each in fields(source) if each.default is MISSING and each.default_factory is MISSING}
    required = {name: value for name, value in every.items() if name in given}

    for arguments in (every, required):
        made = maker(kind)(**arguments)
        assert type(made) is kind
        assert [getattr(made, name) for name in every] == [getattr(kind(**arguments), name) for name in every]
    assert maker(kind)(*every.values()) == source
    with pytest.raises(FrozenInstanceError):
        setattr(maker(kind)(**every), next(iter(every)), None)
    with pytest.raises(FrozenInstanceError):
        delattr(maker(kind)(**every), next(iter(every)))
    with pytest.raises(TypeError):
        maker(kind)(**every, other=1)


def test_each_made_object_has_its_own_default() -> None:
    @dataclass(frozen=True, slots=True)
    class Odd:
        one: int
        many: list[int] = field(default_factory=list)
        two: int = field(default=2, kw_only=True)

    make = maker(Odd)

    assert make(1) == Odd(1)
    assert make(1, two=3) == Odd(1, two=3)
    assert make(1).many is not make(1).many
    with pytest.raises(TypeError):
        make(1, [], 3)
    with pytest.raises(TypeError):
        make()
