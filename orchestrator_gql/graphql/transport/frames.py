"""Read and write the messages of the protocol graphql-transport-ws."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from orchestrator_gql.graphql.execution import ExecutionResponse, SharedResponse
from orchestrator_gql.graphql.transport import request as requests
from orchestrator_gql.graphql.transport.request import GraphQLRequest
from orchestrator_gql.types import Json
from orchestrator_gql.utils import json
from orchestrator_gql.utils.errors import PayloadInvalid

MAX_BYTES = 256 * 1024
STRANGERS_BYTES = MAX_BYTES // 4
"""The limit for a message of a client that is not acknowledged yet."""


@dataclass(frozen=True, slots=True)
class Init:
    """The client opens the connection; ``params`` may hold its credential."""

    params: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Ping:
    """The client checks whether the server is alive."""


@dataclass(frozen=True, slots=True)
class Pong:
    """The client reports that it is alive."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """The client starts an operation of any kind."""

    id: str
    request: GraphQLRequest


@dataclass(frozen=True, slots=True)
class Complete:
    """The client ends an operation."""

    id: str


Frame: TypeAlias = Init | Ping | Pong | Subscribe | Complete


class BadFrame(Exception):
    """The frame breaks the protocol; the socket is closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


def read(frame: str | bytes | None, most: int = MAX_BYTES) -> Frame:
    """The message in a frame. Raises `BadFrame`, whose reason repeats nothing of the content."""
    if not isinstance(frame, str):
        raise BadFrame(4400, "A message is text, not binary.")
    body = frame.encode(errors="surrogatepass")
    if len(body) > most:
        raise BadFrame(1009, f"A message has at most {most} bytes.")
    try:
        message = requests.read_json(body)
    except PayloadInvalid:
        raise BadFrame(4400, "A message is strict JSON.") from None
    if not isinstance(message, dict):
        raise BadFrame(4400, "A message is a JSON object.")
    return _read(message)


def _read(message: Mapping[str, Json]) -> Frame:
    match message.get("type"):
        case "connection_init":
            return Init(_optional_object(message.get("payload")))
        case "ping":
            _optional_object(message.get("payload"))
            return Ping()
        case "pong":
            _optional_object(message.get("payload"))
            return Pong()
        case "subscribe":
            return Subscribe(_id(message), _request(message.get("payload")))
        case "complete":
            return Complete(_id(message))
        case _:
            raise BadFrame(4400, "The message's type is unknown.")


def _optional_object(payload: Json) -> Mapping[str, Json]:
    if not isinstance(payload, dict | None):
        raise BadFrame(4400, "A payload is an object.")
    return payload or {}


def _id(message: Mapping[str, Json]) -> str:
    name = message.get("id")
    if not isinstance(name, str) or not name:
        raise BadFrame(4400, "An id is text, and not empty.")
    return name


def _request(payload: Json) -> GraphQLRequest:
    try:
        return requests.read(payload)
    except PayloadInvalid as error:
        raise BadFrame(4400, error.message) from None


def ack() -> str:
    """The connection is accepted."""
    return '{"type":"connection_ack"}'


def pong() -> str:
    """The server is alive."""
    return '{"type":"pong"}'


def execution_response(id: str, response: ExecutionResponse) -> str:
    """One response; if the whole request was refused, it is an ``error``, which ends the operation."""
    if response.was_executed:
        return json.encode({"id": id, "type": "next", "payload": response.payload})
    return json.encode({"id": id, "type": "error", "payload": response.payload["errors"]})


def id_part(id: str) -> bytes:
    """The beginning of each shared message for the subscription with this id."""
    return b'{"id":' + json.encode(id).encode()


def shared_part(response: SharedResponse) -> bytes:
    """The rest of the message, which all subscribers share: with `id_part` the same as that of `execution_response`."""
    shared = response.encoded.get("next")
    if shared is None:
        shared = response.encoded["next"] = b',"type":"next","payload":' + response.data + b"}"
    return shared


def complete(id: str) -> str:
    """The operation has no more results."""
    return json.encode({"id": id, "type": "complete"})
