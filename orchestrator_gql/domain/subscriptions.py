"""Product subscriptions: a customer's instance of a product, as authors read and change it in steps."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Self, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from orchestrator_gql.domain.blocks import filled
from orchestrator_gql.domain.families import DomainModel, Family, validated, variant
from orchestrator_gql.domain.lifecycle import check_transition
from orchestrator_gql.domain.product import ProductModel
from orchestrator_gql.domain.registry import products
from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.clock import WallClock
from orchestrator_gql.utils.errors import NotFound, StepError
from orchestrator_gql.utils.json.secrets import Found, dumped, revealed
from orchestrator_gql.utils.tokens import new_id

S = TypeVar("S", bound="SubscriptionModel")


class SubscriptionModel(DomainModel):
    """A product subscription; derive from it, loosest class first.

        class L2vpnInactive(SubscriptionModel, is_base=True):
            virtual_circuit: VirtualCircuitBlockInactive

        class L2vpn(L2vpnInactive, lifecycle=[SubscriptionLifecycle.ACTIVE]):
            virtual_circuit: VirtualCircuitBlock

    ``is_base`` begins a family (a class directly below this one does so anyway); ``lifecycle`` says for which
    statuses a class stands. ``status`` is changed by ``from_other_lifecycle`` only, which checks what it promises.
    """

    product: ProductModel = Field(frozen=True)
    customer_id: str
    subscription_id: UUID = Field(default_factory=new_id, frozen=True)
    description: str = ""
    status: SubscriptionLifecycle = Field(default=SubscriptionLifecycle.INITIAL, frozen=True)
    insync: bool = False
    start_date: AwareDatetime | None = None
    end_date: AwareDatetime | None = None
    note: str | None = None
    version: int = Field(default=1, ge=1)

    def __init_subclass__(
        cls, *, is_base: bool = False, lifecycle: Iterable[SubscriptionLifecycle] = (), **keywords: Any
    ) -> None:
        super().__init_subclass__(**keywords)
        family = cls._family
        if family is None or is_base:
            family = Family(cls.__qualname__, cls)
        cls._join(family, lifecycle)

    @classmethod
    def from_product_id(
        cls,
        product_id: UUID | str,
        customer_id: str,
        status: SubscriptionLifecycle = SubscriptionLifecycle.INITIAL,
        **values: Any,
    ) -> Self:
        """A new subscription to a registered product, of the class that stands for ``status``.

        Blocks are made and what may be None is None, unless given in ``values``, which take any field by name. It is
        out of sync until the workflow that makes it is done.

        Raises ``NotFound`` for an unknown product, and ``StepError``: ``lifecycle-mismatch`` where the class is not a
        ``cls``, ``model-invalid`` where a field may not be left out.
        """
        product = products.by_id(product_id)
        facts = product.facts
        model = _narrowed(cls, product.model, status, title=f"A new {facts.name} subscription")
        fixed = {name: each for name, each in (facts.fixed_inputs or {}).items() if name in model.model_fields}
        given = {"description": facts.description} | _dates(status) | fixed | values
        given |= {"product": facts, "customer_id": customer_id, "status": status}
        return validated(model, filled(model, given), problem=f"A new {facts.name} subscription cannot be {status}")

    @classmethod
    def from_other_lifecycle(
        cls, subscription: "SubscriptionModel", status: SubscriptionLifecycle, *, now: datetime | None = None
    ) -> Self:
        """``subscription`` in another status, as the class that stands for it; the given one stays as it was.

        ``start_date`` is set where it first becomes active, ``end_date`` where it becomes terminated; ``now`` is for
        tests. Raises ``UnsafeTransition``, or ``StepError``: ``model-invalid`` names the fields that the stricter
        class misses, ``lifecycle-mismatch`` says that it is not a ``cls``.
        """
        check_transition(subscription.status, status, subscription_id=subscription.subscription_id)
        title = _title(subscription.product.name, subscription.subscription_id)
        model = _narrowed(cls, type(subscription), status, title=title)
        values = subscription.model_dump(round_trip=True, warnings=False) | {"status": status}
        values |= _dates(status, start=subscription.start_date, end=subscription.end_date, now=now)
        return validated(model, values, problem=f"{title} cannot become {status}")

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Self:
        """The subscription that ``dump`` wrote, as the class of its product that stands for its status.

        A field that its class no longer has is passed over. Raises as ``accepts`` does, and ``StepError``
        ``model-invalid`` where the rest does not fit its class.
        """
        model = accepts(cls, data)
        return validated(model, data, problem=f"{_title_of(data)} cannot be loaded", is_stored=True)

    def dump(self) -> dict[str, Any]:
        """This subscription as JSON values, exactly what ``load`` reads.

        Raises ``StepError`` ``model-invalid`` for what could not be loaded again: appending to a list goes unchecked.
        """
        data: dict[str, Any] = revealed(dumped(self, warnings=False), Found())
        validated(variant(type(self), self.status), data, problem=f"{_title_of(data)} cannot be saved", is_stored=True)
        return data


def accepts(model: type[S], data: Mapping[str, Any]) -> type[S]:
    """The class to load ``data``, a dumped subscription, with: ``model``, or a stricter one of its family.

    The product and the status of ``data`` decide on the class. Where that is not a ``model``, raises ``StepError``
    ``lifecycle-mismatch``, which names both and the subscription; ``NotFound`` where the product is not registered and
    ``model`` is of no family either.
    """
    try:
        status, product_id = SubscriptionLifecycle(data["status"]), data["product"]["product_id"]
        title = _title_of(data)
    except (KeyError, TypeError, ValueError) as problem:
        message = "This is no dumped subscription: its id, its product or its status is missing or unknown."
        raise StepError(message, code="model-invalid") from problem
    return _narrowed(model, _family_member(model, product_id), status, title=title)


def _family_member(model: type[DomainModel], product_id: UUID | str) -> type[DomainModel]:
    try:
        return products.by_id(product_id).model
    except NotFound:
        if model._family is None:
            raise
        return model


def _narrowed(model: type[S], member: type[DomainModel], status: SubscriptionLifecycle, *, title: str) -> type[S]:
    """The class that stands for ``status`` in the family of ``member``, where that is a ``model``."""
    found = variant(member, status)
    if issubclass(found, model):
        return found
    wanted, there = model.__qualname__, found.__qualname__
    problem = f"{title} is no `{wanted}`: in the status {status} it is a `{there}`"
    raise StepError(f"{problem}. Change its status first, or ask for a `{there}`.", code="lifecycle-mismatch")


def _dates(
    status: SubscriptionLifecycle,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    now: datetime | None = None,
) -> dict[str, datetime | None]:
    # The one place of this floor that may ask the clock: authors call it from their steps, where no time is handed in.
    now = now or WallClock().now()
    if status is SubscriptionLifecycle.ACTIVE:
        start = start or now
    if status is SubscriptionLifecycle.TERMINATED:
        end = end or now
    return {"start_date": start, "end_date": end}


def _title_of(data: Mapping[str, Any]) -> str:
    return _title(data["product"]["name"], data["subscription_id"])


def _title(product: str, subscription_id: UUID | str) -> str:
    return f"{product} subscription {subscription_id}"
