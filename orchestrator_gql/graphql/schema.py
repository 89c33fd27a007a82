"""Build the GraphQL schema from its parts and print it."""

import strawberry
from graphql import lexicographic_sort_schema, print_schema
from strawberry.schema.config import StrawberryConfig

from orchestrator_gql.graphql.direct_resolvers import call_directly
from orchestrator_gql.graphql.limits import default_extensions
from orchestrator_gql.graphql.masking import QuietSchema
from orchestrator_gql.graphql.mutations.callbacks import CallbackMutations
from orchestrator_gql.graphql.mutations.engine import EngineMutations
from orchestrator_gql.graphql.mutations.input_requests import InputRequestMutations
from orchestrator_gql.graphql.mutations.notifications import NotificationMutations
from orchestrator_gql.graphql.mutations.operator_actions import OperatorActionMutations
from orchestrator_gql.graphql.mutations.processes import ProcessMutations
from orchestrator_gql.graphql.mutations.product_subscriptions import ProductSubscriptionMutations
from orchestrator_gql.graphql.mutations.retention import RetentionMutations
from orchestrator_gql.graphql.plain_fields import JSON_SCALAR
from orchestrator_gql.graphql.queries import Query
from orchestrator_gql.graphql.redaction import redact_before_writing
from orchestrator_gql.graphql.subscriptions import EventExecutor, Subscription
from orchestrator_gql.graphql.types.callbacks import CallbackAttempt
from orchestrator_gql.graphql.types.events import EVENT_TYPES
from orchestrator_gql.graphql.types.products import ProductSubscription
from orchestrator_gql.graphql.types.scalars import scalars
from orchestrator_gql.utils.json.redaction import Redactor

NOTHING = Redactor(())


@strawberry.type(description="The mutations.")
class Mutation(
    ProcessMutations,
    InputRequestMutations,
    CallbackMutations,
    OperatorActionMutations,
    NotificationMutations,
    EngineMutations,
    ProductSubscriptionMutations,
    RetentionMutations,
):
    """The mutations of all nouns."""


def build_schema(
    *, is_development: bool = True, redact: Redactor = NOTHING, is_direct: bool = True
) -> strawberry.Schema:
    """Build the schema with its limits, its cache of documents and the redaction of secrets.

    Without ``is_direct`` Strawberry calls all resolvers; tests compare the two.
    """
    schema = QuietSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[*EVENT_TYPES, CallbackAttempt, ProductSubscription],
        extensions=default_extensions(is_development=is_development),
        config=StrawberryConfig(scalar_map=scalars(redact)),
        execution_context_class=EventExecutor,
    )
    if is_direct:
        call_directly(schema)
    redact_before_writing(schema._schema, JSON_SCALAR)
    return schema


def printed() -> str:
    """The schema in SDL, sorted: the content of `schema.graphql`."""
    return print_schema(lexicographic_sort_schema(build_schema()._schema)) + "\n"
