"""Product subscriptions for steps: a parameter annotated with a model receives the loaded one."""

import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from orchestrator_gql.domain import SubscriptionModel
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import product_subscriptions
from orchestrator_gql.types import Json
from orchestrator_gql.utils.arguments import Parameter
from orchestrator_gql.utils.author_calls import returned_by
from orchestrator_gql.utils.errors import StepError


async def load_models(
    runtime: Runtime, parameters: Sequence[Parameter], state: Mapping[str, Json]
) -> dict[str, SubscriptionModel | list[SubscriptionModel]]:
    """The models that the parameters ask for, by parameter name, as they are stored now.

    The state names a product subscription by its id, or by an object that holds ``subscription_id``. `StepError` where
    the state names none, there is no such product subscription, or its lifecycle is not the one annotated.
    """
    asked = {p.name: (p, classes) for p in parameters if p.name in state and (classes := _classes(p.annotation))}
    if not asked:
        return {}
    named = {name: _ids(name, state[name]) for name, (p, _) in asked.items() if state[name] is not None}
    every = [id for ids in named.values() for id in ids]
    stored = await runtime.database.read(lambda conn: product_subscriptions.models(conn, every))
    found: dict[str, SubscriptionModel | list[SubscriptionModel]] = {}
    for name, ids in named.items():
        _, classes = asked[name]
        loaded = [returned_by(_load, name, id, stored, classes) for id in ids]
        found[name] = loaded if isinstance(state[name], list) else loaded[0]
    return found


def _classes(annotation: Any) -> tuple[type[SubscriptionModel], ...]:
    """The models that an annotation names: ``Model``, ``Model | None``, ``A | B`` or ``list[Model]``."""
    if isinstance(annotation, type) and issubclass(annotation, SubscriptionModel):
        return (annotation,)
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, list, typing.Annotated):
        return tuple(found for argument in typing.get_args(annotation) for found in _classes(argument))
    return ()


def _ids(name: str, value: Json) -> list[UUID]:
    values = value if isinstance(value, list) else [value]
    try:
        return [UUID(str(one["subscription_id"] if isinstance(one, dict) else one)) for one in values]
    except (KeyError, ValueError) as wrong:
        raise StepError(
            f"The state's {name!r} names no product subscription: expected its id, or an object with "
            f"'subscription_id', found {str(value)[:80]!r}.",
            "bad-argument",
        ) from wrong


def _load(
    name: str, id: UUID, stored: Mapping[UUID, Json], classes: Sequence[type[SubscriptionModel]]
) -> SubscriptionModel:
    if id not in stored:
        raise StepError(f"There is no product subscription {id} for parameter {name!r}.", "bad-argument")
    for one in classes[:-1]:
        try:
            return one.load(stored[id])
        except StepError as wrong:
            if wrong.failure_code != "lifecycle-mismatch":
                raise
    return classes[-1].load(stored[id])
