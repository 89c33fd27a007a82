"""The client of one GraphQL subscription over a WebSocket (protocol graphql-transport-ws)."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urljoin, urlsplit

from orchestrator_gql.cli.certificates import trusted
from orchestrator_gql.cli.credentials import TOKEN, base_of, shown, source, token
from orchestrator_gql.cli.reachability import other_scheme, reason_of, speaks_tls
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.errors import OrchestratorError
from orchestrator_gql.utils.json import Json
from orchestrator_gql.version import __version__

if TYPE_CHECKING:  # imported where it is used: most commands open no WebSocket
    from websockets.asyncio.client import ClientConnection
    from websockets.exceptions import ConnectionClosed
    from websockets.typing import Subprotocol

SUBPROTOCOL = cast("Subprotocol", "graphql-transport-ws")
OF_VALIDATION = "GRAPHQL_VALIDATION_FAILED"
"""The error code for a document that does not fit the server's schema."""

MESSAGE_BYTES = 64 * 1024 * 1024
"""A batch holds up to 200 events, and some events hold a preview of a result."""
OPENING_SECONDS = 10
CLOSING_SECONDS = 1
"""A server that is sending a long response reads the close frame late; Ctrl-C should not wait for the server."""


NO_ORCHESTRATOR = "The server at this address is not an orchestrator."
ANOTHER = "Another address is given by --url or ORCHESTRATOR_URL."


class ConnectionFailed(OrchestratorError):
    """The server cannot be reached; a later try may succeed."""

    code = "connection-failed"
    may_have_acted = False
    """Whether the server may have done what it was asked, although its answer did not come."""


def unreachable(url: str, error: Exception, *, may_have_acted: bool = False) -> "ConnectionFailed | OperationRefused":
    """The error for a server that does not answer at this base URL, or never will until a person changes something.

    ``may_have_acted``: the operation changes something, and may have been sent before the connection broke.
    """
    parts = urlsplit(url)
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"  # without a password
    reason = reason_of(base_of(url), error)
    may_have_acted = may_have_acted and not reason.is_lasting
    acted = " It may have done what the command says: look before you repeat the command." if may_have_acted else ""
    failed = (OperationRefused if reason.is_lasting else ConnectionFailed)(
        printable(f"The server cannot be reached at {address}: {reason.text}{acted} {ANOTHER}")
    )
    if isinstance(failed, ConnectionFailed):
        failed.may_have_acted = may_have_acted
    return failed


def too_old(version: str | None, message: str) -> "OperationRefused":
    """The error for a server whose schema lacks something that this command asks for."""
    release = f"version {version}" if version else "another version"
    fix = f"use a server of version {__version__} or later" if version != __version__ else "update the server"
    return OperationRefused(
        f"This command is version {__version__} and the server is {release}, which lacks something that the command "
        f"needs: {fix}, or the command of the server's version. ({printable(message)})"
    )


class OperationRefused(OrchestratorError):
    """The server refuses the operation; it would refuse the same operation again."""

    code = "operation-refused"


class VerbRefused(OperationRefused):
    """The server understood the verb and refuses it: somebody was first, or the process is in another state."""

    code = "verb-refused"


async def subscribe(url: str, query: str, variables: Mapping[str, Json]) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the ``data`` of each response until the server completes the operation.

    ``url`` is the server's base URL (http or https). Raises `ConnectionFailed` if the connection cannot be made or
    breaks, `OperationRefused` if the server refuses, and `SettingsError` if ``url`` is not such a URL.
    """
    from websockets.asyncio.client import connect
    from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

    class Connect(connect):
        def process_redirect(self, exc: Exception) -> Exception:
            return exc  # the token is for this server, not for one that it names

    try:
        async with Connect(
            _socket_url(url),
            ssl=trusted(url) or None,
            subprotocols=[SUBPROTOCOL],
            max_size=MESSAGE_BYTES,
            open_timeout=OPENING_SECONDS,
            close_timeout=CLOSING_SECONDS,
            proxy=None,
        ) as socket:
            async with asyncio.timeout(OPENING_SECONDS):
                await _begin(socket, query, variables)
            async for text in socket:
                message = json.loads(text)
                match message["type"]:
                    case "next":
                        yield _data(message["payload"])
                    case "error":
                        raise refusal(message["payload"])
                    case "complete":
                        return
                    case "ping":
                        await socket.send('{"type":"pong"}')
            raise ConnectionFailed("The server closed the connection.")
    except ConnectionClosed as closed:
        raise _closed(closed) from closed
    except InvalidStatus as refused:
        headers = refused.response.headers
        raise not_opened(url, refused.response.status_code, headers.get("location")) from refused
    except (OSError, InvalidHandshake, TimeoutError) as error:
        raise unreachable(url, error) from error


async def _begin(socket: "ClientConnection", query: str, variables: Mapping[str, Json]) -> None:
    credentials = {"payload": headers} if (headers := authorization()) else {}
    await socket.send(json.dumps({"type": "connection_init", **credentials}))
    await socket.recv()  # the acknowledgement; a server that refuses closes the connection instead
    payload = {"query": query, "variables": variables}
    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))


def authorization() -> dict[str, str]:
    """The credentials if a token is given, else nothing: for HTTP headers or the connection_init payload."""
    text = token()
    return {"authorization": f"Bearer {text}"} if text else {}


def not_signed_in() -> OperationRefused:
    """The error of a server that does not know the caller; the message names the fix."""
    if name := source():
        return OperationRefused(
            f"The server does not know the token in {name}, or it has expired: set it to a token of this server."
        )
    return OperationRefused(f"The server asks who you are: set {TOKEN} to your token in the environment.")


def _socket_url(url: str) -> str:
    return f"ws{base_of(url).removeprefix('http')}/graphql"


def _data(payload: dict[str, Any]) -> dict[str, Any]:
    if payload.get("errors"):
        raise refusal(payload["errors"])
    return dict(payload["data"])


def refusal(errors: list[dict[str, Any]]) -> OrchestratorError:
    """The error for the ``errors`` of a GraphQL response: `ConnectionFailed` if a later try may succeed."""
    extensions = [error.get("extensions") for error in errors]
    codes = {str(each.get("code")) for each in extensions if isinstance(each, dict)}
    if "UNAUTHENTICATED" in codes:
        return not_signed_in()
    messages = printable("; ".join(str(error.get("message")) for error in errors))
    if OF_VALIDATION in codes:  # our documents are valid, so the schema is another one
        return too_old(None, messages)
    if codes & {"STORAGE_UNAVAILABLE", "INTERNAL"}:
        return ConnectionFailed(f"The server cannot answer now: {messages}")
    return OperationRefused(f"The server refused: {messages}")


def _closed(closed: "ConnectionClosed") -> OrchestratorError:
    code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
    if code in (4401, 4403):
        return not_signed_in()
    if code in (4400, 4406, 4429):
        return OperationRefused(f"The server closed the connection for good: {code} {reason}")
    return ConnectionFailed(f"The connection was lost ({code}).")


def not_opened(url: str, status: int, location: str | None = None) -> OrchestratorError:
    """The error for an HTTP status without a GraphQL response; ``location`` is where the server redirects to."""
    if status in _BUSY or status >= 500:
        whose = "; a proxy in front of it may have said so" if status in _OF_PROXIES else ""
        return ConnectionFailed(f"The server answered {status}{whose}. Try again; its log says more.")
    if status == HTTPStatus.UNAUTHORIZED:
        return not_signed_in()
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return OperationRefused("A proxy between here and the server demands a sign-in, and this command has none.")
    if location is not None and 300 <= status < 400:
        return OperationRefused(_redirected(url, location))
    if status == HTTPStatus.BAD_REQUEST and urlsplit(url).scheme == "http" and speaks_tls(base_of(url)):
        return OperationRefused(f"The server answered {status}: {other_scheme(base_of(url))}")
    if status in (HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        return OperationRefused(
            f"The server answered {status}, and not as an orchestrator does: is there another service at this address, "
            "or does its path lack a part? --url or ORCHESTRATOR_URL gives another address."
        )
    return OperationRefused(f"The server answered {status}: is it an orchestrator, and may you use it? {ANOTHER}")


_BUSY = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
_OF_PROXIES = (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)


def _redirected(url: str, location: str) -> str:
    """The sentence for a redirect, which is not followed: the token would go to an address that nobody gave."""
    to = re.sub(r"^ws(s?:)", r"http\1", shown(urljoin(f"{base_of(url)}/graphql", location)))
    if to.endswith("/graphql"):
        return printable(f"The server redirects to {to.removesuffix('/graphql')}: give this address, if you trust it.")
    return printable(f"The server redirects to {to}: does a proxy demand a sign-in, or is the address another one?")
