"""A stand-in for the services that actions call with httpx: no request reaches the network."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Self
from unittest.mock import patch

import httpx

from orchestrator_gql.types import Json

Reply = Callable[[httpx.Request], httpx.Response]


def accepted(_: httpx.Request) -> httpx.Response:
    """Response 202 with an empty object: the service accepts the job."""
    return httpx.Response(202, json={})


class Remote:
    """Receives every request that httpx sends during the ``with`` block, from any thread.

    ``reply`` returns the response; it may raise an error, such as `httpx.ConnectError` for a service that is down.
    Clients with an own transport, such as `httpx.ASGITransport`, are not changed.
    """

    def __init__(self, reply: Reply = accepted) -> None:
        self.requests: list[httpx.Request] = []
        self._reply = reply
        self._patches = ExitStack()

    @property
    def orders(self) -> list[Json]:
        """The JSON bodies of the requests so far, in order; None for an empty body."""
        return [json.loads(request.content) if request.content else None for request in self.requests]

    def __enter__(self) -> Self:
        def send(_: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
            request.read()
            return self._take(request)

        async def send_async(_: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
            await request.aread()
            return self._take(request)

        self._patches.enter_context(patch.object(httpx.HTTPTransport, "handle_request", send))
        self._patches.enter_context(patch.object(httpx.AsyncHTTPTransport, "handle_async_request", send_async))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._patches.close()

    def _take(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._reply(request)
