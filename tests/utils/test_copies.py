"""Copies are those of `dataclasses.replace`, for every class that has a function for them."""

from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields, make_dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator_gql.engine.commit import CommitContext, CommitResult, PendingTransitions
from orchestrator_gql.process.model import Process, StepExecution, copy_execution, copy_process
from orchestrator_gql.process.outcomes import Success, Transition, copy_transition
from orchestrator_gql.storage.processes import Standing
from orchestrator_gql.targets import Target
from orchestrator_gql.types import Event, EventKind, ProcessStatus, StepKind, StepStatus
from orchestrator_gql.utils.copies import copier, quick
from orchestrator_gql.utils.tokens import new_id

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EXECUTION = StepExecution(1, 0, "Prepare", StepKind.ACTION, None, StepStatus.RUNNING, NOW, delta={"a": 1})
EVENT_KIND = EventKind.STEP_CHANGED
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


QUICK = [StepExecution, Process, Success, Transition, Event, PendingTransitions, CommitContext, CommitResult, Standing]


@pytest.mark.parametrize("kind", QUICK)
def test_a_quick_object_is_that_of_the_dataclass_whatever_is_given(kind: Any) -> None:
    own = [(each.name, each.type, _without_init_of(each)) for each in fields(kind)]
    plain = make_dataclass(kind.__name__, own, frozen=True, slots=True)
    needed = {each.name: each.name for each in fields(kind) if MISSING is each.default is each.default_factory}

    for given in (needed, *(needed | {each.name: "given"} for each in fields(kind))):
        by_name, by_place = kind(**given), kind(*given.values()) if given is needed else kind(**given)
        expected = plain(**given)
        for each in fields(kind):
            assert getattr(by_name, each.name) == getattr(by_place, each.name) == getattr(expected, each.name)
        assert type(by_name) is kind
        with pytest.raises(FrozenInstanceError):
            setattr(by_name, fields(kind)[0].name, None)


def _without_init_of(source: Any) -> Any:
    """The same default or factory, as a new field."""
    if source.default_factory is not MISSING:
        return field(default_factory=source.default_factory)
    return field() if source.default is MISSING else field(default=source.default)


def test_each_quick_object_gets_an_own_default() -> None:
    assert Success().delta is not Success().delta


def test_a_quick_class_refuses_wrong_parameters_and_has_working_subclasses() -> None:
    @dataclass(frozen=True, slots=True)
    class Longer(Event):
        more: int = 1

    class Named(Event):
        pass

    assert Longer(EVENT_KIND, NOW, more=2).more == 2
    assert (type(Named(EVENT_KIND, NOW)), Named(EVENT_KIND, NOW).at) == (Named, NOW)
    with pytest.raises(TypeError, match="more"):
        Event(EVENT_KIND, NOW, more=2)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="at"):
        Event(EVENT_KIND)  # type: ignore[call-arg]


def test_a_class_with_keywords_only_or_checks_is_not_quick() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Keywords:
        one: int

    @dataclass(frozen=True, slots=True)
    class Checked:
        one: int

        def __post_init__(self) -> None:
            raise ValueError

    for kind in (Keywords, Checked):
        with pytest.raises(AssertionError):
            quick(kind)
