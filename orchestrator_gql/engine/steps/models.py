"""Loads product subscriptions for the parameters of steps that are annotated with a model."""

import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

from orchestrator_gql.domain import SubscriptionModel, accepts
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import product_subscriptions
from orchestrator_gql.storage.product_subscriptions import Stored
from orchestrator_gql.types import Json
from orchestrator_gql.utils.arguments import Parameter, wanted
from orchestrator_gql.utils.errors import StepError

Models: TypeAlias = dict[str, SubscriptionModel | list[SubscriptionModel] | None]
"""Product subscriptions by the name of the parameter that asks for them."""


async def load_models(
    runtime: Runtime, parameters: Sequence[Parameter], state: Mapping[str, Json]
) -> Callable[[], Models]:
    """A function that builds the models that the parameters ask for, as they are stored now.

    A model is an author's code, so the function must be called where that may block. The state names a product
    subscription by its id or by an object with ``subscription_id``. Both raise `StepError`: if the state names none, if
    the product subscription does not exist, or if its lifecycle is not the annotated one. A parameter that may be None
    (``Port | None``) is None if the product subscription does not exist.
    """
    classes_of = {
        parameter.name: classes
        for parameter in parameters
        if parameter.name in state and (classes := _classes(parameter.annotation))
    }
    if not classes_of:
        return dict
    optional = {parameter.name for parameter in parameters if parameter.is_optional}
    ids_of = {name: _ids(name, state[name]) for name in classes_of if state[name] is not None}
    every_id = [id for ids in ids_of.values() for id in ids]
    stored = await runtime.database.read(lambda conn: product_subscriptions.stored(conn, every_id))

    def build() -> Models:
        models: Models = {}
        for name, ids in ids_of.items():
            if name in optional and not isinstance(state[name], list) and ids[0] not in stored.documents:
                models[name] = None
                continue
            loaded = [_load(name, id, stored, classes_of[name]) for id in ids]
            models[name] = loaded if isinstance(state[name], list) else loaded[0]
        return models

    return build


async def subject_of_form(
    runtime: Runtime, form: Callable[..., Any] | None, subject: UUID | None
) -> tuple[dict[str, Json], Callable[[], Mapping[str, Any]]]:
    """The facts of the product subscription that a start form is about, and the models that the form takes, by name."""
    if form is None or subject is None:
        return {}, dict
    found = await runtime.database.read(lambda conn: product_subscriptions.models(conn, [subject]))
    if subject not in found:
        return {}, dict
    model, id = found[subject], str(subject)
    facts = {
        "subscription": model,
        "subscription_id": id,
        "product": model["product"]["product_id"],
        "product_name": model["product"]["name"],
        "customer_id": model["customer_id"],
        "version": model["version"],
    }
    named: dict[str, Json] = {"subscription": id, "subscription_id": id}
    return facts, await load_models(runtime, wanted(form), named)


def _classes(annotation: Any) -> tuple[type[SubscriptionModel], ...]:
    """The models that an annotation names: ``Model``, ``Model | None``, ``A | B`` or ``list[Model]``."""
    if isinstance(annotation, type) and issubclass(annotation, SubscriptionModel):
        return (annotation,)
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, list, typing.Annotated):
        return tuple(model for argument in typing.get_args(annotation) for model in _classes(argument))
    return ()


def _ids(name: str, value: Json) -> list[UUID]:
    values = value if isinstance(value, list) else [value]
    try:
        return [UUID(str(item["subscription_id"] if isinstance(item, dict) else item)) for item in values]
    except (KeyError, ValueError) as error:
        raise StepError(
            f"The state's {name!r} names no product subscription: expected its id, or an object with "
            f"'subscription_id', found {str(value)[:80]!r}.",
            "bad-argument",
        ) from error


def _load(name: str, id: UUID, stored: Stored, classes: Sequence[type[SubscriptionModel]]) -> SubscriptionModel:
    if id not in stored.documents:
        raise StepError(f"There is no product subscription {id} for parameter {name!r}.", "bad-argument")
    # In a union the class of the stored status comes first; another one fits only if the values do.
    exact = [model for model in classes if _is_exact(model, stored.documents[id])]
    errors: list[StepError] = []
    for model in exact or classes:
        try:
            return _loaded(model, id, stored)
        except StepError as error:
            if error.failure_code != "lifecycle-mismatch":
                raise
            errors.append(error)
    raise errors[-1]


def _is_exact(model: type[SubscriptionModel], document: Json) -> bool:
    try:
        accepts(model, document)
    except StepError:
        return False
    return True


def _loaded(model: type[SubscriptionModel], id: UUID, stored: Stored) -> SubscriptionModel:
    return model.load(stored.documents[id], stored.documents, is_in_sync=id not in stored.locks)
