"""The query for the list of product subscriptions, with its filter and its order."""

from typing import Annotated

import strawberry

from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.common import CONDITIONS, After, Before, Connection, FirstAfter, LastBefore
from orchestrator_gql.graphql.types.enums import OrderDirection, ProductSubscriptionOrderField
from orchestrator_gql.graphql.types.filters import uuid_if_given, uuid_or_nowhere
from orchestrator_gql.graphql.types.products import ProductSubscription, subscription_connection
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.scalars import JSON, demand_given, required_json
from orchestrator_gql.reads import product_subscriptions as subscription_reads
from orchestrator_gql.storage import product_subscription_lists as lists
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.types import SubscriptionLifecycle


@strawberry.input(description="A condition on a value in the model of a product subscription.")
class FieldFilter:
    path: str = strawberry.field(
        description="The fields that lead to the value, such as `port.vlan`; a list has no positions in it."
    )
    value: JSON | None = required_json("The value, or a list of values of which any will do; null for an empty field.")


@strawberry.input(description="The conditions that a product subscription must meet; all of them together.")
class ProductSubscriptionFilter:
    ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The id is one of these; null does not filter."
    )
    statuses: list[SubscriptionLifecycle] | None = strawberry.field(
        default=None, description="The status is one of these; null does not filter."
    )
    products: list[str] | None = strawberry.field(
        default=None, description="The product has one of these names; null does not filter."
    )
    product_types: list[str] | None = strawberry.field(
        default=None, description="The product is of one of these kinds; null does not filter."
    )
    customer_id: str | None = strawberry.field(
        default=None, description="The product subscription belongs to the customer with this id; null does not filter."
    )
    in_sync: bool | None = strawberry.field(
        default=None, description="True: only those that are in sync. False: only the others. Null does not filter."
    )
    search: str | None = strawberry.field(
        default=None,
        description="Each word of this text, in upper or lower case, begins a word of the description, the note, the "
        "customer's id or description, or the name of the product, or it begins the id with at least 4 digits. A word "
        "also begins after a sign in it, or where its letters or digits begin. Null does not filter.",
    )
    fields: list[FieldFilter] | None = strawberry.field(
        default=None,
        description="The model has these values, at most 10. A path that no model of `products` has, or a value that "
        "does not fit it, is an error, and so is a secret. Null does not filter.",
    )
    startable_with: str | None = strawberry.field(
        default=None,
        description="The workflow with this name may start on it now. The field fails if the caller may not start the "
        "workflow at all. Null does not filter.",
    )
    depends_on_id: strawberry.ID | None = strawberry.field(
        default=None, description="The subscription uses a block of the one with this id; null does not filter."
    )
    in_use_by_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The product subscription with this id uses a block of the listed one; null does not filter.",
    )

    async def within(self, info: Info) -> lists.ProductSubscriptionFilter:
        context, name = info.context, self.startable_with
        rule = None
        if name is not None:
            rule = await subscription_reads.start_rule(context.runtime, context.principal, name)
        fields = [(each.path, demand_given("value", each.value)) for each in self.fields or []]
        return lists.ProductSubscriptionFilter(
            ids=None if self.ids is None else [uuid_or_nowhere(id) for id in self.ids],
            statuses=self.statuses,
            product_names=self.products,
            product_types=self.product_types,
            customer_id=self.customer_id,
            is_in_sync=self.in_sync,
            search=self.search,
            owner_id=uuid_if_given(self.depends_on_id),
            user_id=uuid_if_given(self.in_use_by_id),
            values=subscription_reads.value_filters(
                context.runtime, context.principal, fields, self.products, self.product_types
            ),
            start=rule,
        )


@strawberry.input(description="The order of a list of product subscriptions.")
class ProductSubscriptionOrder:
    field: ProductSubscriptionOrderField = strawberry.field(
        description="The time by which the product subscriptions are ordered."
    )
    direction: OrderDirection = strawberry.field(description="The direction of the order.")


NEWEST_FIRST = ProductSubscriptionOrder(field=ProductSubscriptionOrderField.CREATED_AT, direction=OrderDirection.DESC)


@strawberry.type
class ProductSubscriptionQueries:
    """The list of product subscriptions, a part of `Query`."""

    @resolved(description="The product subscriptions, by default the newest first.")
    async def product_subscriptions(
        self,
        info: Info,
        filter: Annotated[ProductSubscriptionFilter | None, CONDITIONS] = None,
        order_by: Annotated[
            ProductSubscriptionOrder | None,
            strawberry.argument(description="The order. Default: by the time of the creation, the newest first."),
        ] = NEWEST_FIRST,
        first: FirstAfter = None,
        after: After = None,
        last: LastBefore = None,
        before: Before = None,
    ) -> Connection[ProductSubscription] | None:
        order = order_by or NEWEST_FIRST
        return await subscription_connection(
            info,
            await (filter or ProductSubscriptionFilter()).within(info),
            PageArgs(first, after, last, before),
            by_update=order.field is ProductSubscriptionOrderField.UPDATED_AT,
            is_descending=order.direction is OrderDirection.DESC,
        )
