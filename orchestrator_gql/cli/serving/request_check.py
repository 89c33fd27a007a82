"""Refusals before the application runs: too many connections, and unknown versions of HTTP."""

from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator_gql.rest.problems import http_problem
from orchestrator_gql.rest.request_target import Refuse
from orchestrator_gql.utils.request_errors import ServerBusy

VERSION = "1."
"""h11 accepts every well-formed version number, but understands only this version."""


class RequestCheck:
    """Pass requests on while ``count()`` is less than ``limit()`` connections.

    Uvicorn has such a limit, too, but answers with plain text, and does not limit WebSockets.
    """

    def __init__(self, app: ASGIApp, *, limit: Callable[[], int], count: Callable[[], int], refuse: Refuse) -> None:
        self._app = app
        self._limit = limit
        self._count = count
        self._refuse = refuse

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass a request or WebSocket on, or refuse it."""
        if self._count() >= self._limit():
            return self._refuse(scope, ServerBusy())(scope, receive, _closing(send))
        if not scope["http_version"].startswith(VERSION):
            return http_problem("unsupported-http-version")(scope, receive, _closing(send))
        return self._app(scope, receive, send)


def _closing(send: Send) -> Send:
    """Close the connection after the response: a connection that stays open would take the place of another."""

    async def closing(message: Message) -> None:
        if message["type"].endswith("response.start"):
            message["headers"] = [*message["headers"], (b"connection", b"close")]
        await send(message)

    return closing
