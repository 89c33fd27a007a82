"""Finds the address of the client, which a trusted proxy names in ``X-Forwarded-For``.

Every part of the server reads the result: limits, attempts, allow-lists of services, logs and the audit log. Uvicorn's
own reading of these headers is off.
"""

from collections.abc import Awaitable, Collection, Iterable
from ipaddress import IPv4Address, IPv6Address
from typing import TypeAlias

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from orchestrator_gql.config.addresses import Proxy, plain_address

Address: TypeAlias = IPv4Address | IPv6Address

MOST_HOPS = 32
"""A longer chain ends here: to read thousands of entries would hold up all other requests."""

_SECURE = {"http": "https", "ws": "wss"}
_INSECURE = {secure: plain for plain, secure in _SECURE.items()}


class ClientAddress:
    """Writes the client's address and the client's scheme into the scope of each request and WebSocket.

    ``proxies`` are trusted: only if a request comes from one of them are its headers read. ``Forwarded`` and all other
    headers are never read. A proxy writes one kind of header and passes the others on as the client sent them.
    """

    def __init__(self, app: ASGIApp, *, proxies: Collection[Proxy]) -> None:
        self._app = app
        self._proxies = proxies

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on with the client's address."""
        if scope["type"] in ("http", "websocket"):
            self._find_client(scope)
        return self._app(scope, receive, send)

    def _find_client(self, scope: Scope) -> None:
        host, port = scope.get("client") or ("", 0)
        if not self._proxies and ":" not in host:  # the system writes an IPv4 address in one way only
            return
        peer = _address(host)
        if peer is not None and str(peer) != host:  # a socket for IPv4 and IPv6 shows an IPv4 peer as an IPv6 address
            scope["client"] = (str(peer), port)
        if (host and peer is None) or not is_trusted(peer, self._proxies):
            return
        client = client_of(peer, _values(scope, b"x-forwarded-for"), self._proxies)
        if client is not None and client != peer:
            scope["client"] = (str(client), 0)
        _take_scheme(scope)


def peer_of(request: Request) -> str:
    """The address that the request came from, as `ClientAddress` found it."""
    return request.client.host if request.client else ""


def client_of(peer: Address | None, forwarded: Iterable[str], proxies: Collection[Proxy]) -> Address | None:
    """Return the client behind trusted proxies: the last hop that is none of them.

    ``peer`` is a trusted proxy, None if it connects by a unix socket. Each proxy appends the address that it was called
    from, so the entries are read from the end. A client may have sent all entries before the first entry of a trusted
    proxy, so these are not read. At an entry that is no address the proxy that wrote it is the client.
    """
    client, entries = peer, ",".join(forwarded).split(",")
    for entry in reversed(entries[-MOST_HOPS:]):
        if not entry.strip():  # an empty entry of a list counts as none (RFC 9110, section 5.6.1)
            continue
        hop = _address(_without_port(entry.strip()))
        if hop is None:
            return client
        client = hop
        if not is_trusted(hop, proxies):
            return client
    return client


def is_trusted(peer: Address | None, proxies: Collection[Proxy]) -> bool:
    """True if the peer is a trusted proxy; None is a peer at a unix socket."""
    return any(peer is None if proxy == "unix" else peer is not None and peer in proxy for proxy in proxies)


def _take_scheme(scope: Scope) -> None:
    """Take the scheme by which the client called the proxy; a wrong value changes nothing."""
    value = ",".join(_values(scope, b"x-forwarded-proto")).rpartition(",")[2].strip().lower()
    if value in ("https", "wss"):
        scope["scheme"] = _SECURE.get(scope["scheme"], scope["scheme"])
    elif value in ("http", "ws"):
        scope["scheme"] = _INSECURE.get(scope["scheme"], scope["scheme"])


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _without_port(entry: str) -> str:
    """Return the address of ``192.0.2.7:4711``, ``[::1]:4711`` or ``"[::1]"``, as some proxies write it."""
    text = entry.strip('"')
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def _address(text: str) -> Address | None:
    try:
        return plain_address(text)
    except ValueError:
        return None
