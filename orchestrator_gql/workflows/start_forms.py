"""What the ready-made kinds of workflow ask before the author's own form: which product, or which subscription."""

from collections.abc import AsyncIterator, Callable, Generator, Mapping, Sequence
from contextlib import aclosing
from inspect import isasyncgenfunction, iscoroutinefunction, isgenerator
from typing import Any, TypeAlias
from uuid import UUID

from pydantic import ConfigDict, create_model
from pydantic_forms.validators import Choice

from orchestrator_gql.domain import ProductModel, ProductStatus, products
from orchestrator_gql.forms import FormPage
from orchestrator_gql.types import State
from orchestrator_gql.utils.arguments import bind, wanted
from orchestrator_gql.utils.errors import WorkflowDefinitionError

InputForm: TypeAlias = Callable[..., Any]
Prelude: TypeAlias = Callable[[], Generator[Any, Any, State]]
"""Asks its own page, or none, and returns what that puts into the state."""


def asks_product(names: Sequence[str]) -> Prelude:
    """Ask which product to create; where there is only one, it is taken. ``names`` empty: any active one."""

    def prelude() -> Generator[Any, Any, State]:
        offered = _offered(names)
        if not offered:
            return {}
        if len(offered) == 1:
            return _chosen(offered[0])
        answer = yield _product_page(offered)
        picked = str(answer.product.value)
        return _chosen(next(one for one in offered if str(one.product_id) == picked))

    return prelude


def asks_subscription() -> Prelude:
    """Ask which product subscription to work on."""

    def prelude() -> Generator[Any, Any, State]:
        answer = yield _subscription_page()
        return {"subscription_id": str(answer.subscription_id)}

    return prelude


def preceded(prelude: Prelude, form: InputForm | None) -> InputForm:
    """The author's form with the prelude before it: sync or async, as the author's is."""
    if form is not None and (isasyncgenfunction(form) or iscoroutinefunction(form)):
        return _preceded_async(prelude, form)

    def ask(state: State) -> Generator[Any, Any, State]:
        first = yield from prelude()
        state.update(first)
        asked = form(**_arguments(form, state)) if form is not None else None
        return {**first, **((yield from _pages(asked)) or {})}

    return ask


def _preceded_async(prelude: Prelude, form: InputForm) -> InputForm:
    async def ask(state: State) -> AsyncIterator[Any]:
        asking = prelude()
        answer: Any = None
        while True:
            try:
                page = asking.send(answer)
            except StopIteration as end:
                first: State = end.value
                break
            answer = yield page
        state.update(first)
        asked = form(**_arguments(form, state))
        if iscoroutinefunction(form):
            given = await asked
            if isinstance(given, type):
                answer = yield given
                given = answer.model_dump()
            yield {**first, **(given or {})}
            return
        async with aclosing(asked):
            question = await anext(asked, None)
            while question is not None and not isinstance(question, Mapping):
                answer = yield question
                try:
                    question = await asked.asend(answer)
                except StopAsyncIteration:
                    question = None
            yield {**first, **(question or {})}

    return ask


def _pages(asked: Any) -> Generator[Any, Any, State | None]:
    if isgenerator(asked):
        given: State | None = yield from asked
        return given
    if isinstance(asked, type):
        page: Any = yield asked
        data: State = page.model_dump()
        return data
    answered: State | None = asked
    return answered


def _arguments(form: InputForm, state: State) -> dict[str, Any]:
    return bind(wanted(form), state, given={"state": state})


def _offered(names: Sequence[str]) -> list[ProductModel]:
    if names:
        return [products.by_name(name).facts for name in names]
    return [one.facts for one in products.all() if one.facts.status is ProductStatus.ACTIVE]


def _chosen(product: ProductModel) -> State:
    return {"product": str(product.product_id), "product_name": product.name}


def _product_page(offered: Sequence[ProductModel]) -> type[FormPage]:
    # pydantic-forms makes a Choice as an Enum is made: at run time, from (value, label) pairs
    options: Any = Choice.__call__("Product", [(one.name, (str(one.product_id), one.name)) for one in offered])
    page: type[FormPage] = create_model("ProductPage", __base__=FormPage, __config__=None, product=(options, ...))
    page.model_config["title"] = "Which product?"
    return page


def _subscription_page() -> type[FormPage]:
    class SubscriptionPage(FormPage):
        model_config = ConfigDict(title="Which product subscription?")
        subscription_id: UUID

    return SubscriptionPage


def known_products(names: Sequence[str]) -> tuple[str, ...]:
    """The names, each of a registered product; `WorkflowDefinitionError` names one that is not."""
    there = {one.facts.name for one in products.all()}
    for name in names:
        if name not in there:
            raise WorkflowDefinitionError(
                f"There is no product {name!r}: register it before the workflow that makes it."
            )
    return tuple(names)
