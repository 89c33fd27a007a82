"""What is wrong in a definition is told when it is made, with the name of the argument and what may stand there."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from support.definitions import call, flow, judge

from orchestrator_gql import begin, callback_step, conditional, inputstep, step, wait_until
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.targets import Target
from orchestrator_gql.utils.arguments import GIVEN
from orchestrator_gql.utils.errors import WorkflowDefinitionError
from orchestrator_gql.workflow import focussteps, retrystep, steplens

NO_TIME = [True, False, "1h", "60", [60], Decimal(60), object]
TIMES: dict[str, Callable[[Any], Any]] = {
    "timeout of step": lambda time: step("Call", timeout=time)(lambda: None),
    "timeout of step 'Try'": lambda time: retrystep("Try", timeout=time)(lambda: None),
    "timeout of callback step": lambda time: callback_step("C", call, judge, timeout=time),
    "heartbeat_timeout of callback step": lambda time: callback_step("C", call, judge, heartbeat_timeout=time),
    "retry_delay of callback step": lambda time: callback_step("C", call, judge, on_timeout="retry", retry_delay=time),
    "due of input step": lambda time: inputstep("Ask", due=time)(lambda: None),
    "remind of input step": lambda time: inputstep("Ask", remind=time)(lambda: None),
    "expire of input step": lambda time: inputstep("Ask", expire=time)(lambda: None),
    "delay of step 'Try'": lambda time: retrystep("Try", delay=time)(lambda: None),
    "max_delay of step 'Try'": lambda time: retrystep("Try", max_delay=time)(lambda: None),
    "escalate of input step": lambda time: inputstep("Ask", escalate=[(time, Assignee("NOC"))])(lambda: None),
}


@pytest.mark.parametrize("time", NO_TIME, ids=repr)
@pytest.mark.parametrize("what", TIMES)
def test_a_time_is_a_number_of_seconds_or_a_timedelta(what: str, time: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match="give seconds as a number, or a timedelta") as refused:
        TIMES[what](time)

    assert f"The {what}" in str(refused.value)
    assert TIMES[what](60) and TIMES[what](0.5) and TIMES[what](timedelta(minutes=1))


@pytest.mark.parametrize("on_crash", ["Hold", "HOLD", "", None, True, "fail", ["hold"]])
def test_a_crash_has_one_of_two_consequences(on_crash: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match=r"on_crash of step 'Call' .* 'rerun' or 'hold'"):
        step("Call", on_crash=on_crash)(lambda: None)


@pytest.mark.parametrize("target", ["FOO", "create", "", None, 5])
def test_a_target_is_one_of_the_targets(target: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match=r"target of workflow 'deploy' .*'CREATE' or 'MODIFY'"):
        flow(target=target)

    assert flow(target="CREATE").target is flow(target=Target.CREATE).target


@pytest.mark.parametrize("decorate", [step("Call"), retrystep("Call"), inputstep("Ask")])
@pytest.mark.parametrize("body", [call, begin, begin >> call, None, 5, "text"], ids=lambda body: type(body).__name__)
def test_the_body_of_a_step_is_a_plain_function(decorate: Callable[[Any], Any], body: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match=r"of (input )?step '(Call|Ask)' is .*decorate a plain function"):
        decorate(body)


@pytest.mark.parametrize("wrong", [5, "key", begin >> call])
def test_lenses_forms_and_predicates_are_functions(wrong: Any) -> None:
    makes: dict[str, Callable[[], Any]] = {
        "get of `steplens`": lambda: steplens(wrong, lambda _: lambda part: part),
        "set of `steplens`": lambda: steplens(lambda state: state, wrong),
        "initial_input_form of a workflow": lambda: flow(initial_input_form=wrong),
        "run_predicate of a workflow": lambda: flow(run_predicate=wrong),
    }
    for what, make in makes.items():
        with pytest.raises(WorkflowDefinitionError, match=f"The {what} is .*: give it a plain function"):
            make()


def yielding() -> Any:
    yield True


async def yielding_later() -> Any:
    yield True


@pytest.mark.parametrize("wrong", [yielding, yielding_later, partial(yielding)], ids=["def", "async def", "partial"])
def test_only_a_form_yields(wrong: Any) -> None:
    """A generator is no result, and it would count as true in a condition."""
    makes: dict[str, Callable[[], Any]] = {
        "function of step 'Call'": lambda: step("Call")(wrong),
        "function of step 'Try'": lambda: retrystep("Try")(wrong),
        "function of step 'Wait'": lambda: wait_until("Wait", wrong),
        "predicate of `conditional`": lambda: conditional(wrong),
        "get of `steplens`": lambda: steplens(wrong, lambda _: lambda part: part),
        "run_predicate of a workflow": lambda: flow(run_predicate=wrong),
        "lock of workflow 'deploy'": lambda: flow(lock=wrong),
        "auto_confirm of input step 'Ask'": lambda: inputstep("Ask", auto_confirm=wrong)(lambda: None),
        "poll of callback step 'Job'": lambda: callback_step("Job", call, judge, poll=wrong),
        **{what: partial(RULES[what], wrong) for what in RULES},
    }
    for what, make in makes.items():
        with pytest.raises(WorkflowDefinitionError, match=f"The {what} .*has a `yield`: let it return its result"):
            make()

    assert inputstep("Ask")(wrong) and flow(initial_input_form=wrong)


RULES: dict[str, Callable[[Any], Any]] = {
    "retry_auth_callback of step 'Call'": lambda rule: step("Call", retry_auth_callback=rule)(lambda: None),
    "retry_auth_callback of step 'Try'": lambda rule: retrystep("Try", retry_auth_callback=rule)(lambda: None),
    "retry_auth_callback of step 'Wait'": lambda rule: wait_until("Wait", lambda: None, retry_auth_callback=rule),
    "retry_auth_callback of input step": lambda rule: inputstep("Ask", retry_auth_callback=rule)(lambda: None),
    "resume_auth_callback of input step": lambda rule: inputstep("Ask", resume_auth_callback=rule)(lambda: None),
    "retry_auth_callback of a workflow": lambda rule: flow(retry_auth_callback=rule),
    "authorize_callback of a workflow": lambda rule: flow(authorize_callback=rule),
}


@pytest.mark.parametrize("wrong", ["NOC", True, False, ["NOC"], Assignee("NOC")], ids=repr)
@pytest.mark.parametrize("what", RULES)
def test_a_rule_about_people_is_a_function(what: str, wrong: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match=f"The {what} .*: give it a plain function"):
        RULES[what](wrong)

    assert RULES[what](None) and RULES[what](lambda context: False)


class Rule:
    """A rule that is an object."""

    def __call__(self, context: Any, why: str = "") -> bool:
        return True

    def without(self) -> bool:
        return True

    def of_two(self, context: Any, user: Any) -> bool:
        return True


@pytest.mark.parametrize("what", RULES)
def test_a_rule_about_people_takes_the_context_alone(what: str) -> None:
    """A rule that cannot be called allows nobody, and only the log would say so."""
    wrong: list[Any] = [lambda: True, lambda a, b: True, lambda *, context: True, lambda **all: True, Rule]
    for rule in (*wrong, Rule().without, Rule().of_two, partial(lambda context: True, None)):
        with pytest.raises(WorkflowDefinitionError, match=f"The {what} .*is called with the context alone"):
            RULES[what](rule)

    for rule in (Rule(), Rule().__call__, partial(Rule().of_two, None), lambda *all: True, lambda a, b=1: True, bool):
        assert RULES[what](rule)


ENGINE_NAMES = sorted(GIVEN)


@pytest.mark.parametrize("name", ENGINE_NAMES)
def test_a_key_of_the_state_is_no_name_of_the_engine(name: str) -> None:
    """No step could get the value: the engine fills in another under that name."""
    makes: dict[str, Callable[[], Any]] = {
        "result_key of callback step 'Job'": lambda: callback_step("Job", call, judge, result_key=name),
        "key of `focussteps`": lambda: focussteps(name),
    }
    if name not in ("callback_route", "callback_url"):
        what = "callback_route_key of callback step 'Job'"
        makes[what] = lambda: callback_step("Job", call, judge, callback_route_key=name)
    for what, make in makes.items():
        with pytest.raises(WorkflowDefinitionError, match=f"The {what} is '{name}', under which a step gets a value"):
            make()


@step("Call each")
def call_each(callback_urls: dict[str, str]) -> None: ...


@pytest.mark.parametrize(("names", "require", "is_enough"), [(2, 3, False), (2, 2, True), (1, 2, False), (3, 1, True)])
def test_a_wait_expects_at_least_as_many_answers_as_it_requires(names: int, require: int, is_enough: bool) -> None:
    expect = [f"router-{number}" for number in range(names)]
    expected = (
        nullcontext()
        if is_enough
        else pytest.raises(WorkflowDefinitionError, match=f"'Job' requires {require} answers and expects only {names}")
    )

    with expected:
        callback_step("Job", call_each, judge, expect=expect, require=require)
