"""The GraphQL door as the app mounts it."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.websockets import WebSocket

from orchestrator_gql.graphql import graphiql
from orchestrator_gql.graphql.context import Context
from orchestrator_gql.graphql.http import GraphQLFace
from orchestrator_gql.graphql.schema import build_schema
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.utils.errors import Json


def graphql_face(runtime: Runtime) -> GraphQLFace:
    """The face of ``/graphql``, over HTTP, WebSocket and server-sent events."""
    settings = runtime.settings

    async def make_context(connection: Request | WebSocket, _: Mapping[str, Json] | None) -> Context:
        peer = connection.client.host if connection.client else None
        return Context(runtime, LOCAL_OPERATOR, peer)

    return GraphQLFace(
        build_schema(is_development=settings.offers_development, redact=runtime.redact),
        make_context=make_context,
        is_development=settings.offers_development,
        allowed_origins=settings.allowed_origins,
        callback_body_limit=settings.max_callback_bytes,
        graphiql_html=graphiql.page,
    )
