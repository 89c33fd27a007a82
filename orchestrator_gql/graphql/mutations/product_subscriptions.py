"""Mutations on product subscriptions."""

from typing import Annotated, Any

import strawberry
from sqlalchemy import Row

from orchestrator_gql.commands.product_subscriptions import (
    set_in_sync,
    update_customer_description,
    update_product_subscription_note,
)
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    PayloadInvalidError,
    result_or_error,
)
from orchestrator_gql.graphql.types.filters import uuid_or_nowhere
from orchestrator_gql.graphql.types.products import ProductSubscription
from orchestrator_gql.graphql.types.resolving import mutation


@strawberry.input(description="The input of `setInSync`.")
class SetInSyncInput:
    product_subscription_id: strawberry.ID = strawberry.field(description="The id of the product subscription.")
    reason: str = strawberry.field(
        description="The reason why the network is as the product subscription says; the audit log stores it. At most "
        "10,000 characters."
    )


@strawberry.type(description="The product subscription is in sync.")
class SetInSyncSuccess:
    product_subscription: ProductSubscription = strawberry.field(
        description="The product subscription in its current state."
    )

    @classmethod
    def of(cls, row: Row[Any]) -> "SetInSyncSuccess":
        return cls(product_subscription=ProductSubscription.of(row))


SetInSyncResult = Annotated[
    SetInSyncSuccess | NotFoundError | ForbiddenError | ConflictError | PayloadInvalidError,
    strawberry.union("SetInSyncResult", description="The result of `setInSync`."),
]

EXPECTED_VERSION = (
    "The version of the product subscription that the caller read. If it has changed since, ConflictError refuses the "
    "mutation. Null skips this check."
)


@strawberry.input(description="The input of `updateProductSubscriptionNote`.")
class UpdateProductSubscriptionNoteInput:
    product_subscription_id: strawberry.ID = strawberry.field(description="The id of the product subscription.")
    note: str | None = strawberry.field(
        default=None, description="The new note, at most 10,000 characters; null or blank removes the note."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)


@strawberry.input(description="The input of `updateCustomerDescription`.")
class UpdateCustomerDescriptionInput:
    product_subscription_id: strawberry.ID = strawberry.field(description="The id of the product subscription.")
    customer_description: str | None = strawberry.field(
        default=None,
        description="The name that the customer gives the product subscription, at most 1,000 characters; null or "
        "blank removes it.",
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)


@strawberry.type(description="The text of the product subscription was edited.")
class ProductSubscriptionEditSuccess:
    product_subscription: ProductSubscription = strawberry.field(
        description="The product subscription in its current state."
    )

    @classmethod
    def of(cls, row: Row[Any]) -> "ProductSubscriptionEditSuccess":
        return cls(product_subscription=ProductSubscription.of(row))


ProductSubscriptionEditResult = Annotated[
    ProductSubscriptionEditSuccess | NotFoundError | ForbiddenError | ConflictError | PayloadInvalidError,
    strawberry.union(
        "ProductSubscriptionEditResult", description="The result of a mutation on a text of a product subscription."
    ),
]

EDIT_REFUSALS = (
    "It works while a process holds the product subscription. It refuses an unknown product subscription "
    "(NotFoundError), a missing permission (ForbiddenError), another version than the expected one (ConflictError) and "
    "a long text (PayloadInvalidError)."
)


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
        command = set_in_sync(context.runtime, context.principal, subscription_id=id, reason=input.reason)
        return await result_or_error(command, SetInSyncSuccess.of, input.product_subscription_id)

    @mutation(description=f"Set or remove the note of a product subscription. {EDIT_REFUSALS}")
    async def update_product_subscription_note(
        self,
        info: Info,
        input: Annotated[
            UpdateProductSubscriptionNoteInput,
            strawberry.argument(description="The product subscription, and its new note."),
        ],
    ) -> ProductSubscriptionEditResult:
        context = info.context
        command = update_product_subscription_note(
            context.runtime,
            context.principal,
            subscription_id=uuid_or_nowhere(input.product_subscription_id),
            note=input.note,
            expected_version=input.expected_version,
        )
        return await result_or_error(command, ProductSubscriptionEditSuccess.of, input.product_subscription_id)

    @mutation(description=f"Set or remove the name that the customer gives a product subscription. {EDIT_REFUSALS}")
    async def update_customer_description(
        self,
        info: Info,
        input: Annotated[
            UpdateCustomerDescriptionInput,
            strawberry.argument(description="The product subscription, and the customer's name for it."),
        ],
    ) -> ProductSubscriptionEditResult:
        context = info.context
        command = update_customer_description(
            context.runtime,
            context.principal,
            subscription_id=uuid_or_nowhere(input.product_subscription_id),
            description=input.customer_description,
            expected_version=input.expected_version,
        )
        return await result_or_error(command, ProductSubscriptionEditSuccess.of, input.product_subscription_id)
