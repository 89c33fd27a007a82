"""Evaluates the `conditional` predicates of steps once, when their block begins, and looks the results up later."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from orchestrator_gql.process import ConditionKey, Process
from orchestrator_gql.workflow.model import Step, StepList
from orchestrator_gql.workflow.step_options import Condition

Ask: TypeAlias = Callable[[Condition], Awaitable[bool]]
"""Runs the predicate of a condition without blocking the event loop."""


def must_evaluate(process: Process, step: Step) -> bool:
    """True if the step opens a conditional block whose predicate has no result yet.

    The result counts, not the step execution: if the predicate raised, there is no result and a retry runs it again.
    """
    conditions = enumerate(step.conditions)
    return any(
        condition.opens and ConditionKey(process.position, depth) not in process.condition_results
        for depth, condition in conditions
    )


async def evaluate(process: Process, steps: StepList, ask: Ask) -> tuple[bool, Mapping[ConditionKey, bool]]:
    """Whether the current step is taken, and the condition results with the new results added.

    The outermost condition runs first. If its result is False, the inner conditions do not run.
    """
    condition_results = dict(process.condition_results)
    for depth, condition in enumerate(steps[process.position].conditions):
        key = _key(steps, process.position, depth)
        if condition.opens:
            condition_results[key] = await ask(condition)
        if not condition_results.get(key, _is_inside(process, key)):
            return False, condition_results
    return True, condition_results


def is_taken(process: Process, steps: StepList) -> bool:
    """True if the recorded condition results let the process take the current step."""
    keys = [_key(steps, process.position, depth) for depth, _ in enumerate(steps[process.position].conditions)]
    return all(process.condition_results.get(key, _is_inside(process, key)) for key in keys)


def _is_inside(process: Process, key: ConditionKey) -> bool:
    """Whether the process stands inside of the block: its answer if there is none, as the block is newer than that."""
    return key.position < process.position


def _key(steps: StepList, position: int, depth: int) -> ConditionKey:
    """The key of the condition result for the step at ``position``: it belongs to the first step of the block.

    Every step of a block has the same number of conditions around it, so a condition has the same depth in each step.
    """
    for index in range(position, -1, -1):
        conditions = steps[index].conditions
        if len(conditions) <= depth:
            break
        if conditions[depth].opens:
            return ConditionKey(index, depth)
    return ConditionKey(position, depth)
