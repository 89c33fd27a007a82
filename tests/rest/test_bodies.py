"""The first message of a body: it is received at once if it has arrived, and no message is lost if it has not."""

import asyncio
from collections.abc import Sequence

import pytest
from starlette.requests import Request
from starlette.types import Message
from support.web import PlainReceive

from orchestrator_gql.rest.bodies import SMALL, BodyIncomplete, FirstMessage, is_small, read_body


class Client:
    """Sends the messages of a request when the test says so."""

    def __init__(self, **headers: str) -> None:
        self.messages: asyncio.Queue[Message] = asyncio.Queue()
        pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        self.request = Request(
            {"type": "http", "method": "POST", "headers": pairs}, PlainReceive(self.messages.get).receive
        )

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
    seen = first.whole_body
    reading = asyncio.ensure_future(_read(client, first))
    await asyncio.sleep(0)  # it waits for what comes after
    client.send(*after)

    assert seen == (b"{}..." if is_whole else None)
    assert await reading == b"{}..."


@pytest.mark.parametrize("comes", ["with the head", "soon", "late"])
async def test_a_body_that_comes_soon_is_waited_for_and_none_is_lost(comes: str) -> None:
    client = Client(content_length="5")
    if comes == "with the head":
        client.send(b"{}...")

    first = FirstMessage(client.request)
    waiting = asyncio.ensure_future(first.wait(60 if comes == "soon" else 0.001))
    await asyncio.sleep(0)
    if comes == "soon":
        client.send(b"{}...")
    await waiting
    seen = first.whole_body
    if comes == "late":
        client.send(b"{}...")

    assert seen == (None if comes == "late" else b"{}...")
    assert await _read(client, first) == b"{}..."


async def test_nothing_is_waited_for_behind_a_turn_of_the_event_loop() -> None:
    """A receiver may yield without a future: there is nothing then that tells when it goes on."""

    async def receive() -> Message:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"{}..."}

    first = FirstMessage(Request({"type": "http", "method": "POST", "headers": []}, receive))
    await first.wait(60)

    assert first.whole_body is None
    assert (await first.receive())["body"] == b"{}..."


async def test_a_message_stays_if_the_request_is_cancelled_while_it_waits() -> None:
    client = Client(content_length="5")
    first = FirstMessage(client.request)
    waiting = asyncio.ensure_future(first.wait(60))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    first.forget()
    client.send(b"{}...")

    assert waiting.cancelled()
    assert client.messages.qsize() == 1


async def test_a_client_that_left_has_sent_no_whole_body() -> None:
    client = Client(content_length="0")
    client.messages.put_nowait({"type": "http.disconnect"})

    first = FirstMessage(client.request)

    assert first.whole_body is None
    with pytest.raises(BodyIncomplete):
        await _read(client, first)


async def test_a_forgotten_message_is_not_waited_for_any_more() -> None:
    client = Client(content_length="5")
    first = FirstMessage(client.request)
    first.forget()
    client.send(b"{}...")

    assert await client.messages.get() == {"type": "http.request", "body": b"{}...", "more_body": False}


async def test_a_reader_that_is_cancelled_does_not_wait_for_the_message_any_more() -> None:
    client = Client(content_length="5")
    reading = asyncio.ensure_future(FirstMessage(client.request).receive())
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.sleep(0)
    client.send(b"{}...")

    assert reading.cancelled()
    assert client.messages.qsize() == 1


async def test_a_body_that_came_with_the_head_needs_no_timer() -> None:
    """A timer is a call of the event loop, a copy of the context and a place among the other timers."""
    client = Client()
    client.send(b"{}")
    loop, timers = asyncio.get_running_loop(), list[object]()
    call_at = loop.call_at
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "call_at", lambda *arguments, **options: timers.append(call_at(*arguments, **options)))
        assert (await read_body(client.request, 1000)).content == b"{}"
    assert timers == []


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
