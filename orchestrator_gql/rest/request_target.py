"""Brings the target of a request into the form that the routes expect, and checks that its host is this server.

A foreign host may mean that a page of somebody else reaches this server through a browser (DNS rebinding). If a secret
in the path is the credential, any host is accepted: such a page does not know the path, and a remote service that puts
its own host before the path it was given must not lose its result.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import quote, unquote

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from orchestrator_gql.config.addresses import LONGEST_NAME, canonical
from orchestrator_gql.utils.errors import OrchestratorError
from orchestrator_gql.utils.request_errors import HostInvalid, HostUnknown

Refuse: TypeAlias = Callable[[Scope, OrchestratorError], ASGIApp]
"""Makes the response to a request that never reaches a route."""

_ABSOLUTE = re.compile(rb"https?://([^/?#]*)(/[^?#]*)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:]+)(?::([0-9]{0,5}))?", re.IGNORECASE)
_LONGEST = LONGEST_NAME + len(".:65535")
_PORTS = 65_536


class RequestTarget:
    """Takes the host out of an absolute URL, and the path of the public URL away.

    ``base_path`` is the path of the public URL, such as ``/automation``. Some proxies remove it and some pass it on, so
    the server answers with and without it. If a path is a route as it stands, it is left alone: the base path may be
    ``/api``. A page of the dashboard comes after all routes: if the base path is ``/start``, ``/start/graphql`` is no
    page of a workflow.
    """

    def __init__(
        self, app: ASGIApp, *, base_path: str, routes: Sequence[BaseRoute], pages: Sequence[BaseRoute] = ()
    ) -> None:
        self._app = app
        self._base_path = unquote(base_path)
        self._routes = routes
        self._pages = pages

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on with its path below the root."""
        if scope["type"] in ("http", "websocket"):
            _take_absolute_form(scope)
            if self._base_path and f"{scope['path']}/".startswith(f"{self._base_path}/"):
                path = scope["path"].removeprefix(self._base_path) or "/"
                if not self._is_complete(scope, {**scope, "path": path}):
                    scope.update(path=path, raw_path=quote(path).encode())
        return self._app(scope, receive, send)

    def _is_complete(self, scope: Scope, below: Scope) -> bool:
        """True if the path stays as it is, though it begins with the base path; ``below`` is without it."""
        if _is_one_of(self._routes, scope):
            return True
        return _is_one_of(self._pages, scope) and not _is_one_of(self._routes, below)


def _is_one_of(routes: Sequence[BaseRoute], scope: Scope) -> bool:
    return any(route.matches(scope)[0] is not Match.NONE for route in routes)


def _take_absolute_form(scope: Scope) -> None:
    """If the request line has a whole URL, its host counts, and the Host header is ignored (RFC 9112, 3.2.2)."""
    target = scope.get("raw_path") or b""
    if target.startswith(b"/") or (match := _ABSOLUTE.fullmatch(target)) is None:
        return
    others = [(name, value) for name, value in scope["headers"] if name != b"host"]
    path = match[2] or b"/"
    scope.update(path=unquote(path.decode("latin-1")), raw_path=path, headers=[(b"host", match[1]), *others])


class KnownHosts:
    """Passes on requests to a known host or to an open route, and refuses all others.

    ``names`` are hosts as `canonical` writes them, ``*.example.com`` or ``*``.
    """

    def __init__(self, app: ASGIApp, *, names: Iterable[str], open_routes: Collection[BaseRoute], refuse: Refuse):
        self._app = app
        self._names = frozenset(names)
        self._endings = tuple(name[1:] for name in self._names if name.startswith("*."))
        self._open_routes = open_routes
        self._refuse = refuse

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on, or respond with the fault of its host."""
        app = self._app
        if scope["type"] in ("http", "websocket") and (error := self._error(scope)) is not None:
            app = self._refuse(scope, error)
        return app(scope, receive, send)

    def _error(self, scope: Scope) -> OrchestratorError | None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) > 1:  # a proxy may have checked another of them (RFC 9112, section 3.2)
            return HostInvalid()
        name = _name_of(hosts[0]) if hosts and len(hosts[0]) <= _LONGEST else None
        if name is not None and self._is_ours(name):
            return None
        if any(route.matches(scope)[0] is not Match.NONE for route in self._open_routes):
            return None
        return HostInvalid() if name is None else HostUnknown()

    def _is_ours(self, name: str) -> bool:
        return name in self._names or "*" in self._names or name.endswith(self._endings)


@lru_cache(maxsize=256)
def _name_of(header: bytes) -> str | None:
    """The host in a Host header, without its port; None if the header is invalid."""
    match = _AUTHORITY.fullmatch(header.decode("latin-1"))
    if match is None or int(match[2] or 0) >= _PORTS:
        return None
    try:
        return canonical(match[1])
    except ValueError:
        return None
