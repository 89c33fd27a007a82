"""One GraphQL subscription over a WebSocket, from the client's side (graphql-transport-ws)."""

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.errors import OrchestratorError, SettingsError
from orchestrator_gql.utils.json import Json

VARIABLE = "ORCHESTRATOR_TOKEN"
SUBPROTOCOL = Subprotocol("graphql-transport-ws")
MESSAGE_BYTES = 64 * 1024 * 1024
"""A batch holds up to 200 events, and some of them a preview of a result."""
OPENING_SECONDS = 10
CLOSING_SECONDS = 1
"""A server in the middle of a long answer hears the goodbye late, and Ctrl-C should not wait for it."""


class ConnectionFailed(OrchestratorError):
    """The server cannot be reached; it may be worth another try."""

    code = "connection-failed"


class OperationRefused(OrchestratorError):
    """The server does not do what is asked; the same again would be refused again."""

    code = "operation-refused"


class VerbRefused(OperationRefused):
    """The server understood, and says no: somebody was first, or it is not the time for it."""

    code = "verb-refused"


async def subscribe(url: str, query: str, variables: Mapping[str, Json]) -> AsyncGenerator[dict[str, Any], None]:
    """The ``data`` of each answer until the server completes the operation.

    ``url`` is the server's base, as http(s). Raises `ConnectionFailed` where the connection cannot be made or breaks,
    `OperationRefused` where the server says no, and `SettingsError` where the URL is none.
    """
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
        raise ConnectionFailed(f"The server cannot be reached: {error or type(error).__name__}.") from error


async def _begin(socket: ClientConnection, query: str, variables: Mapping[str, Json]) -> None:
    signed_in = {"payload": found} if (found := authorization()) else {}
    await socket.send(json.dumps({"type": "connection_init", **signed_in}))
    await socket.recv()  # the acknowledgement: whoever refuses closes instead
    payload = {"query": query, "variables": variables}
    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))


def authorization() -> dict[str, str]:
    """What the command signs in by, where `ORCHESTRATOR_TOKEN` is set: a header, or a payload of connection_init."""
    token = os.environ.get(VARIABLE, "").strip()
    if not (token.isascii() and token.isprintable()):  # the HTTP client would refuse it, and quote it
        raise SettingsError(f"{VARIABLE} holds more than one line of plain ASCII: it is no token.")
    return {"authorization": f"Bearer {token}"} if token else {}


def not_signed_in() -> OperationRefused:
    """What to do at a server that does not know who asks."""
    if os.environ.get(VARIABLE, "").strip():
        return OperationRefused(f"The server does not know the token in {VARIABLE}: set it to one of this server's.")
    return OperationRefused(f"The server asks who you are: set {VARIABLE} to your token in the environment.")


def base_of(url: str) -> str:
    """The server's base without a slash at its end; `SettingsError` where it is no http(s) URL."""
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # half an IPv6 address, or a port that is no number
        is_one = False
    if not is_one:
        raise SettingsError(f"{url!r} is no address of a server: it looks like http://127.0.0.1:8000.")
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


def _socket_url(url: str) -> str:
    return f"ws{base_of(url).removeprefix('http')}/graphql"


def _data(payload: dict[str, Any]) -> dict[str, Any]:
    if payload.get("errors"):
        raise refusal(payload["errors"])
    return dict(payload["data"])


def refusal(errors: list[dict[str, Any]]) -> OrchestratorError:
    """The errors of an answer as one of ours: is it worth another try?"""
    codes = {error.get("extensions", {}).get("code") for error in errors}
    if "UNAUTHENTICATED" in codes:
        return not_signed_in()
    told = printable("; ".join(str(error.get("message")) for error in errors))
    if codes & {"STORAGE_UNAVAILABLE", "INTERNAL"}:
        return ConnectionFailed(f"The server cannot answer now: {told}")
    return OperationRefused(f"The server refused: {told}")


def _closed(closed: ConnectionClosed) -> OrchestratorError:
    code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
    if code in (4401, 4403):
        return not_signed_in()
    if code in (4400, 4406):
        return OperationRefused(f"The server closed the connection for good: {code} {reason}")
    return ConnectionFailed(f"The connection was lost ({code}).")


def not_opened(status: int) -> OrchestratorError:
    """What a status without an answer of GraphQL means."""
    if status in (408, 425, 429) or status >= 500:
        return ConnectionFailed(f"The server answered {status}.")
    if status == HTTPStatus.UNAUTHORIZED:
        return not_signed_in()
    return OperationRefused(f"The server answered {status}: is there an orchestrator, and may you enter?")
