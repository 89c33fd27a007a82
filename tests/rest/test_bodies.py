"""The first message of a body: it is received at once if it has arrived, and no message is lost if it has not."""

import asyncio
from collections.abc import Sequence

import pytest
from starlette.requests import Request
from starlette.types import Message

from orchestrator_gql.rest.bodies import SMALL, FirstMessage, is_small, read_body


class Client:
    """Sends the messages of a request when the test says so."""

    def __init__(self, **headers: str) -> None:
        self.messages: asyncio.Queue[Message] = asyncio.Queue()
        pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        self.request = Request({"type": "http", "method": "POST", "headers": pairs}, self.messages.get)

    def send(self, *bodies: bytes, more: bool = False) -> None:
        """Send the bodies, the last of them as the end unless ``more`` follows."""
        for place, body in enumerate(bodies):
            is_last = place == len(bodies) - 1
            self.messages.put_nowait({"type": "http.request", "body": body, "more_body": more or not is_last})


async def _read(client: Client, first: FirstMessage) -> bytes:
    return (await read_body(Request(client.request.scope, first.receive), 1000)).content


@pytest.mark.parametrize(
    ("before", "after", "is_whole"),
    [
        ((b"{}...",), (), True),
        ((b"{}...", b""), (), True),
        ((b"{}",), (b"...",), False),
        ((b"",), (b"{}...",), False),
        ((), (b"{}...",), False),
        ((), (b"{}", b"..."), False),
    ],
)
async def test_a_body_is_whole_if_it_came_with_the_head_and_is_read_whole_in_any_case(
    before: Sequence[bytes], after: Sequence[bytes], is_whole: bool
) -> None:
    client = Client(content_length="5")
    client.send(*before, more=bool(after))

    first = FirstMessage(client.request)
    seen = await first.is_whole_body()
    client.send(*after)

    assert seen is is_whole
    assert await _read(client, first) == b"{}..."


async def test_a_client_that_left_has_sent_no_whole_body() -> None:
    client = Client(content_length="0")
    client.messages.put_nowait({"type": "http.disconnect"})

    assert not await FirstMessage(client.request).is_whole_body()


async def test_a_forgotten_message_is_not_waited_for_any_more() -> None:
    client = Client(content_length="5")
    first = FirstMessage(client.request)
    assert not await first.is_whole_body()

    first.forget()

    with pytest.raises(asyncio.CancelledError):
        await first.receive()


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"content_length": "0"}, True),
        ({"content_length": str(SMALL)}, True),
        ({"content_length": str(SMALL + 1)}, False),
        ({"content_length": "9" * 5000}, False),
        ({"content_length": "-1"}, False),
        ({"content_length": "\u00b2"}, False),
        ({}, False),
        ({"transfer_encoding": "chunked"}, False),
        ({"content_length": "5", "expect": "100-continue"}, False),
    ],
)
async def test_a_body_is_small_by_its_head(headers: dict[str, str], expected: bool) -> None:
    """A client that expects 100-continue sends its body only if it is asked for, and a stranger's is not."""
    assert is_small(Client(**headers).request) is expected
