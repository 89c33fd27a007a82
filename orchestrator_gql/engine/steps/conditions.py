"""The answers of `conditional` predicates: asked where a run of steps opens, recorded, and only looked up after."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from orchestrator_gql.process import ConditionKey, Process
from orchestrator_gql.types import State
from orchestrator_gql.workflow.model import Predicate, Step, StepList

Ask: TypeAlias = Callable[[Predicate, State], Awaitable[bool]]
"""Runs an author's predicate where it holds up nobody."""


def must_be_asked(process: Process, step: Step) -> bool:
    """True where entering the step needs an author's predicate that has not answered yet.

    The answer counts, not the visit: one whose predicate raised has none, and a retry asks again.
    """
    conditions = enumerate(step.conditions)
    return any(
        one.opens and ConditionKey(process.position, depth) not in process.condition_results
        for depth, one in conditions
    )


async def asked(process: Process, steps: StepList, ask: Ask) -> tuple[bool, Mapping[ConditionKey, bool]]:
    """Whether the step that the process stands at is taken, and the answers with those that were asked just now.

    The outermost condition is asked first; where it says no, the inner ones are not asked at all.
    """
    condition_results = dict(process.condition_results)
    for depth, condition in enumerate(steps[process.position].conditions):
        key = _key(steps, process.position, depth)
        if condition.opens:
            condition_results[key] = await ask(condition.predicate, dict(process.state))
        if not condition_results.get(key, False):
            return False, condition_results
    return True, condition_results


def recorded(process: Process, steps: StepList) -> bool:
    """Whether a step inside a run that was opened before is taken."""
    conditions = enumerate(steps[process.position].conditions)
    return all(process.condition_results.get(_key(steps, process.position, depth), False) for depth, _ in conditions)


def _key(steps: StepList, position: int, depth: int) -> ConditionKey:
    """The key of the answer that counts for a step: the one of the step that opened the run.

    Every step of a run has the same number of conditions around it, so the run's own stands at the same depth in each.
    """
    for index in range(position, -1, -1):
        conditions = steps[index].conditions
        if len(conditions) <= depth:
            break
        if conditions[depth].opens:
            return ConditionKey(index, depth)
    return ConditionKey(position, depth)
