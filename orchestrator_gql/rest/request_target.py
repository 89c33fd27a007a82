"""Brings the target of a request into the form that the routes expect: a path below the server's own root."""

import re
from collections.abc import Sequence
from urllib.parse import quote, unquote

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

_ABSOLUTE = re.compile(rb"https?://([^/?#]*)(/[^?#]*)?", re.IGNORECASE)


class RequestTarget:
    """Takes the host out of an absolute URL, and the path of the public URL away.

    ``base_path`` is the path of the public URL, such as ``/automation``. Some proxies remove it and some pass it on, so
    the server answers with and without it. If a path is a route as it stands, it is left alone: the base path may be
    ``/api``.
    """

    def __init__(self, app: ASGIApp, *, base_path: str, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._base_path = unquote(base_path)
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its path below the root."""
        if scope["type"] in ("http", "websocket"):
            _take_absolute_form(scope)
            if self._base_path and f"{scope['path']}/".startswith(f"{self._base_path}/") and not self._is_route(scope):
                path = scope["path"].removeprefix(self._base_path) or "/"
                scope.update(path=path, raw_path=quote(path).encode())
        await self._app(scope, receive, send)

    def _is_route(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is not Match.NONE for route in self._routes)


def _take_absolute_form(scope: Scope) -> None:
    """If the request line has a whole URL, its host counts, and the Host header is ignored (RFC 9112, 3.2.2)."""
    target = scope.get("raw_path") or b""
    if target.startswith(b"/") or (match := _ABSOLUTE.fullmatch(target)) is None:
        return
    others = [(name, value) for name, value in scope["headers"] if name != b"host"]
    path = match[2] or b"/"
    scope.update(path=unquote(path.decode("latin-1")), raw_path=path, headers=[(b"host", match[1]), *others])
