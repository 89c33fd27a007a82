"""The client of one GraphQL subscription over a WebSocket (protocol graphql-transport-ws)."""

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit, urlunsplit

from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.errors import OrchestratorError, SettingsError
from orchestrator_gql.utils.json import Json

if TYPE_CHECKING:  # imported where it is used: most commands open no WebSocket
    from websockets.asyncio.client import ClientConnection
    from websockets.exceptions import ConnectionClosed
    from websockets.typing import Subprotocol

VARIABLE = "ORCHESTRATOR_TOKEN"
SUBPROTOCOL = cast("Subprotocol", "graphql-transport-ws")
MESSAGE_BYTES = 64 * 1024 * 1024
"""A batch holds up to 200 events, and some events hold a preview of a result."""
OPENING_SECONDS = 10
CLOSING_SECONDS = 1
"""A server that is sending a long response reads the close frame late; Ctrl-C should not wait for the server."""


class ConnectionFailed(OrchestratorError):
    """The server cannot be reached; a later try may succeed."""

    code = "connection-failed"


def unreachable(url: str, error: Exception) -> ConnectionFailed:
    """The error for a server that does not answer at this base URL."""
    parts = urlsplit(url)
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"  # without a password
    reason = str(error) or type(error).__name__
    return ConnectionFailed(
        f"The server cannot be reached at {address}: {reason}. Another address is given by --url or ORCHESTRATOR_URL."
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

    try:
        async with connect(
            _socket_url(url),
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
        raise not_opened(refused.response.status_code) from refused
    except (OSError, InvalidHandshake, TimeoutError) as error:
        raise unreachable(url, error) from error


async def _begin(socket: "ClientConnection", query: str, variables: Mapping[str, Json]) -> None:
    credentials = {"payload": headers} if (headers := authorization()) else {}
    await socket.send(json.dumps({"type": "connection_init", **credentials}))
    await socket.recv()  # the acknowledgement; a server that refuses closes the connection instead
    payload = {"query": query, "variables": variables}
    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))


def authorization() -> dict[str, str]:
    """The credentials if `ORCHESTRATOR_TOKEN` is set, else nothing: for HTTP headers or the connection_init payload."""
    token = os.environ.get(VARIABLE, "").strip()
    if not (token.isascii() and token.isprintable()):  # the HTTP client would refuse the token, and quote it
        raise SettingsError(f"{VARIABLE} is not one line of plain ASCII, so it cannot be a token.")
    return {"authorization": f"Bearer {token}"} if token else {}


def not_signed_in() -> OperationRefused:
    """The error of a server that does not know the caller; the message names the fix."""
    if os.environ.get(VARIABLE, "").strip():
        return OperationRefused(f"The server does not know the token in {VARIABLE}: set it to a token of this server.")
    return OperationRefused(f"The server asks who you are: set {VARIABLE} to your token in the environment.")


def base_of(url: str) -> str:
    """The server's base URL without a slash at its end; raises `SettingsError` if ``url`` is no http(s) URL."""
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # an incomplete IPv6 address, or a port that is no number
        is_valid = False
    if not is_valid:
        raise SettingsError(f"{url!r} is not the address of a server: an address looks like http://127.0.0.1:8000.")
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


def _socket_url(url: str) -> str:
    return f"ws{base_of(url).removeprefix('http')}/graphql"


def _data(payload: dict[str, Any]) -> dict[str, Any]:
    if payload.get("errors"):
        raise refusal(payload["errors"])
    return dict(payload["data"])


def refusal(errors: list[dict[str, Any]]) -> OrchestratorError:
    """The error for the ``errors`` of a GraphQL response: `ConnectionFailed` if a later try may succeed."""
    codes = {error.get("extensions", {}).get("code") for error in errors}
    if "UNAUTHENTICATED" in codes:
        return not_signed_in()
    messages = printable("; ".join(str(error.get("message")) for error in errors))
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


def not_opened(status: int) -> OrchestratorError:
    """The error for an HTTP status without a GraphQL response."""
    if status in (408, 425, 429) or status >= 500:
        return ConnectionFailed(f"The server answered {status}.")
    if status == HTTPStatus.UNAUTHORIZED:
        return not_signed_in()
    return OperationRefused(f"The server answered {status}: is it an orchestrator, and may you use it?")
