"""Which products and statuses a workflow is for."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from orchestrator_gql.domain import ProductModel, ProductStatus, SubscriptionModel, products, subscriptions_in
from orchestrator_gql.targets import Target
from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.arguments import Parameter, wanted
from orchestrator_gql.workflow.model import ActionStep, InputStep, Workflow

INITIAL, PROVISIONING, ACTIVE, MIGRATING, DISABLED, _ = SubscriptionLifecycle

STARTS_FROM = {
    Target.MODIFY: frozenset({ACTIVE}),
    Target.TERMINATE: frozenset({INITIAL, PROVISIONING, ACTIVE, MIGRATING, DISABLED}),
    Target.VALIDATE: frozenset({PROVISIONING, ACTIVE, MIGRATING, DISABLED}),
    Target.RECONCILE: frozenset({ACTIVE}),
}
"""For each target that works on a product subscription, the statuses from which its workflows start by default."""

_SUBSCRIPTION = ("subscription", "subscription_id")
"""The parameters of the product subscription itself. Other parameters may take the subscriptions that it uses."""


def statuses_of(workflow: Workflow) -> frozenset[SubscriptionLifecycle]:
    """The statuses from which the workflow starts; none if its target works on no existing subscription."""
    default = STARTS_FROM.get(workflow.target, frozenset())
    return workflow.statuses if workflow.statuses is not None and default else default


def offered_by(workflow: Workflow) -> list[ProductModel]:
    """The products that a workflow can create: the named ones, or the active ones of `products_of`."""
    if workflow.products:
        return products_of(workflow)
    return [facts for facts in products_of(workflow) if facts.status is ProductStatus.ACTIVE]


def products_of(workflow: Workflow) -> list[ProductModel]:
    """The products whose subscriptions the workflow is for.

    The names that the workflow declares; without them, the products of the models that its start form takes as the
    subscription, because it always runs; else of those that its steps and its start form take; if they take none, every
    product.
    """
    if workflow.products:
        return [products.by_name(name).facts for name in workflow.products]
    families = {id(model._family) for model in _models_of(workflow)}
    every = products.all()
    return [product.facts for product in every if not families or id(product.model._family) in families]


def _models_of(workflow: Workflow) -> set[type[SubscriptionModel]]:
    if workflow.author_form is not None and (of_form := set(_subscription_models(_parameters(workflow.author_form)))):
        return of_form
    functions = [step.function for step in workflow.steps if isinstance(step, ActionStep)]
    functions += [step.form for step in workflow.steps if isinstance(step, InputStep)]
    functions += [workflow.author_form] if workflow.author_form is not None else []
    parameters = [parameter for function in functions for parameter in _parameters(function)]
    return set(_subscription_models(parameters)) or set(_models(parameters))


def _subscription_models(parameters: Iterable[Parameter]) -> Iterator[type[SubscriptionModel]]:
    return _models(parameter for parameter in parameters if parameter.name in _SUBSCRIPTION)


@lru_cache(maxsize=4096)
def _parameters(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    return wanted(function)


def _models(parameters: Iterable[Parameter]) -> Iterator[type[SubscriptionModel]]:
    named = (model for parameter in parameters for model in subscriptions_in(parameter.annotation))
    return (model for model in named if model._family is not None)
