"""Mutations on product subscriptions."""

from typing import Annotated

import strawberry

from orchestrator_gql.commands.product_subscriptions import set_in_sync
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.errors import ConflictError, ForbiddenError, NotFoundError, PayloadInvalidError, typed
from orchestrator_gql.graphql.types.filters import uuid_or_nowhere
from orchestrator_gql.graphql.types.products import ProductSubscription
from orchestrator_gql.graphql.types.resolving import mutation
from orchestrator_gql.utils.errors import OrchestratorError


@strawberry.input(description="The input of `setInSync`.")
class SetInSyncInput:
    product_subscription_id: strawberry.ID = strawberry.field(description="The id of the product subscription.")
    reason: str = strawberry.field(
        description="The reason why the network is as the product subscription says; the audit log stores it. At most "
        "1,000 characters."
    )


@strawberry.type(description="The product subscription is in sync.")
class SetInSyncSuccess:
    product_subscription: ProductSubscription = strawberry.field(
        description="The product subscription in its current state."
    )


SetInSyncResult = Annotated[
    SetInSyncSuccess | NotFoundError | ForbiddenError | ConflictError | PayloadInvalidError,
    strawberry.union("SetInSyncResult", description="The result of `setInSync`."),
]


@strawberry.type
class ProductSubscriptionMutations:
    """The mutations of product subscriptions, a part of `Mutation`."""

    @mutation(
        description="Put a product subscription in sync that an aborted process left out of sync. If it is in sync "
        "already, nothing changes. It refuses an unknown product subscription (NotFoundError), a missing permission "
        "(ForbiddenError), a product subscription that a process holds (ConflictError) and a missing or long reason "
        "(PayloadInvalidError)."
    )
    async def set_in_sync(
        self,
        info: Info,
        input: Annotated[SetInSyncInput, strawberry.argument(description="The product subscription, and the reason.")],
    ) -> SetInSyncResult:
        context = info.context
        id = uuid_or_nowhere(input.product_subscription_id)
        try:
            row = await set_in_sync(context.runtime, context.principal, subscription_id=id, reason=input.reason)
        except OrchestratorError as error:
            return typed(error)  # type: ignore[return-value]
        return SetInSyncSuccess(product_subscription=ProductSubscription.of(row))
