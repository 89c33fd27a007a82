"""The types of products and product subscriptions."""

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry
from sqlalchemy import Row

from orchestrator_gql.domain import Lock, ProductStatus, RegisteredProduct, products, without_secrets
from orchestrator_gql.domain.differences import differences
from orchestrator_gql.forms.masks import schema_shown
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.common import After, Connection, First, Node, connection_of
from orchestrator_gql.graphql.types.product_versions import SubscriptionVersion, version_connection
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.reads import product_subscriptions as subscription_reads
from orchestrator_gql.reads import products as product_reads
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.storage.process_filters import ProcessFilter
from orchestrator_gql.storage.product_subscription_lists import ProductSubscriptionFilter
from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.errors import NotFound
from orchestrator_gql.utils.json.redaction import Shape
from orchestrator_gql.utils.secrets import NOTHING

if TYPE_CHECKING:
    from orchestrator_gql.graphql.types.processes import Process
    from orchestrator_gql.graphql.types.workflows import Workflow, WorkflowStart


@strawberry.type(description="A product that is offered to customers.")
class Product(Node):
    name: str = strawberry.field(description="The display name of the product.")
    description: str = strawberry.field(description="The description of the product.")
    type: str = strawberry.field(description="The kind of product.")
    tag: str = strawberry.field(description="A short label for the product.")
    status: ProductStatus = strawberry.field(description="The status of the product in its life cycle.")
    registered: strawberry.Private[RegisteredProduct | None]

    @classmethod
    def of(cls, registered: RegisteredProduct) -> "Product":
        facts = registered.facts
        return cls(
            id=strawberry.ID(f"product:{facts.name}"),
            name=facts.name,
            description=facts.description,
            type=facts.product_type,
            tag=facts.tag,
            status=facts.status,
            registered=registered,
        )

    @classmethod
    def of_row(cls, row: Row[Any]) -> "Product":
        """A product that the deployed code does not declare any more, as it was stored."""
        return cls(
            id=strawberry.ID(f"product:{row.name}"),
            name=row.name,
            description=row.description,
            type=row.product_type,
            tag=row.tag,
            status=ProductStatus(row.status),
            registered=None,
        )

    @resolved(
        description="The JSON Schema of an active subscription to the product; empty if the product is not declared "
        "any more."
    )
    def block_schema(self) -> JSON:
        # pydantic needs some milliseconds for it: only if it is selected
        schema = self.registered.block_schema() if self.registered is not None else {}
        return Shape(schema_shown(schema, NOTHING))  # the redaction only knows the names of secrets

    @resolved(description="The workflows that create or work on subscriptions to the product, ordered by name.")
    def workflows(
        self, info: Info
    ) -> list[Annotated["Workflow", strawberry.lazy("orchestrator_gql.graphql.types.workflows")]]:
        from orchestrator_gql.graphql.types.workflows import Workflow

        context = info.context
        return [Workflow.of(each) for each in product_reads.workflows_of(context.runtime, context.principal, self.name)]


@strawberry.type(description="A product subscription: a customer's instance of a product.")
class ProductSubscription(Node):
    product_id: strawberry.Private[UUID]
    description: str = strawberry.field(description="The display name of the product subscription.")
    customer_id: str = strawberry.field(description="The id of the customer.")
    status: SubscriptionLifecycle = strawberry.field(
        description="The status of the product subscription in its life cycle."
    )
    in_sync: bool = strawberry.field(
        description="False while a process works on it, and after an abort that may have left a change."
    )
    version: int = strawberry.field(description="The version; it grows with every change.")
    note: str | None = strawberry.field(description="The note that people wrote; null if there is none.")
    customer_description: str | None = strawberry.field(
        description="The name that the customer gives the product subscription; null if there is none."
    )
    start_date: datetime | None = strawberry.field(description="The time when it became active; null if it never did.")
    end_date: datetime | None = strawberry.field(description="The time when it was terminated; null if it was not.")
    created_at: datetime = strawberry.field(description="The time when it was created.")
    updated_at: datetime = strawberry.field(description="The time of the last change.")

    @classmethod
    def of(cls, row: Row[Any]) -> "ProductSubscription":
        return cls(
            product_id=row.product_id,
            id=strawberry.ID(str(row.id)),
            description=row.description,
            customer_id=row.customer_id,
            status=row.status,
            in_sync=row.insync,
            version=row.version,
            note=row.note,
            customer_description=row.customer_description,
            start_date=row.start_date,
            end_date=row.end_date,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @resolved(description="The product of this subscription.")
    async def product(self, info: Info) -> Product:
        try:
            return Product.of(products.by_id(self.product_id))
        except NotFound:
            row = await info.context.loaders.product.load(self.product_id)
            if row is None:
                raise
            return Product.of_row(row)

    @resolved(
        description="The whole model of the product subscription, with the blocks of other subscriptions as they are "
        "now; values marked as secret are masked."
    )
    async def model(self, info: Info) -> JSON:
        model = await info.context.loaders.subscription_model.load(self._key)
        return without_secrets(self.product_id, model)

    @resolved(description="The process that holds the product subscription; null if no process does.")
    async def locked_by(
        self, info: Info
    ) -> Annotated["Process", strawberry.lazy("orchestrator_gql.graphql.types.processes")] | None:
        from orchestrator_gql.graphql.types.processes import Process

        lock = await self._lock(info)
        return await Process.by_id(info, lock.locked_by if lock else None)

    @resolved(
        description="The process that was aborted and left the product subscription out of sync; null if no process "
        "left it so."
    )
    async def out_of_sync_by(
        self, info: Info
    ) -> Annotated["Process", strawberry.lazy("orchestrator_gql.graphql.types.processes")] | None:
        from orchestrator_gql.graphql.types.processes import Process

        lock = await self._lock(info)
        return await Process.by_id(info, lock.out_of_sync_by if lock else None)

    @resolved(description="The reason why the product subscription is out of sync; null if no process left it so.")
    async def out_of_sync_reason(self, info: Info) -> str | None:
        lock = await self._lock(info)
        return lock.out_of_sync_reason if lock else None

    @resolved(
        description="The product subscriptions that use a block of this one, ended ones included; at most 200. See "
        "`inUseByConnection`."
    )
    async def in_use_by(self, info: Info) -> list["ProductSubscription"]:
        return await _subscriptions(info, await info.context.loaders.subscription_users.load(self._key))

    @resolved(
        description="The product subscriptions whose blocks this one uses; at most 200. See `dependsOnConnection`."
    )
    async def depends_on(self, info: Info) -> list["ProductSubscription"]:
        return await _subscriptions(info, await info.context.loaders.subscription_owners.load(self._key))

    @resolved(
        description="All product subscriptions that use a block of this one, ended ones included, the newest first."
    )
    async def in_use_by_connection(
        self, info: Info, first: First = 20, after: After = None
    ) -> Connection["ProductSubscription"]:
        return await subscription_connection(
            info, ProductSubscriptionFilter(owner_id=self._key), PageArgs(first, after)
        )

    @resolved(description="All product subscriptions whose blocks this one uses, the newest first.")
    async def depends_on_connection(
        self, info: Info, first: First = 20, after: After = None
    ) -> Connection["ProductSubscription"]:
        return await subscription_connection(info, ProductSubscriptionFilter(user_id=self._key), PageArgs(first, after))

    @resolved(description="The processes that work or worked on the product subscription, the newest first.")
    async def processes(
        self, info: Info, first: First = 20, after: After = None
    ) -> Connection[Annotated["Process", strawberry.lazy("orchestrator_gql.graphql.types.processes")]]:
        from orchestrator_gql.graphql.types.processes import process_connection

        wanted = ProcessFilter(product_subscription_id=self._key)
        return await process_connection(info, wanted, PageArgs(first, after))

    @resolved(description="The versions, the newest first, each with its changes and the process that made it.")
    async def history(self, info: Info, first: First = 20, after: After = None) -> Connection[SubscriptionVersion]:
        return await version_connection(info, self._key, self.product_id, PageArgs(first, after))

    @resolved(
        description="The differences between two versions, in the order of the fields: a list of objects with `path`, "
        "`change` (`added`, `removed` or `changed`), `old` and `new`. Values marked as secret are masked, and values "
        "longer than 2,000 characters are cut. After 1,000 differences the last object has `change` `omitted` and "
        "the `count` of the others."
    )
    async def changes(
        self,
        info: Info,
        from_version: Annotated[int, strawberry.argument(description="The version with the old values.")],
        to_version: Annotated[int, strawberry.argument(description="The version with the new values.")],
    ) -> JSON:
        context = info.context
        old, new = await subscription_reads.two_versions(
            context.reading, context.principal, self._key, from_version, to_version
        )
        return differences(old, new, partial(without_secrets, self.product_id))

    @resolved(description="The workflows that the caller can start on the product subscription now.")
    async def startable_workflows(
        self, info: Info
    ) -> list[Annotated["Workflow", strawberry.lazy("orchestrator_gql.graphql.types.workflows")]]:
        return [start.workflow for start in await self._starts(info) if start.blocked_reason is None]

    @resolved(
        description="The workflows for product subscriptions to this product, each with the reason why it cannot start "
        "now."
    )
    async def workflow_starts(
        self, info: Info
    ) -> list[Annotated["WorkflowStart", strawberry.lazy("orchestrator_gql.graphql.types.workflows")]]:
        return await self._starts(info)

    async def _starts(self, info: Info) -> list["WorkflowStart"]:
        from orchestrator_gql.graphql.types.workflows import Workflow, WorkflowStart

        facts = await info.context.loaders.start_facts.load(self._key)
        if facts is None:
            return []
        context = info.context
        status = await context.loaders.engine.load(None)
        starts = await product_reads.workflow_starts(context.runtime, context.principal, facts, status)
        return [WorkflowStart(workflow=Workflow.of(workflow), blocked_reason=reason) for workflow, reason in starts]

    async def _lock(self, info: Info) -> Lock | None:
        return await info.context.loaders.subscription_lock.load(self._key)

    @property
    def _key(self) -> UUID:
        return UUID(self.id)


async def _subscriptions(info: Info, ids: list[UUID]) -> list[ProductSubscription]:
    rows = await info.context.loaders.subscription.load_many(ids)
    return [ProductSubscription.of(row) for row in rows if row is not None]


async def subscription_connection(
    info: Info,
    wanted: ProductSubscriptionFilter,
    page_args: PageArgs,
    *,
    by_update: bool = False,
    is_descending: bool = True,
) -> Connection[ProductSubscription]:
    """A page of product subscriptions as a connection."""
    rows = subscription_reads.subscription_list(by_update=by_update, is_descending=is_descending)
    return await connection_of(info, rows, wanted, page_args, ProductSubscription.of)


async def product_subscription_by_id(info: Info, id: UUID) -> ProductSubscription:
    """The product subscription with this id. Raises `NotFound`."""
    row = await info.context.loaders.subscription.load(id)
    if row is None:
        raise NotFound("product subscription", id)
    return ProductSubscription.of(row)
