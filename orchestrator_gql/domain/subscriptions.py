"""Product subscriptions: a customer's instance of a product, as authors read and change it in steps."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Self, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, Field, PrivateAttr

from orchestrator_gql.domain.blocks import adopt, blocks_of, filled, remember
from orchestrator_gql.domain.classes import accepts, family_member, is_of_family, narrowed, other_product, stored_member
from orchestrator_gql.domain.families import (
    DomainModel,
    Family,
    LoadedDocument,
    clear_dump,
    models_in,
    validated,
    variant,
)
from orchestrator_gql.domain.lifecycle import check_transition
from orchestrator_gql.domain.loading_errors import of_used_block, remedy, title_for, title_of
from orchestrator_gql.domain.loading_rules import keeps_json
from orchestrator_gql.domain.migrations import CurrentDocuments, current
from orchestrator_gql.domain.origins import Origin
from orchestrator_gql.domain.product_model import ProductModel
from orchestrator_gql.domain.reading import ById, StoredSubscriptions, demand_id, read
from orchestrator_gql.domain.references import Documents, copied, expanded, with_references
from orchestrator_gql.domain.registry import products
from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.clock import WallClock
from orchestrator_gql.utils.errors import NotFound, StepError
from orchestrator_gql.utils.json.secrets import Found
from orchestrator_gql.utils.tokens import new_id

S = TypeVar("S", bound="SubscriptionModel")

BESIDE = frozenset({"insync"})
"""The fields that are stored beside the document: a lock is no part of what a customer has."""


class SubscriptionModel(DomainModel):
    """A product subscription. Derive your classes from it, the loosest class first.

        class L2vpnInactive(SubscriptionModel, is_base=True):
            virtual_circuit: VirtualCircuitBlockInactive

        class L2vpn(L2vpnInactive, lifecycle=[SubscriptionLifecycle.ACTIVE]):
            virtual_circuit: VirtualCircuitBlock

    ``is_base`` begins a family (a direct subclass of this class always does). ``lifecycle`` lists the statuses of a
    class. Only ``from_other_lifecycle`` changes ``status``; it validates the fields for the new status.
    """

    product: ProductModel = Field(frozen=True)
    customer_id: str
    subscription_id: UUID = Field(default_factory=new_id, frozen=True)
    description: str = ""
    status: SubscriptionLifecycle = Field(default=SubscriptionLifecycle.INITIAL, frozen=True)
    insync: bool = Field(default=False, description="True if no process holds the subscription or left it changed.")
    start_date: AwareDatetime | None = None
    end_date: AwareDatetime | None = None
    note: str | None = None
    version: int = Field(default=1, ge=1, frozen=True, description="The version that was loaded.")

    _sync_change: str | None = PrivateAttr(default=None)

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
        """A new subscription to a registered product, of the class for ``status``.

        ``values`` sets fields by name. Missing blocks are made, other missing fields are None if they allow it. The
        subscription is out of sync until its workflow is done.

        Raises ``StepError``: ``product-unknown``, ``lifecycle-mismatch`` if the class is not a
        ``cls``, ``model-invalid`` if a required field is missing.
        """
        try:
            product = products.by_id(product_id)
        except NotFound as error:
            raise _unknown_product(product_id) from error
        facts = product.facts
        if status not in tuple(SubscriptionLifecycle):
            known = ", ".join(SubscriptionLifecycle)
            raise StepError(f"There is no status {status!r}: it can be {known}.", code="model-invalid")
        model = narrowed(cls, product.model, status, title=f"A new {facts.name} subscription")
        fixed = {name: value for name, value in (facts.fixed_inputs or {}).items() if name in model.model_fields}
        field_values = {"description": facts.description} | _dates(status) | fixed | values
        field_values |= {"product": facts, "customer_id": customer_id, "status": status}
        problem = f"A new {facts.name} subscription cannot be {status}"
        fix = "Set these values by name in the call, or begin with a status whose class is looser."
        made = validated(model, filled(model, field_values), problem=problem, fix=fix)
        adopt(made, made.subscription_id, _origin_of(made, {}))
        return made

    @classmethod
    def from_subscription(cls, subscription_id: UUID | str) -> Self:
        """The subscription as it is stored now, for a step or a form; one short read.

        The class is chosen as for a parameter of a step: see `load`. Return the changed model from the step, and it is
        saved, or refused as stale. Raises ``StepError``: ``subscription-unknown``, ``product-mismatch``,
        ``lifecycle-mismatch``, ``model-invalid``, and ``no-reader`` outside of authors' code.
        """
        id = demand_id(subscription_id)
        found = read(ById(id), f"{cls.__qualname__}.from_subscription")
        if not found.ids:
            raise StepError(f"There is no product subscription {id}: look at the id.", code="subscription-unknown")
        return stored_model(cls, found, id)

    @property
    def in_use_by(self) -> "list[SubscriptionModel]":
        """The living subscriptions that use a block of this one, as they are stored now; see `queries.in_use_by`."""
        from orchestrator_gql.domain.queries import in_use_by

        return in_use_by(self)

    @property
    def depends_on(self) -> "list[SubscriptionModel]":
        """The subscriptions whose blocks this one uses, as they are stored now; see `queries.depends_on`."""
        from orchestrator_gql.domain.queries import depends_on

        return depends_on(self)

    @classmethod
    def from_other_lifecycle(
        cls, subscription: "SubscriptionModel", status: SubscriptionLifecycle, *, now: datetime | None = None
    ) -> Self:
        """A copy of ``subscription`` in another status, of the class for that status; the original does not change.

        ``start_date`` is set at the first change to active, ``end_date`` at the change to terminated; ``now`` is for
        tests. Raises ``UnsafeTransition``, or ``StepError``: ``model-invalid`` names the fields that the stricter
        class needs, ``lifecycle-mismatch`` means that the class is not a ``cls``.
        """
        _demand_model(subscription)
        check_transition(subscription.status, status, subscription_id=subscription.subscription_id)
        title = title_for(subscription.product.name, subscription.subscription_id)
        model = narrowed(cls, type(subscription), status, title=title)
        values = subscription.model_dump(round_trip=True, warnings=False) | {"status": status}
        values |= _dates(status, start=subscription.start_date, end=subscription.end_date, now=now)
        fix = "Set these values before the status."
        changed = validated(model, values, problem=f"{title} cannot become {status}", fix=fix)
        changed._loaded, changed._sync_change = subscription._loaded, subscription._sync_change
        known = {block.subscription_instance_id: block for block in blocks_of(subscription)}
        for block in blocks_of(changed):
            if (before := known.get(block.subscription_instance_id)) is not None:
                block._loaded = before._loaded
        adopt(changed, changed.subscription_id, _origin_of(changed, {}))
        return changed

    @classmethod
    def load(
        cls,
        data: Mapping[str, Any],
        others: Documents | None = None,
        *,
        is_in_sync: bool = False,
    ) -> Self:
        """The subscription that ``dump`` wrote, of the class for its product and status.

        The migrations of its product make an older document a current one first; it is stored with the next change.
        If that class is looser than ``cls``, the subscription is a ``cls``, provided that the values fit it already.
        ``others`` are the documents of the subscriptions whose blocks it uses. ``is_in_sync`` is stored
        beside the document. A field that the class no longer has is ignored. Raises the errors of ``current``,
        ``accepts`` and ``expanded``, and ``StepError``: ``product-mismatch`` for another product, ``model-invalid`` if
        the other fields do not fit the class.
        """
        data = current(data)
        mismatch: StepError | None = None
        try:
            model = accepts(cls, data)
        except StepError as error:
            if error.failure_code != "lifecycle-mismatch":
                raise
            if not is_of_family(cls, data):
                raise other_product(cls, family_member(cls, data["product"]["product_id"]), data) from error
            model, mismatch = cls, error
        whole = expanded(data, CurrentDocuments(others or {}))
        # A copy: a value in a field of type `Any` stays the same object, and the author may change it in place.
        values = copied(whole) if keeps_json(model) else {**whole, "product": copied(whole["product"])}
        values["insync"] = is_in_sync
        try:
            problem = f"{title_of(data)} cannot be loaded as a `{model.__qualname__}`"
            loaded = validated(model, values, problem=problem, fix=remedy(model, data), is_stored=True)
        except StepError as error:
            if mismatch is None:
                raise of_used_block(data, whole, others or {}, error) or error from error.__cause__
            problem = f"{mismatch.message} As a `{cls.__qualname__}`: {error.message}"
            raise StepError(problem, code=mismatch.failure_code) from error
        remember(loaded, whole, loaded.subscription_id, _origin_of(loaded, others or {}))
        loaded._loaded = LoadedDocument(data, whole, is_in_sync)
        return loaded

    def dump(self) -> dict[str, Any]:
        """This subscription as it is stored, as JSON values which ``load`` reads.

        A block of another subscription becomes a reference. Raises ``StepError`` ``model-invalid`` if ``load`` would
        refuse the values: an append to a list is not validated before.
        """
        return self.stored(self.whole())

    def whole(self, secrets: Found | None = None) -> dict[str, Any]:
        """This subscription as JSON values, with the blocks of other subscriptions; raises as ``dump``.

        ``secrets`` gets the places of its secrets.
        """
        adopt(self, self.subscription_id)
        data = clear_dump(self, secrets)
        problem = f"{title_of(data)} cannot be saved with the status {self.status}"
        fix = "Set these values before the step returns it."
        validated(variant(type(self), self.status), data, problem=problem, fix=fix, is_stored=True)
        return data

    def stored(self, whole: Mapping[str, Any]) -> dict[str, Any]:
        """The document of ``whole``: with references, and without what is stored beside the document."""
        document = {name: value for name, value in whole.items() if name not in BESIDE}
        referring: dict[str, Any] = with_references(document, str(self.subscription_id))
        return referring

    def with_sync(self, change: str) -> Self:
        """A copy that asks for a change of the lock when it is saved."""
        copy = self.model_copy(update={"insync": change == "UNLOCK"})
        copy._sync_change = change
        return copy


def _origin_of(subscription: SubscriptionModel, documents: Documents) -> Origin:
    """The origin of the blocks of the subscription; ``documents`` are those with which it was loaded."""
    return Origin(subscription, documents, SubscriptionModel.load)


def subscriptions_in(annotation: Any) -> tuple[type[SubscriptionModel], ...]:
    """The subscription models that an annotation names, at any depth in unions, lists and other containers."""
    return tuple(model for model in models_in(annotation) if issubclass(model, SubscriptionModel))


def stored_model(model: type[S], found: StoredSubscriptions, id: UUID) -> S:
    """The subscription among those that were read, as a ``model``.

    Raises ``StepError``: those of `SubscriptionModel.load`, ``product-unknown`` if its product is not registered, and
    ``product-mismatch`` if its product has another model.
    """
    data = found.documents[id]
    member = stored_member(model, data["product"]["product_id"], title_of(data))
    if model._family is not None and member._family is not model._family:
        raise other_product(model, member, data)
    return model.load(data, found.documents, is_in_sync=id not in found.out_of_sync)


def _demand_model(subscription: object) -> None:
    if not isinstance(subscription, SubscriptionModel):  # such as the dict in the state
        problem = f"`from_other_lifecycle` takes a product subscription, not {type(subscription).__name__}"
        fix = "let the step take the subscription as a parameter with its class"
        raise StepError(f"{problem}: {fix}.", code="model-invalid")


def _unknown_product(product_id: UUID | str) -> StepError:
    known = ", ".join(product.facts.name for product in products.all()) or "none"
    problem = f"There is no product {str(product_id)!r}; there are: {known}"
    return StepError(f"{problem}. Register it with `register_product`, or name another one.", code="product-unknown")


def _dates(
    status: SubscriptionLifecycle,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    now: datetime | None = None,
) -> dict[str, datetime | None]:
    # Only this function of the layer reads the clock: authors call it from their steps and pass no time.
    now = now or WallClock().now()
    if status is SubscriptionLifecycle.ACTIVE:
        start = start or now
    if status is SubscriptionLifecycle.TERMINATED:
        end = end or now
    return {"start_date": start, "end_date": end}
