"""The questions that authors' steps and forms ask about product subscriptions; they only read.

Each call is one short read. Its models carry the versions that were loaded: return a changed one, and it is saved, or
refused as stale, like a model that the engine loaded.
"""

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from orchestrator_gql.domain.blocks import ProductBlockModel
from orchestrator_gql.domain.product_model import ProductModel
from orchestrator_gql.domain.reading import Matching, OwnersFor, StoredSubscriptions, UsersOf, demand_id, read
from orchestrator_gql.domain.registry import RegisteredProduct, products
from orchestrator_gql.domain.subscriptions import SubscriptionModel, stored_model
from orchestrator_gql.domain.where import filter_of
from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.errors import NotFound, StepError

MOST = 1_000
"""The most subscriptions that one call returns."""

LIVING = tuple(status for status in SubscriptionLifecycle if status is not SubscriptionLifecycle.TERMINATED)

_Product = str | UUID | ProductModel | type[SubscriptionModel]
_Status = str | SubscriptionLifecycle


def find_subscriptions(
    *,
    product_type: str | Collection[str] | None = None,
    product: _Product | Collection[_Product] | None = None,
    status: _Status | Collection[_Status] | None = None,
    customer_id: str | Collection[str] | None = None,
    where: Mapping[str, Any] | None = None,
    limit: int | None = None,
    after: SubscriptionModel | UUID | str | None = None,
) -> list[SubscriptionModel]:
    """The product subscriptions that all arguments allow, newest first, each of the class for its product and status.

    A collection means any of its items. ``product`` is a name, an id, or a model class: every product of its family.
    ``where`` maps the path of a field, as ``"port.port_mode"``, to its value. It goes through blocks, those of other
    subscriptions included, and through lists: an item is enough.

    With ``limit`` there are at most that many; ``after`` continues after the last subscription of the call before.
    Raises ``StepError``: ``too-many-results`` if there are more than 1,000 and no ``limit``, ``where-unknown``,
    ``where-value`` and ``where-secret`` for ``where``, ``bad-argument`` for another argument, and ``model-invalid`` if
    a stored subscription does not fit its class.
    """
    chosen = _chosen_products(product, product_type)
    filters = tuple(filter_of(_families(chosen), path, value) for path, value in (where or {}).items())
    found = read(
        Matching(
            product_ids=tuple(each.facts.product_id for each in chosen),
            is_any_product=product is None and product_type is None,
            statuses=None if status is None else tuple(map(_status, _each(status))),
            customer_ids=None if customer_id is None else tuple(_each(customer_id)),
            filters=filters,
            limit=MOST if limit is None else _limit(limit),
            after=None if after is None else demand_id(getattr(after, "subscription_id", after)),
            is_whole=limit is None,
        ),
        "find_subscriptions",
    )
    if found.has_more and limit is None:
        raise StepError(
            f"More than {MOST:,} product subscriptions match: narrow the call, or give `limit=` and continue with "
            "`after=` the last subscription.",
            code="too-many-results",
        )
    return _loaded(found)


def in_use_by(
    used: SubscriptionModel | ProductBlockModel | UUID | str, *, status: _Status | Collection[_Status] = LIVING
) -> list[SubscriptionModel]:
    """The subscriptions that use the block, or a block of the subscription; ended ones only if ``status`` names them.

    Raises ``StepError``: ``too-many-results`` if there are more than 1,000.
    """
    block_id: UUID | None = None
    if isinstance(used, ProductBlockModel):
        if used.owner_subscription_id is None:
            return []  # it is stored in no subscription yet
        id, block_id = used.owner_subscription_id, used.subscription_instance_id
    else:
        id = demand_id(getattr(used, "subscription_id", used))
    found = read(UsersOf(id, block_id, tuple(map(_status, _each(status))), MOST), "in_use_by")
    if found.has_more:
        raise StepError(
            f"More than {MOST:,} product subscriptions use {id}: narrow the call by `status=`, or use "
            "`find_subscriptions(where=…, limit=…)`.",
            code="too-many-results",
        )
    return _loaded(found)


def depends_on(user: SubscriptionModel | UUID | str) -> list[SubscriptionModel]:
    """The subscriptions whose blocks the subscription uses, directly, as it is stored."""
    return _loaded(read(OwnersFor(demand_id(getattr(user, "subscription_id", user))), "depends_on"))


def product(name: str | UUID) -> ProductModel:
    """The facts of the product with this name or id, such as its ``fixed_inputs``; raises ``StepError``."""
    return _registered(name)[0].facts


def _loaded(found: StoredSubscriptions) -> list[SubscriptionModel]:
    return [stored_model(SubscriptionModel, found, id) for id in found.ids]


def _chosen_products(
    wanted: _Product | Collection[_Product] | None, types: str | Collection[str] | None
) -> list[RegisteredProduct]:
    chosen = list(products.all())
    if wanted is not None:
        allowed = {each.facts.product_id for item in _each(wanted) for each in _registered(item)}
        chosen = [each for each in chosen if each.facts.product_id in allowed]
    if types is not None:
        known = {each.facts.product_type for each in products.all()}
        for item in _each(types):
            if item not in known:
                raise StepError(_no_such("product type", item, known), code="bad-argument")
        chosen = [each for each in chosen if each.facts.product_type in set(_each(types))]
    return chosen


def _registered(wanted: _Product) -> list[RegisteredProduct]:
    if isinstance(wanted, type) and issubclass(wanted, SubscriptionModel):
        found = list(products.of_model(wanted)) if wanted._family else list(products.all())
        if not found:
            problem = f"`{wanted.__qualname__}` is the model of no product: call `register_product(model=…)`."
            raise StepError(problem, code="bad-argument")
        return found
    by_id = wanted.product_id if isinstance(wanted, ProductModel) else wanted
    for find in (products.by_name, products.by_id):
        try:
            return [find(str(by_id))]
        except NotFound:
            continue
    names = [each.facts.name for each in products.all()]
    raise StepError(_no_such("product", wanted, names), code="bad-argument")


def _families(chosen: Iterable[RegisteredProduct]) -> list[Any]:
    return list(dict.fromkeys(each.model for each in chosen))


def _status(value: _Status) -> SubscriptionLifecycle:
    try:
        return SubscriptionLifecycle(value)
    except ValueError:
        raise StepError(_no_such("status", value, map(str, SubscriptionLifecycle)), code="bad-argument") from None


def _limit(limit: int) -> int:
    if isinstance(limit, int) and 1 <= limit <= MOST:
        return limit
    raise StepError(f"`limit` is a number from 1 to {MOST:,}, not {limit!r}.", code="bad-argument")


def _each(value: Any) -> tuple[Any, ...]:
    """The items of a list, a tuple or a set; any other value alone."""
    return tuple(value) if isinstance(value, list | tuple | set | frozenset) else (value,)


def _no_such(kind: str, value: object, known: Iterable[str]) -> str:
    names = sorted(known)
    near = get_close_matches(str(value), names, n=1)
    advice = f"the nearest is {near[0]!r}" if near else f"there are {', '.join(map(repr, names)) or 'none'}"
    return f"There is no {kind} {str(value)!r}: {advice}."
