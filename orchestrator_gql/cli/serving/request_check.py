"""What is refused before the application is asked: more connections than it can hold, and versions of HTTP to come."""

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator_gql.rest.hosts import Refuse
from orchestrator_gql.rest.problems import http_problem
from orchestrator_gql.utils.errors import ServerBusy

VERSION = "1."
"""h11 reads any version that is written like one, and understands this."""


class RequestCheck:
    """Pass requests on while there are fewer than ``limit`` connections, as ``count`` says.

    Uvicorn has such a limit too; it answers with a text, and lets any number of WebSockets in.
    """

    def __init__(self, app: ASGIApp, *, limit: int, count: Callable[[], int], refuse: Refuse) -> None:
        self._app = app
        self._limit = limit
        self._count = count
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request or socket on, or answer why not."""
        if self._count() >= self._limit:
            await self._refuse(scope, ServerBusy())(scope, receive, _closing(send))
        elif not scope["http_version"].startswith(VERSION):
            await http_problem("unsupported-http-version")(scope, receive, _closing(send))
        else:
            await self._app(scope, receive, send)


def _closing(send: Send) -> Send:
    """Say that the connection ends with the answer: one that is kept takes the place of another."""

    async def closing(message: Message) -> None:
        if message["type"].endswith("response.start"):
            message["headers"] = [*message["headers"], (b"connection", b"close")]
        await send(message)

    return closing
