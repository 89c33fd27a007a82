"""Loads product subscriptions for the parameters of steps that are annotated with a model."""

import types
import typing
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias
from uuid import UUID

from orchestrator_gql.domain import SubscriptionModel, accepts, subscriptions_in
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import product_subscriptions
from orchestrator_gql.storage.product_subscriptions import Stored
from orchestrator_gql.types import Json
from orchestrator_gql.utils.arguments import Parameter, wanted
from orchestrator_gql.utils.errors import StepError

Models: TypeAlias = dict[str, Any]
"""By the name of a parameter its product subscription, or a list, tuple or dict of them."""


async def load_models(
    runtime: Runtime, parameters: Sequence[Parameter], state: Mapping[str, Json]
) -> Callable[[], Models]:
    """A function that builds the models that the parameters ask for, as they are stored now.

    A model is an author's code, so the function must be called where that may block. The state names a product
    subscription by its id or by an object with ``subscription_id``. Both raise `StepError`: if the state names none, if
    the product subscription does not exist, or if its lifecycle is not the annotated one. A parameter that may be None
    (``Port | None``) is None if the product subscription does not exist.
    """
    found = [
        (parameter, classes)
        for parameter in parameters
        if state.get(parameter.name) is not None and (classes := subscriptions_in(parameter.annotation))
    ]
    if not found:
        return dict
    every_id = [id for parameter, _ in found for id in _ids(parameter, state[parameter.name])]
    stored = await runtime.database.read(lambda conn: product_subscriptions.stored(conn, every_id))

    def build() -> Models:
        models: Models = {}
        for parameter, classes in found:
            load = partial(_load, parameter.name, stored=stored, classes=classes)
            value = state[parameter.name]
            models[parameter.name] = None if _is_gone(parameter, value, stored) else _built(parameter, value, load)
        return models

    return build


async def chosen_subscription(
    runtime: Runtime, form: Callable[..., Any] | None, chosen_id: UUID | None
) -> tuple[dict[str, Json], Callable[[], Mapping[str, Any]]]:
    """The facts of the product subscription that a start form is about, and the models that the form takes, by name."""
    if form is None or chosen_id is None:
        return {}, dict
    found = await runtime.database.read(lambda conn: product_subscriptions.models(conn, [chosen_id]))
    if chosen_id not in found:
        return {}, dict
    model, id = found[chosen_id], str(chosen_id)
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


def _ids(parameter: Parameter, value: Json) -> list[UUID]:
    """The ids that the value of the parameter names, in lists and objects as deep as the annotation has them."""
    if isinstance(value, list):
        return [id for item in value for id in _ids(parameter, item)]
    if value is None and _names(parameter.annotation, types.NoneType):
        return []
    if _is_by_key(parameter, value):
        return [id for item in value.values() for id in _ids(parameter, item)]
    try:
        return [UUID(str(value["subscription_id"] if isinstance(value, dict) else value))]
    except (KeyError, ValueError) as error:
        raise StepError(
            f"The state's {parameter.name!r} names no product subscription: expected its id, or an object with "
            f"'subscription_id', found {str(value)[:80]!r}.",
            "bad-argument",
        ) from error


def _is_gone(parameter: Parameter, value: Json, stored: Stored) -> bool:
    """True if the parameter may be None, and there is no such product subscription."""
    is_single = not isinstance(value, list) and not _is_by_key(parameter, value)
    return parameter.is_optional and is_single and _ids(parameter, value)[0] not in stored.documents


def _built(parameter: Parameter, value: Json, load: Callable[[UUID], SubscriptionModel]) -> Any:
    if isinstance(value, list):
        items = [_built(parameter, item, load) for item in value]
        return tuple(items) if _names(parameter.annotation, tuple) else items
    if value is None:
        return None
    if _is_by_key(parameter, value):
        return {key: _built(parameter, item, load) for key, item in value.items()}
    return load(_ids(parameter, value)[0])


def _is_by_key(parameter: Parameter, value: Json) -> bool:
    is_object = isinstance(value, dict) and "subscription_id" not in value
    return is_object and any(_names(parameter.annotation, kind) for kind in (dict, Mapping))


def _names(annotation: Any, kind: type) -> bool:
    """True if the annotation names the type, at any depth."""
    if annotation is kind or typing.get_origin(annotation) is kind:
        return True
    return any(_names(part, kind) for part in typing.get_args(annotation))


def _load(name: str, id: UUID, stored: Stored, classes: Sequence[type[SubscriptionModel]]) -> SubscriptionModel:
    if id not in stored.documents:
        problem = f"There is no product subscription {id} for parameter {name!r}"
        fix = "look at the id, or let the parameter be None with `… | None`."
        raise StepError(f"{problem}: {fix}", "bad-argument")
    # In a union the class of the stored status comes first; another one fits only if the values do.
    exact = [model for model in classes if _is_exact(model, stored.documents[id])]
    errors: list[StepError] = []
    for model in exact or classes:
        try:
            return _loaded(model, id, stored)
        except StepError as error:
            if error.failure_code not in ("lifecycle-mismatch", "product-mismatch"):
                raise
            errors.append(error)
    # A class of the right product says more than a class of another one.
    raise next((error for error in errors if error.failure_code == "lifecycle-mismatch"), errors[-1])


def _is_exact(model: type[SubscriptionModel], document: Json) -> bool:
    try:
        accepts(model, document)
    except StepError:
        return False
    return True


def _loaded(model: type[SubscriptionModel], id: UUID, stored: Stored) -> SubscriptionModel:
    return model.load(stored.documents[id], stored.documents, is_in_sync=id not in stored.locks)
