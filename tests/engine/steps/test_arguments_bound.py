"""The arguments of the functions that an author hands over: predicates, names of callbacks, polls and policies."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from operator import itemgetter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from support.stage import Play, Stage, named

from orchestrator_gql import callback_step, conditional, focussteps, inputstep, step, steplens
from orchestrator_gql.forms import FormPage
from orchestrator_gql.process import Process
from orchestrator_gql.types import FormGenerator, ProcessStatus, State
from orchestrator_gql.utils.errors import WorkflowDefinitionError
from orchestrator_gql.workflows.registry import Registry

ASKED = {"bad": False, "switches": ["ams-1", "rtm-1"], "site": "ams", "id": "6f5902ac-2371-4a8e-9d3f-9b7d2b5b1b1a"}
DELIVERED = {"source": "poll"}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage with an empty database."""
    return Stage(tmp_path)


@step("Order")
def order(callback_route: str) -> None: ...


@step("Judge")
def judge(callback_result: Any) -> None: ...


def under_a_condition(function: Callable[..., Any], stage: Stage) -> Any:
    """A step under a condition: it runs if the function returns something true."""

    @step("Work")
    def work() -> None:
        stage.seen.append("ran")

    return conditional(function)(work)


def naming_callbacks(function: Callable[..., Any], stage: Stage) -> Any:
    """A callback step whose callbacks the function names."""

    @step("Order by name")
    def order_by_name(callback_urls: dict[str, str]) -> None:
        stage.seen.extend(sorted(callback_urls))

    return callback_step("Orders", order_by_name, judge, expect=function)


def confirmed_by_policy(function: Callable[..., Any], stage: Stage) -> Any:
    """A form that the function may confirm."""

    class Sure(FormPage):
        is_sure: bool = True

    @inputstep("Confirm", auto_confirm=function)
    def confirm() -> FormGenerator:
        yield Sure
        stage.seen.append("confirmed")
        return {}

    return confirm


def polled(function: Callable[..., Any], stage: Stage) -> Any:
    """A callback step that the function polls at its deadline."""
    return callback_step("Orders", order, judge, timeout=60, poll=function)


async def outcome(stage: Stage, steps: Any, state: State) -> Process:
    """Play the steps; a wait for a callback is over at once."""
    async with stage(named("play", steps)) as play:
        process = await play.run("play", state)
        if process.status is ProcessStatus.AWAITING_CALLBACK:
            return await _after_the_deadline(play, process)
        return process


async def _after_the_deadline(play: Play, process: Process) -> Process:
    play.engine.turn(60)
    return await play.rest(process.id, ProcessStatus.AWAITING_CALLBACK)


class Rules:
    """Rules with an own state, as an author may write them."""

    def is_bad(self, bad: bool) -> bool:
        return bad

    def __call__(self, bad: bool, *, site: str) -> bool:
        return bad and site == "ams"

    @staticmethod
    def static(bad: bool) -> bool:
        return bad

    @classmethod
    def of_class(cls, bad: bool) -> bool:
        return bad


@dataclass
class Compared:
    """A rule that can be compared, and so not be hashed."""

    site: str

    def __call__(self, bad: bool, site: str) -> bool:
        return bad and site == self.site


class AsyncRule:
    """A rule whose call is async."""

    async def __call__(self, bad: bool) -> bool:
        return bad


async def is_bad_async(bad: bool) -> bool:
    return bad


def is_bad_at(site: str, bad: bool) -> bool:
    return bad and site == "ams"


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


PREDICATES: dict[str, Callable[..., Any]] = {
    "by name": lambda bad: bad,
    "several": lambda bad, site: bad and site == "ams",
    "keyword only": lambda *, bad: bad,
    "a default that the state has": lambda bad=True: bad,
    "a default that the state lacks": lambda bad, limit=3: bad and limit == 3,
    "optional": lambda bad, comment=None: bad and comment is None,
    "state": lambda state: state["bad"],
    "state beside others": lambda bad, state: bad and state["bad"],
    "keyword only state": lambda *, state: state["bad"],
    "s": lambda s: s.get("bad"),
    "s with a bound variable": lambda s, site="nowhere": s["bad"] and site == "nowhere",
    "underscore": lambda _: _["bad"],
    "positional only": lambda whatever, /: whatever["bad"],
    "only args": lambda *args: args[0]["bad"],
    "args and kwargs beside a name": lambda bad, *args, **kwargs: bad and not args and not kwargs,
    "without a signature": itemgetter("bad"),
    "of the engine": lambda process_id, bad: bad and isinstance(process_id, str),
    "of the engine in the state": lambda s: s["bad"] and s["workflow_name"] == "play" and s["reporter"],
    "partial by position": partial(is_bad_at, "ams"),
    "partial by name": partial(is_bad_at, site="ams"),
    "method": Rules().is_bad,
    "static method": Rules.static,
    "class method": Rules.of_class,
    "callable object": Rules(),
    "callable object without a hash": Compared("ams"),
    "partial without a hash": partial(Compared("ams"), site="ams"),
    "async": is_bad_async,
    "async partial": partial(is_bad_async),
    "async callable object": AsyncRule(),
    "wrapped": logged(lambda bad: bad),
}


@pytest.mark.each_value
@pytest.mark.parametrize("is_bad", [True, False])
@pytest.mark.parametrize("predicate", PREDICATES.values(), ids=PREDICATES)
async def test_a_predicate_reads_what_its_parameters_name(
    stage: Stage, predicate: Callable[..., Any], is_bad: bool
) -> None:
    process = await outcome(stage, under_a_condition(predicate, stage), ASKED | {"bad": is_bad})

    assert (process.failure, process.status) == (None, ProcessStatus.COMPLETED)
    assert stage.seen == (["ran"] if is_bad else [])


async def test_a_predicate_gets_its_arguments_converted(stage: Stage) -> None:
    def is_wanted(id: UUID, bad: bool | None, switches: tuple[str, ...], missing: int | None) -> bool:
        stage.seen.append((type(id), bad, switches, missing))
        return False

    await outcome(stage, under_a_condition(is_wanted, stage), ASKED)

    assert stage.seen == [(UUID, False, ("ams-1", "rtm-1"), None)]


async def test_a_predicate_cannot_change_the_state(stage: Stage) -> None:
    def spoils(s: State) -> bool:
        s["switches"].clear()
        return True

    process = await outcome(stage, under_a_condition(spoils, stage), ASKED)

    assert process.state["switches"] == ["ams-1", "rtm-1"]


NAMES: dict[str, Callable[..., Any]] = {
    "by name": lambda switches: switches,
    "state": lambda state: state["switches"],
    "s": lambda s: s["switches"],
    "without a signature": itemgetter("switches"),
    "another iterable": lambda switches: tuple(switches[:]),
    "generator": lambda switches: (name for name in switches),
}


@pytest.mark.parametrize("expect", NAMES.values(), ids=NAMES)
async def test_the_names_of_callbacks_are_read_from_the_state(stage: Stage, expect: Callable[..., Any]) -> None:
    process = await stage.play(naming_callbacks(expect, stage), **ASKED)

    assert (process.failure, process.status) == (None, ProcessStatus.AWAITING_CALLBACK)
    assert stage.seen == ["ams-1", "rtm-1"]


POLICIES: dict[str, Callable[..., Any]] = {
    "by name": lambda site: site == "ams",
    "s": lambda s: s["site"] == "ams",
    "underscore": lambda _: True,
    "without a parameter": lambda: True,
    "positional only": lambda state, /: state["site"] == "ams",
}


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
async def test_a_policy_reads_what_its_parameters_name(stage: Stage, policy: Callable[..., Any]) -> None:
    process = await outcome(stage, confirmed_by_policy(policy, stage), ASKED)

    assert (process.failure, process.status) == (None, ProcessStatus.COMPLETED)


POLLS: dict[str, Callable[..., Any]] = {
    "by name": lambda site, remote_ref, callback_name: DELIVERED | {"site": site, "ref": remote_ref},
    "s": lambda s: DELIVERED | {"site": s["site"], "ref": s["remote_ref"]},
    "positional only": lambda facts, /: DELIVERED | {"site": facts["site"], "ref": facts["remote_ref"]},
}


@pytest.mark.parametrize("poll", POLLS.values(), ids=POLLS)
async def test_a_poll_reads_what_its_parameters_name(stage: Stage, poll: Callable[..., Any]) -> None:
    process = await outcome(stage, polled(poll, stage), ASKED)

    assert process.status is ProcessStatus.COMPLETED
    assert process.state["callback_result"] == DELIVERED | {"site": "ams", "ref": None}


def typo(switchez: list[str]) -> Any: ...


LACKING: list[tuple[Callable[..., Any], str]] = [
    (typo, "switchez"),
    (lambda switchez: switchez, "switchez"),
    (lambda switches, switchez: switchez, "switchez"),
    (partial(typo), "switchez"),
    (Rules().is_bad, "bad"),
    (Rules(), "bad"),
    (is_bad_async, "bad"),
    (lambda s, bad: bad, "s"),
]


@pytest.mark.parametrize("made", [under_a_condition, naming_callbacks, confirmed_by_policy, polled])
@pytest.mark.parametrize(("function", "name"), LACKING)
async def test_a_parameter_that_the_state_lacks_fails_the_step_and_is_named(
    stage: Stage, made: Callable[..., Any], function: Callable[..., Any], name: str
) -> None:
    state = {key: value for key, value in ASKED.items() if key != "bad"}

    process = await outcome(stage, made(function, stage), state)

    assert process.status is ProcessStatus.FAILED
    assert process.failure is not None
    assert process.failure.code == "missing-argument"
    assert process.failure.message.startswith("Step '")
    assert f"needs `{name}`, which is not there; there are: " in process.failure.message
    assert "switches" in process.failure.message.partition("there are")[2]


async def test_a_poll_without_its_argument_leaves_the_wait_to_the_operator_if_the_step_says_so(stage: Stage) -> None:
    steps = callback_step("Orders", order, judge, timeout=60, poll=typo, on_timeout="operator")

    process = await outcome(stage, steps, ASKED)

    assert process.status is ProcessStatus.SUSPENDED


@pytest.mark.parametrize(
    "predicate", [lambda bad: bad, lambda s: s["bad"], itemgetter("bad"), lambda state: state["bad"]]
)
async def test_inside_a_focus_the_arguments_come_from_the_part(stage: Stage, predicate: Callable[..., Any]) -> None:
    inner = focussteps("part")(under_a_condition(predicate, stage))
    twice = focussteps("outer")(inner)
    around = under_a_condition(predicate, stage)

    await outcome(
        stage, inner >> twice >> around, {"bad": False, "part": {"bad": True}, "outer": {"part": {"bad": True}}}
    )

    assert stage.seen == ["ran", "ran"]


async def test_a_condition_around_a_lens_does_not_see_through_it(stage: Stage) -> None:
    lens = steplens(lambda state: {"bad": True}, lambda state: lambda part: state)

    await outcome(stage, conditional(lambda bad: bad)(lens(under_a_condition(lambda bad: bad, stage))), {"bad": False})

    assert stage.seen == []


@pytest.mark.parametrize("function", [lambda a, b, /: a, lambda a, /, b: b], ids=["two", "one of two"])
@pytest.mark.parametrize("made", [under_a_condition, naming_callbacks, confirmed_by_policy, polled])
def test_several_parameters_by_position_are_refused_at_start(
    stage: Stage, made: Callable[..., Any], function: Callable[..., Any]
) -> None:
    with pytest.raises(WorkflowDefinitionError, match="remove the `/`"):
        Registry([named("refused", made(function, stage))])


@pytest.mark.parametrize("value", [True, "bad", 3, judge])
@pytest.mark.parametrize("made", [under_a_condition, confirmed_by_policy, polled])
def test_what_is_no_function_is_refused_at_import(stage: Stage, made: Callable[..., Any], value: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match=r"plain function|comes first"):
        made(value, stage)
