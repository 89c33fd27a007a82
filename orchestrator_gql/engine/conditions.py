"""The answers of `conditional` predicates: asked where a run of steps opens, recorded, and only looked up after."""

from collections.abc import Mapping

from orchestrator_gql.process import Process
from orchestrator_gql.workflow.model import Step, StepList


def must_be_asked(process: Process, step: Step) -> bool:
    """True where entering the step needs an author's predicate; a step that was entered before has its answers."""
    is_known = process.record is not None and process.record.step_index == process.position
    return not is_known and any(condition.opens for condition in step.conditions)


def asked(process: Process, steps: StepList) -> tuple[bool, Mapping[str, bool]]:
    """Whether the step that the process stands at is taken, and the answers with those that were asked just now.

    The outermost condition is asked first; where it says no, the inner ones are not asked at all.
    """
    answers = dict(process.answers)
    for depth, condition in enumerate(steps[process.position].conditions):
        key = _key(steps, process.position, depth)
        if condition.opens:
            answers[key] = bool(condition.predicate(dict(process.state)))
        if not answers.get(key, False):
            return False, answers
    return True, answers


def recorded(process: Process, steps: StepList) -> bool:
    """Whether a step inside a run that was opened before is taken."""
    conditions = enumerate(steps[process.position].conditions)
    return all(process.answers.get(_key(steps, process.position, depth), False) for depth, _ in conditions)


def _key(steps: StepList, position: int, depth: int) -> str:
    """The name of an answer: the index of the step that opens the run, and how deep the condition stands there."""
    mine = steps[position].conditions[depth]
    for index in range(position, -1, -1):
        for level, condition in enumerate(steps[index].conditions):
            if condition.opens and condition.predicate is mine.predicate:
                return f"{index}.{level}"
    return f"{position}.{depth}"
