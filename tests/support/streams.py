"""Clients of the live stream over real WebSockets that only count the results."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

PROTOCOL = Subprotocol("graphql-transport-ws")
FOLLOW = """subscription { processEvents { cursor caughtUp events {
  __typename id cursor processId process { status workflowName } ... on StepChangedEvent { toStepStatus } } } }"""


@dataclass(slots=True)
class Count:
    """The number of results that a client received."""

    results: int = 0


@asynccontextmanager
async def followed(url: str, query: str = FOLLOW) -> AsyncIterator[Count]:
    """A client that reads all results until the block ends."""
    count = Count()
    async with connect(
        f"{url.replace('http', 'ws', 1)}/graphql", subprotocols=[PROTOCOL], proxy=None, max_size=None
    ) as socket:
        await socket.send('{"type": "connection_init"}')
        await socket.recv()
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))

        async def read() -> None:
            async for message in socket:
                count.results += '"type":"next"' in str(message)

        reading = asyncio.create_task(read())
        try:
            yield count
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
