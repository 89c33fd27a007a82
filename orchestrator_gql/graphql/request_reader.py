"""Reads the GraphQL request that comes over HTTP, within the limits of its caller.

A caller without a credential gets a quarter of the size, and shares the memory for larger bodies with all others.
"""

from dataclasses import replace
from functools import partial

from graphql import GraphQLError
from starlette.requests import Request

from orchestrator_gql.graphql import documents
from orchestrator_gql.graphql.document_queue import DocumentQueue
from orchestrator_gql.graphql.transport import request as requests
from orchestrator_gql.graphql.transport.body import (
    BodiesFull,
    BodyLimits,
    BodyMemory,
    BodyTimeout,
    demand_size,
    read_body,
)
from orchestrator_gql.graphql.transport.request import GraphQLRequest
from orchestrator_gql.graphql.transport.responses import HttpRefusal
from orchestrator_gql.types import Json

STRANGERS_BODIES = 8
"""Bodies of the largest size that may arrive at once from callers without a credential; further ones are refused."""

READ_AT_ONCE = 64 * 1024
"""Bytes of a body that is read on the event loop, in two milliseconds; a larger body has a thread."""


class RequestReader:
    """Reads the requests of one server.

    ``usual`` is the largest body in bytes, and ``larger`` that of a document that only delivers results; ``seconds`` is
    the time for the whole body. Unknown documents are parsed in the queue ``unknown``.
    """

    def __init__(self, unknown: DocumentQueue, *, usual: int, larger: int, seconds: float) -> None:
        self._documents = unknown
        # The JSON of a callback is read soon. It does not wait for others' documents, each of which may take a second.
        self._bodies = DocumentQueue(unknown.lane)
        limits = BodyLimits(usual, larger, seconds, partial(self._carries, is_stranger=False))
        strangers = replace(
            limits,
            usual=usual // 4,
            deserves_larger=partial(self._carries, is_stranger=True),
            room=BodyMemory(STRANGERS_BODIES * larger),
        )
        self.limits = {False: limits, True: strangers}
        """The limits of the bodies, for callers with a credential and for strangers (True)."""

    async def read(self, request: Request, *, is_stranger: bool) -> GraphQLRequest:
        """The GraphQL request of a GET or a POST.

        Raises `PayloadInvalid`, `PayloadTooLarge`, `ServerBusy`, and `HttpRefusal` for a body that is too late, or that
        comes with too many others.
        """
        if request.scope["method"] == "GET":
            return requests.read_query_string(request.scope["query_string"], is_stranger=is_stranger)
        limits = self.limits[is_stranger]
        try:
            body = await read_body(request, limits)
        except BodyTimeout:
            message = f"The body did not arrive within {limits.seconds:g} seconds."
            raise HttpRefusal(408, "REQUEST_TIMEOUT", message, {"Connection": "close"}) from None
        except BodiesFull:
            message = "Too many large bodies are on their way: send this again in a moment."
            headers = {"Retry-After": "1", "Connection": "close"}
            raise HttpRefusal(503, "RATE_LIMITED", message, headers) from None
        graphql_request = requests.read(await self._read_json(request, body), is_stranger=is_stranger)
        await demand_size(body, graphql_request.query, limits)
        return graphql_request

    async def _read_json(self, request: Request, body: bytes) -> Json:
        if len(body) <= READ_AT_ONCE:
            return requests.read_json(body)
        peer = request.client.host if request.client else None
        return await self._bodies.read(peer, len(body), _unknown, partial(requests.read_json, body))

    async def _carries(self, query: str, *, is_stranger: bool) -> bool:
        """True if every operation of the document only delivers results; false for an invalid document."""
        try:
            # The client does not matter: a client that sends large bodies waits for the others that do.
            found = await documents.known_in_turn(query, is_stranger=is_stranger, queue=self._documents, client=None)
        except GraphQLError:
            return False
        return documents.brings_results(found.document)


def _unknown() -> None:
    """Nobody reads the same body."""
