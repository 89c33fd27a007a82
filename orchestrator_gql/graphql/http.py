"""The ASGI application of GraphQL: one URL for HTTP, server-sent events and WebSockets.

    credential ─▶ size ─▶ format ─▶ operation ─▶ response
       401        413      400       refused       200

Each check comes before the more expensive checks: a caller with a wrong credential causes no parsing.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Coroutine, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any

import strawberry
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from orchestrator_gql.events.feed import Feed
from orchestrator_gql.graphql import documents, transport_ws
from orchestrator_gql.graphql.arrivals import Arrivals
from orchestrator_gql.graphql.context import EXECUTION_SECONDS, Context
from orchestrator_gql.graphql.document_queue import DocumentQueue
from orchestrator_gql.graphql.documents import Kind
from orchestrator_gql.graphql.execution import Execution, ExecutionResponse, Refusal, Response, WriteNow
from orchestrator_gql.graphql.graphiql import CONTENT_SECURITY_POLICY
from orchestrator_gql.graphql.request_reader import RequestReader
from orchestrator_gql.graphql.shared_subscriptions import SharedSubscriptions
from orchestrator_gql.graphql.transport.headers import header, headers
from orchestrator_gql.graphql.transport.negotiation import EVENTS, GRAPHQL, Accepted, is_json, negotiate
from orchestrator_gql.graphql.transport.presence import while_client_stays
from orchestrator_gql.graphql.transport.request import GraphQLRequest
from orchestrator_gql.graphql.transport.responses import HttpRefusal, graphql_response, refusal
from orchestrator_gql.graphql.transport.sse import KEEP_ALIVE, EventStream
from orchestrator_gql.graphql.transport_ws import Socket, has_welcome_origin, is_still_valid, is_welcome
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import OrchestratorError, Unauthenticated
from orchestrator_gql.utils.request_errors import UnsupportedMediaType

MakeContext = Callable[[Request | WebSocket, Mapping[str, Json] | None], Awaitable[Context]]
"""Makes ``info.context`` for each operation, so that nothing cached in it lives longer than the operation."""


SIGN_IN = "Say who you are: send `Authorization: Bearer TOKEN`, on a WebSocket in the payload of connection_init."

MIB = 1024 * 1024
CLIENT_HAS_LEFT = 499  # what other servers write into their logs for this
GRAPHIQL_IS_OFF = (
    "Send operations by POST. GraphiQL is off at this server; ORCHESTRATOR_IS_DEVELOPMENT=true turns it on."
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest bodies in bytes, the larger one for the results of callbacks, and the longest times in seconds."""

    body: int = MIB
    callback_body: int = 10 * MIB
    body_seconds: float = 30.0
    execution_seconds: float = EXECUTION_SECONDS
    init_seconds: float = 10.0
    keep_alive_seconds: float = KEEP_ALIVE


class GraphQLApp:
    """An ASGI application for ``/graphql``.

    ``make_context(connection, connection_params)`` makes the context. It is called for each HTTP request, before the
    body is read. On a WebSocket it is called once at ``connection_init`` and once for each operation, with the payload
    of ``connection_init``. It raises `Unauthenticated` to refuse the caller.
    ``is_stranger(context)`` is true if there is sign-in and the caller shows no credential; such a caller gets a
    quarter of the limits, and can only deliver the results of callbacks.
    ``allowed_origins`` are the origins, as browsers write them, of other sites whose pages may open a WebSocket.
    With a ``feed`` of the event log, equal subscriptions to events are executed once; see `shared_subscriptions`.
    Unknown documents are parsed in the queue ``unknown``.
    The schema should be a `QuietSchema` with the `default_extensions`.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        make_context: MakeContext,
        is_stranger: Callable[[Context], bool] = lambda _: False,
        is_development: bool,
        allowed_origins: Collection[str],
        graphiql_html: Callable[[], str] | None = None,
        allows_get_queries: bool = False,
        unknown: DocumentQueue | None = None,
        feed: Feed | None = None,
        limits: Limits = Limits(),
    ) -> None:
        unknown = DocumentQueue() if unknown is None else unknown
        self.execution = Execution(schema, is_development=is_development, timeout=limits.execution_seconds)
        self.shared = None if feed is None else SharedSubscriptions(self.execution, feed)
        self.lane, self.documents = unknown.lane, unknown
        self._reader = RequestReader(
            unknown, usual=limits.body, larger=limits.callback_body, seconds=limits.body_seconds
        )
        self.make_context = make_context
        self._is_stranger = is_stranger
        self.open_sockets = self.open_operations = self.open_subscriptions = 0
        self._arrivals = Arrivals()
        self._is_going_away = asyncio.Event()
        self._origins = frozenset(allowed_origins)
        self._graphiql_html = graphiql_html if is_development else None
        self._is_graphiql_off = graphiql_html is not None and not is_development
        self._limits = limits
        self._allows_get_queries = allows_get_queries

    @property
    def shared_subscriptions(self) -> int:
        """The number of subscriptions that get their responses from a group."""
        return self.shared.members if self.shared is not None else 0

    @property
    def subscription_groups(self) -> int:
        """The number of these groups."""
        return self.shared.groups if self.shared is not None else 0

    def end_streams(self) -> None:
        """End every stream of server-sent events: the clients continue on another server after their last event."""
        self._is_going_away.set()

    def refusal(self, scope: Scope, error: OrchestratorError) -> ASGIApp:
        """The response to a request that another part of the server refuses."""
        return refusal(error, accepted=negotiate(", ".join(headers(scope, b"accept"))))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one socket (ASGI 3)."""
        if scope["type"] == "websocket":
            await self._serve(WebSocket(scope, receive, send))
            return
        request = Request(scope, receive)
        accepted = negotiate(", ".join(headers(scope, b"accept")))
        try:
            with self.lane.request():
                response = await self._respond(request, accepted)
        except ClientDisconnect:  # nobody reads the response, but a middleware of a host demands one
            response = PlainTextResponse("", CLIENT_HAS_LEFT)
        except Exception as error:
            response = refusal(error, accepted=accepted)
        await response(scope, receive, send)

    async def _serve(self, websocket: WebSocket) -> None:
        if not is_welcome(websocket, self._origins):
            await websocket.close()  # a close before the accept sends status 403
            return
        await self._arrivals.turn()
        self.open_sockets += 1
        try:
            await Socket(self, websocket, init_seconds=self._limits.init_seconds).serve()
        finally:
            self.open_sockets -= 1

    async def _respond(self, request: Request, accepted: Accepted | None) -> ASGIApp:
        scope = request.scope
        is_post = scope["method"] == "POST"
        if scope["method"] == "GET" and "text/html" in (header(scope, b"accept") or ""):
            if self._graphiql_html:
                return HTMLResponse(self._graphiql_html(), headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})
            if self._is_graphiql_off and not self._allows_get_queries:
                raise HttpRefusal(405, "METHOD_NOT_ALLOWED", GRAPHIQL_IS_OFF, {"Allow": "POST"})
        if not is_post:
            self._demand_get(request)
        if accepted is None:
            raise HttpRefusal(406, "NOT_ACCEPTABLE", f"The answers are {GRAPHQL}, application/json or {EVENTS}.")
        if is_post and not is_json(header(scope, b"content-type")):
            raise UnsupportedMediaType("A request is application/json, in UTF-8.")
        if header(scope, b"content-encoding") not in (None, "identity"):
            raise UnsupportedMediaType("A compressed body is not read.")
        context = await self.make_context(request, None)
        graphql_request = await self._reader.read(request, is_stranger=self._is_stranger(context))
        return await self._execute(request, graphql_request, context, accepted)

    def _demand_get(self, request: Request) -> None:
        """Raise `HttpRefusal` unless the request, which is no POST, is an allowed GET from no foreign page."""
        if request.method != "GET" or not self._allows_get_queries:
            raise _method_not_allowed(request.method, self._allows_get_queries)
        if not has_welcome_origin(request, self._origins) or _comes_from_foreign_page(request):
            message = "A page of another site may not send queries by GET; see ORCHESTRATOR_ALLOWED_ORIGINS."
            raise HttpRefusal(403, "FORBIDDEN", message)

    async def _execute(
        self, request: Request, graphql_request: GraphQLRequest, context: Context, accepted: Accepted
    ) -> ASGIApp:
        kinds = _KINDS[request.scope["method"] == "POST", accepted.takes_events]
        try:
            operation = await self.execution.operation(graphql_request, context, kinds)
        except Refusal as refused:
            if request.method == "GET" and refused.kind is Kind.MUTATION:
                raise _mutation_by_get() from None
            return _asgi_response(refused.response, accepted)
        if self._is_stranger(context) and not documents.asks_only(operation, documents.CALLBACK_MUTATIONS):
            raise Unauthenticated(SIGN_IN)
        kind = operation.operation
        if accepted.media_type != EVENTS and kind is not Kind.SUBSCRIPTION:
            work = self._only_response(graphql_request, context, kind)
            # A mutation whose client left is completed: the client cannot know how far it came.
            is_query = kind is Kind.QUERY
            response = await (while_client_stays(request.receive, work) if is_query else work)
            return _asgi_response(response, accepted)
        ends: tuple[Callable[[], Coroutine[Any, Any, None]], ...] = ()
        if kind is Kind.SUBSCRIPTION:
            await self._arrivals.turn()
            ends = (self._until_going_away, partial(self._until_refused, request))
        return EventStream(self.responses(graphql_request, context, kind=kind), self._limits.keep_alive_seconds, ends)

    async def _until_going_away(self) -> None:
        await self._is_going_away.wait()

    async def _until_refused(self, request: Request) -> None:
        """Wait until the credential of the request is not valid any more."""
        await asyncio.sleep(transport_ws.CREDENTIAL_SECONDS)
        while await is_still_valid(self.make_context, request, None):  # noqa: ASYNC110 - a clock sends no event
            await asyncio.sleep(transport_ws.CREDENTIAL_SECONDS)

    async def _only_response(self, graphql_request: GraphQLRequest, context: Context, kind: Kind) -> ExecutionResponse:
        self.open_operations += 1
        try:
            return await self.execution.response(graphql_request, context, kind=kind)
        finally:
            self.open_operations -= 1

    async def responses(
        self, graphql_request: GraphQLRequest, context: Context, *, kind: Kind, write_now: WriteNow | None = None
    ) -> AsyncGenerator[Response, None]:
        """Every response of one operation; the operation counts as open until the last response.

        ``write_now`` writes responses of a shared subscription while the caller waits for the next response.
        """
        follows = kind is Kind.SUBSCRIPTION
        self.open_operations += 1
        self.open_subscriptions += follows
        responses: AsyncGenerator[Response, None]
        if follows and self.shared is not None:
            responses = self.shared.responses(graphql_request, context, write_now)
        else:
            responses = self.execution.responses(graphql_request, context, kind=kind)
        del context
        try:
            async with aclosing(responses):
                async for response in responses:
                    yield response
                    del response
        finally:
            self.open_operations -= 1
            self.open_subscriptions -= follows


_KINDS = {
    (is_post, takes_events): [
        Kind.QUERY,
        *([Kind.MUTATION] if is_post else []),
        *([Kind.SUBSCRIPTION] if takes_events else []),
    ]
    for is_post in (True, False)
    for takes_events in (True, False)
}
"""The kinds of operations that a request may have."""


def _asgi_response(response: ExecutionResponse, accepted: Accepted) -> ASGIApp:
    if response.busy is not None:
        return refusal(response.busy, accepted=accepted)
    if accepted.media_type == EVENTS:
        return EventStream(_single(response))
    # With application/json the status is 200 even if GraphQL refuses the request: these clients read the body.
    is_refused = not response.was_executed and accepted.media_type == GRAPHQL
    return graphql_response(response.payload, accepted=accepted, status=400 if is_refused else 200)


async def _single(response: ExecutionResponse) -> AsyncGenerator[ExecutionResponse, None]:
    yield response


def _comes_from_foreign_page(request: Request) -> bool:
    """True for a request without an origin that a page of another site caused, such as that of an ``<img>``.

    A POST needs no such check: a browser sends JSON to another site only after a preflight request, which fails
    unless the origin of the page is allowed; see `cross_origin`.
    """
    return "origin" not in request.headers and request.headers.get("sec-fetch-site") in ("cross-site", "same-site")


def _method_not_allowed(method: str, allows_get_queries: bool) -> HttpRefusal:
    message = f"Send operations by POST, not by {method}."
    if method == "GET":
        message += (
            " The server answers queries by GET if ORCHESTRATOR_ALLOWS_GET_QUERIES is true. The client urql sends them "
            "by POST with `preferGetMethod: false`."
        )
    allow = "GET, POST" if allows_get_queries else "POST"
    return HttpRefusal(405, "METHOD_NOT_ALLOWED", message, {"Allow": allow})


def _mutation_by_get() -> HttpRefusal:
    message = "Send mutations by POST: GET is for queries and subscriptions only."
    return HttpRefusal(405, "METHOD_NOT_ALLOWED", message, {"Allow": "POST"})
