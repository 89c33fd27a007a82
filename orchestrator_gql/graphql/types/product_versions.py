"""The type of a version of a product subscription."""

import asyncio
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry
from sqlalchemy import Row

from orchestrator_gql.domain import without_secrets
from orchestrator_gql.domain.differences import differences
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.common import Connection, connection_of
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.reads import product_subscriptions as subscription_reads
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.types import SubscriptionLifecycle

if TYPE_CHECKING:
    from orchestrator_gql.graphql.types.processes import Process


@strawberry.type(description="A version of a product subscription.")
class SubscriptionVersion:
    key: strawberry.Private[tuple[UUID, int]]
    product_id: strawberry.Private[UUID]
    process_id: strawberry.Private[UUID | None]
    version: int = strawberry.field(description="The number of the version.")
    status: SubscriptionLifecycle = strawberry.field(
        description="The status of the product subscription in this version."
    )
    at: datetime = strawberry.field(description="The time when the version was stored.")

    @classmethod
    def of(cls, row: Row[Any], product_id: UUID) -> "SubscriptionVersion":
        return cls(
            key=(row.subscription_id, row.version),
            product_id=product_id,
            process_id=row.process_id,
            version=row.version,
            status=row.status,
            at=row.at,
        )

    @resolved(
        description="The stored model of the version; the blocks of other subscriptions are references, and values "
        "marked as secret are masked."
    )
    async def model(self, info: Info) -> JSON:
        return without_secrets(self.product_id, await info.context.loaders.version_model.load(self.key))

    @resolved(
        description="The differences to the version before, in the form of `ProductSubscription.changes`. In the first "
        "version every value is added."
    )
    async def changes(self, info: Info) -> JSON:
        subscription_id, version = self.key
        loader = info.context.loaders.version_model
        old, new = await asyncio.gather(loader.load((subscription_id, version - 1)), loader.load(self.key))
        return differences(old or {}, new, partial(without_secrets, self.product_id))

    @resolved(
        description="The process that made the version; null if a person edited the note or the customer's "
        "description, if `products migrate` made it, or if the process is removed."
    )
    async def process(
        self, info: Info
    ) -> Annotated["Process", strawberry.lazy("orchestrator_gql.graphql.types.processes")] | None:
        from orchestrator_gql.graphql.types.processes import Process

        return await Process.by_id(info, self.process_id)


async def version_connection(
    info: Info, subscription_id: UUID, product_id: UUID, page_args: PageArgs
) -> Connection[SubscriptionVersion]:
    """A page of the versions of a product subscription as a connection."""
    rows = subscription_reads.version_list
    return await connection_of(
        info, rows, subscription_id, page_args, lambda row: SubscriptionVersion.of(row, product_id)
    )
