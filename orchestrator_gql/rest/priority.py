"""Lets large operations wait while a request over REST is on its way."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from starlette.types import ASGIApp, Receive, Scope, Send


class Priority:
    """Run each request, except those for ``other``, in the block that ``request()`` returns.

    ``other`` is a path whose application does the same itself.
    """

    def __init__(self, app: ASGIApp, request: Callable[[], AbstractContextManager[None]], other: str) -> None:
        self._app = app
        self._request = request
        self._other = other

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on (ASGI 3)."""
        if scope["type"] != "http" or scope["path"] == self._other:
            await self._app(scope, receive, send)
            return
        with self._request():
            await self._app(scope, receive, send)
