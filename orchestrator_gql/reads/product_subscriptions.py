"""Product subscriptions in pages, and their versions."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from orchestrator_gql.domain import products
from orchestrator_gql.domain.families import DomainModel
from orchestrator_gql.domain.values import ValueFilter
from orchestrator_gql.domain.where import filter_of
from orchestrator_gql.engine import authorization
from orchestrator_gql.engine.start_check import rule_of
from orchestrator_gql.engine.steps import execution
from orchestrator_gql.reads.lists import RowList
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import product_subscription_lists as lists
from orchestrator_gql.storage import product_subscription_versions as versions
from orchestrator_gql.storage.product_subscription_lists import ProductSubscriptionFilter, StartRule
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import FieldError, NotFound, PayloadInvalid, StepError

MOST_VALUES = 10
"""The most values of fields in one filter."""


def subscription_list(
    *, by_update: bool = False, is_descending: bool = True
) -> RowList[ProductSubscriptionFilter, Row[Any]]:
    """The product subscriptions without their models; by default in the order of their creation, newest first."""
    return RowList(partial(lists.page, by_update=by_update, is_descending=is_descending), lists.total)


version_list = RowList(versions.page, versions.total)
"""The versions of the product subscription with this id, the newest first."""


async def start_rule(runtime: Runtime, principal: Principal, workflow_name: str) -> StartRule:
    """Which product subscriptions the principal may start the workflow on now.

    Raises `NotFound`, `Forbidden`, `WorkflowBlocked` and `AuthorCodeFailed`.
    """
    principal.demand(Permission.READ)
    workflow = await authorization.find_startable(runtime, principal, workflow_name)
    await execution.demand_unblocked(runtime, workflow, principal)
    return rule_of(workflow)


def value_filters(
    runtime: Runtime,
    principal: Principal,
    wanted: Sequence[tuple[str, Json]],
    product_names: Sequence[str] | None,
    product_types: Sequence[str] | None,
) -> list[ValueFilter]:
    """The filters for values at paths in the models of the named products, or of every product.

    Raises `PayloadInvalid` for a path that no model has, for a value that does not fit it, and for a secret.
    """
    principal.demand(Permission.READ)
    if len(wanted) > MOST_VALUES:
        raise PayloadInvalid(f"A filter has at most {MOST_VALUES} fields, not {len(wanted)}.")
    models = dict.fromkeys(
        product.model
        for product in products.all()
        if (product_names is None or product.facts.name in product_names)
        and (product_types is None or product.facts.product_type in product_types)
    )
    if wanted and not models:
        message = "No product is declared here that the filter selects, so no model has the fields to compare."
        raise PayloadInvalid(message, [FieldError(("filter", "products"), message, "where-unknown")])
    return [_value_filter(runtime, list(models), index, path, value) for index, (path, value) in enumerate(wanted)]


def _value_filter(
    runtime: Runtime, models: Sequence[type[DomainModel]], index: int, path: str, value: Json
) -> ValueFilter:
    try:
        if any(runtime.redact({key: "shown"}) != {key: "shown"} for key in path.split(".")):
            raise StepError(f"{path!r} is a secret: a subscription cannot be found by it.", code="where-secret")
        return filter_of(models, path, value)
    except StepError as error:
        place = "value" if error.failure_code == "where-value" else "path"
        problem = FieldError(("filter", "fields", str(index), place), error.message, str(error.failure_code))
        raise PayloadInvalid(error.message, [problem]) from error


async def two_versions(
    runtime: Runtime, principal: Principal, subscription_id: UUID, from_version: int, to_version: int
) -> tuple[dict[str, Json], dict[str, Json]]:
    """The stored models of two versions of the product subscription. Raises `NotFound` for a version."""
    principal.demand(Permission.READ)
    keys = [(subscription_id, from_version), (subscription_id, to_version)]

    def read(conn: Connection) -> dict[tuple[UUID, int], Json]:
        return versions.models(conn, sorted(set(keys)))

    found = await runtime.database.read(read)
    for key in keys:
        if key not in found:
            raise NotFound(f"version {key[1]} of product subscription", subscription_id)
    old, new = (found[key] for key in keys)
    return old, new
