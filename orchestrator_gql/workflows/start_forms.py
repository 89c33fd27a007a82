"""The pages that the ready-made workflow kinds ask before the author's form: the product or the subscription."""

from collections.abc import AsyncIterator, Callable, Generator, Mapping, Sequence
from contextlib import aclosing
from contextvars import ContextVar
from dataclasses import dataclass, field
from inspect import isasyncgenfunction, iscoroutinefunction, isgenerator
from typing import Any, TypeAlias
from uuid import UUID

from pydantic import ConfigDict, Field, create_model
from pydantic_forms.validators import Choice

from orchestrator_gql.domain import ProductModel, products
from orchestrator_gql.forms import FormPage
from orchestrator_gql.types import State
from orchestrator_gql.utils.arguments import bind, wanted
from orchestrator_gql.utils.errors import WorkflowDefinitionError
from orchestrator_gql.workflow.limits import demand_names

InputForm: TypeAlias = Callable[..., Any]
Prelude: TypeAlias = Callable[[], Generator[Any, Any, State]]
"""A generator function that asks one page or none, and returns the data for the state."""


LOADED: ContextVar[Callable[[], Mapping[str, Any]]] = ContextVar("loaded", default=dict)
"""Builds the models that the author's start form takes, by parameter name; their author's code runs with the form."""


@dataclass(frozen=True, slots=True)
class SubscriptionChoice:
    """What the first page says about the product subscriptions to choose from.

    ``workflow_name`` is the workflow that will start on the chosen one. ``suggested`` are some of them by id, with what
    people call them.
    """

    workflow_name: str = ""
    suggested: Mapping[str, str] = field(default_factory=dict)


CHOICE: ContextVar[SubscriptionChoice | None] = ContextVar("choice", default=None)
"""The choice of the start form that runs."""

PICKER_FORMAT = "subscriptionId"
"""The ``format`` of a field that holds the id of a product subscription: a client shows a search for it."""

PICKER_FILTER = "x-product-subscriptions"
"""The key of such a field with the `ProductSubscriptionFilter` of the product subscriptions to choose from."""


def asks_product(offer: Callable[[], Sequence[ProductModel]]) -> Prelude:
    """Ask which of the offered products to create; a single product is chosen without a page."""

    def prelude() -> Generator[Any, Any, State]:
        offered = offer()
        if not offered:
            return {}
        if len(offered) == 1:
            return _chosen(offered[0])
        page = yield _product_page(offered)
        chosen_id = str(page.product.value)
        return _chosen(next(product for product in offered if str(product.product_id) == chosen_id))

    return prelude


def asks_subscription() -> Prelude:
    """Ask which product subscription to work on."""

    def prelude() -> Generator[Any, Any, State]:
        page = yield _subscription_page()
        return {"subscription_id": str(page.subscription_id)}

    return prelude


def preceded(prelude: Prelude, form: InputForm | None) -> InputForm:
    """The author's form with the prelude before it; the result is async if the author's form is async."""
    if form is not None and (isasyncgenfunction(form) or iscoroutinefunction(form)):
        return _preceded_async(prelude, form)

    def ask(state: State) -> Generator[Any, Any, State]:
        prelude_data = yield from prelude()
        state.update(prelude_data)
        form_run = form(**_arguments(form, state)) if form is not None else None
        return {**prelude_data, **((yield from _pages(form_run)) or {})}

    return ask


def _preceded_async(prelude: Prelude, form: InputForm) -> InputForm:
    async def ask(state: State) -> AsyncIterator[Any]:
        prelude_run = prelude()
        answer: Any = None
        while True:
            try:
                page = prelude_run.send(answer)
            except StopIteration as end:
                prelude_data: State = end.value
                break
            answer = yield page
        state.update(prelude_data)
        form_run = form(**_arguments(form, state))
        if iscoroutinefunction(form):
            data = await form_run
            if isinstance(data, type):
                answer = yield data
                data = answer.model_dump()
            yield {**prelude_data, **(data or {})}
            return
        async with aclosing(form_run):
            page_or_data = await anext(form_run, None)
            while page_or_data is not None and not isinstance(page_or_data, Mapping):
                answer = yield page_or_data
                try:
                    page_or_data = await form_run.asend(answer)
                except StopAsyncIteration:
                    page_or_data = None
            yield {**prelude_data, **(page_or_data or {})}

    return ask


def _pages(form_run: Any) -> Generator[Any, Any, State | None]:
    if isgenerator(form_run):
        returned_data: State | None = yield from form_run
        return returned_data
    if isinstance(form_run, type):
        page: Any = yield form_run
        page_data: State = page.model_dump()
        return page_data
    returned: State | None = form_run
    return returned


def _arguments(form: InputForm, state: State) -> dict[str, Any]:
    return bind(wanted(form), state, given={**LOADED.get()(), "state": state})


def _chosen(product: ProductModel) -> State:
    return {"product": str(product.product_id), "product_name": product.name}


def _product_page(offered: Sequence[ProductModel]) -> type[FormPage]:
    # pydantic-forms makes a Choice like an Enum: at run time, from (value, label) pairs
    options: Any = Choice.__call__(
        "Product", [(product.name, (str(product.product_id), product.name)) for product in offered]
    )
    page: type[FormPage] = create_model("ProductPage", __base__=FormPage, __config__=None, product=(options, ...))
    page.model_config["title"] = "Which product?"
    return page


def _subscription_page() -> type[FormPage]:
    choice = CHOICE.get() or SubscriptionChoice()
    extra: dict[str, Any] = {"format": PICKER_FORMAT}
    if choice.workflow_name:
        extra[PICKER_FILTER] = {"startableWith": choice.workflow_name}
    if choice.suggested:
        extra |= {"examples": list(choice.suggested), "options": dict(choice.suggested)}

    class SubscriptionPage(FormPage):
        model_config = ConfigDict(title="Which product subscription?")
        subscription_id: UUID = Field(
            title="Product subscription",
            description="Search by description, customer, product or id, and choose one.",
            json_schema_extra=extra,
        )

    return SubscriptionPage


def known_products(names: Sequence[str]) -> tuple[str, ...]:
    """The names as a tuple; raises `WorkflowDefinitionError` if a name is not the name of a registered product."""
    registered_names = {registered.facts.name for registered in products.all()}
    wanted_names = demand_names(names, "products of a workflow")
    for name in wanted_names:
        if name not in registered_names:
            raise WorkflowDefinitionError(
                f"There is no product {name!r}: register it before the workflow that makes it."
            )
    return wanted_names
