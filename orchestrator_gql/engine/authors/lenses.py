"""What part of the state a step works on, and how what it made goes back."""

from collections.abc import Mapping
from typing import Any

from orchestrator_gql.types import Json
from orchestrator_gql.workflow.model import Step


def focus(step: Step, state: Mapping[str, Json]) -> dict[str, Json]:
    """The part of the state that the step sees."""
    seen = dict(state)
    for lens in step.lenses:
        seen = dict(lens.get(seen))
    return seen


def put_back(
    step: Step, state: Mapping[str, Json], seen: Mapping[str, Json], added: Mapping[str, Any]
) -> dict[str, Json]:
    """What the step adds to the whole state, having seen a part of it and added to that."""
    if not step.lenses:
        return dict(added)
    views = [dict(state)]
    for lens in step.lenses[:-1]:
        views.append(dict(lens.get(views[-1])))
    whole: dict[str, Json] = {**seen, **added}
    for lens, view in zip(reversed(step.lenses), reversed(views), strict=True):
        whole = dict(lens.set(view)(whole))
    return {key: value for key, value in whole.items() if key not in state or state[key] != value}
