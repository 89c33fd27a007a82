"""Connect the GraphQL application to the runtime, the sign-in and the settings."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.websockets import WebSocket

from orchestrator_gql.authentication.guess_limiter import GuessLimiters
from orchestrator_gql.authentication.tokens import signed_in
from orchestrator_gql.config.dashboard import dashboard_folder
from orchestrator_gql.forms.errors import locale_of
from orchestrator_gql.graphql import graphiql, libraries
from orchestrator_gql.graphql.context import Context, Shared
from orchestrator_gql.graphql.document_queue import DocumentQueue
from orchestrator_gql.graphql.http import SIGN_IN, GraphQLApp, Limits
from orchestrator_gql.graphql.schema import build_schema
from orchestrator_gql.graphql.slow_lane import SlowLane
from orchestrator_gql.graphql.transport.headers import header, headers
from orchestrator_gql.reads.events import feed_of
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import NOBODY
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import Unauthenticated
from orchestrator_gql.utils.traces import read_traceparent


def graphql_app(runtime: Runtime, limiters: GuessLimiters) -> GraphQLApp:
    """The application for ``/graphql`` over HTTP, WebSocket and server-sent events."""
    settings, lane = runtime.settings, SlowLane(runtime.notifier.ticket)
    shared = Shared(lane=lane, documents=DocumentQueue(lane), callback_guesses=limiters.callbacks)
    libraries.note_untested()

    async def make_context(connection: Request | WebSocket, params: Mapping[str, Json] | None) -> Context:
        scope = connection.scope
        client = scope.get("client")
        peer = client[0] if client else None
        principal = signed_in(
            settings, _authorization(connection, params), limiters.sign_ins, peer, runtime.clock.now()
        )
        if principal is NOBODY and isinstance(connection, WebSocket):
            raise Unauthenticated(SIGN_IN)
        locale = locale_of(header(scope, b"accept-language"))
        # Only server-sent events have this header: a client that connects again sends the last id it received.
        last_event_id = header(scope, b"last-event-id") if scope["type"] == "http" else None
        traceparent = read_traceparent(headers(scope, b"traceparent"))
        return Context(runtime, principal, peer, locale, shared, traceparent, last_event_id or None)

    return GraphQLApp(
        build_schema(is_development=settings.offers_development, redact=runtime.redact),
        make_context=make_context,
        is_stranger=_is_stranger,
        is_development=settings.offers_development,
        allowed_origins=(*settings.allowed_origins, *settings.public_origins),
        graphiql_html=lambda: graphiql.page(dashboard_folder(settings), settings.base_path),
        allows_get_queries=settings.allows_get_queries,
        unknown=shared.documents,
        feed=feed_of(runtime, shared.places) if libraries.are_tested() else None,
        limits=Limits(callback_body=settings.max_callback_bytes),
    )


def _authorization(connection: Request | WebSocket, params: Mapping[str, Json] | None) -> str | None:
    """The credential from ``connection_init`` or from the header: a browser sends no header with a WebSocket."""
    if params:
        credential = next((value for key, value in params.items() if key.lower() == "authorization"), None)
        if isinstance(credential, str):
            return credential
    return header(connection.scope, b"authorization")


def _is_stranger(context: Context) -> bool:
    return context.principal is NOBODY
