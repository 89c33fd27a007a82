"""The GraphQL face over server-sent events."""

import asyncio
import json
from collections.abc import Iterator

import httpx
import pytest
from toy_face import GRAPHQL, SECONDS, World, ask, post, serving, toy_face

from orchestrator_gql.graphql.http import Limits


def events(text: str) -> Iterator[dict[str, str]]:
    """The events of a stream, comments left out."""
    for block in text.strip().split("\n\n"):
        fields = dict(line.partition(":")[::2] for line in block.split("\n") if not line.startswith(":"))
        if fields:
            yield {name: value.strip() for name, value in fields.items()}


async def stream(query: str) -> list[dict[str, str]]:
    """All the events of an operation that ends."""
    response = await post(json.dumps({"query": query}), accept="text/event-stream")
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    return list(events(response.text))


async def test_a_subscription_streams_its_events_with_their_cursors() -> None:
    received = await stream("subscription { countUp(to: 2) { cursor number } }")

    assert received == [
        {"event": "next", "id": "1", "data": '{"data":{"countUp":{"cursor":"1","number":1}}}'},
        {"event": "next", "id": "2", "data": '{"data":{"countUp":{"cursor":"2","number":2}}}'},
        {"event": "complete", "data": ""},
    ]


@pytest.mark.parametrize("selection", ["number", "other: cursor", "cursor: __typename"])
async def test_the_id_of_an_event_is_the_cursor_whatever_the_client_selects(selection: str) -> None:
    received = await stream(f"subscription {{ countUp(to: 2) {{ {selection} }} }}")

    assert [one.get("id") for one in received] == ["1", "2", None]


async def test_a_batch_that_failed_has_no_id_because_a_client_must_not_skip_it() -> None:
    received = await stream("subscription { countUp(to: 2) { broken } }")

    assert [one.get("id") for one in received] == [None, None, None]


async def test_queries_mutations_and_refusals_are_streams_of_one() -> None:
    query, mutation, refusal = [
        await stream(one) for one in ("{ hello }", 'mutation { rename(name: "x") }', "{ nonsense }")
    ]

    assert [one["data"] for one in query] == ['{"data":{"hello":"world"}}', ""]
    assert [one["data"] for one in mutation] == ['{"data":{"rename":"x"}}', ""]
    assert "GRAPHQL_VALIDATION_FAILED" in refusal[0]["data"]
    assert refusal[1] == {"event": "complete", "data": ""}


async def test_a_subscription_becomes_a_stream_for_a_client_that_takes_both() -> None:
    response = await ask("subscription { countUp(to: 1) { number } }", accept=f"{GRAPHQL}, text/event-stream")

    assert response.headers["content-type"].startswith("text/event-stream")


async def test_a_stream_that_breaks_tells_a_masked_error(caplog: pytest.LogCaptureFixture) -> None:
    received = await stream("subscription { breaking }")

    assert [one["event"] for one in received] == ["next", "next", "complete"]
    assert "INTERNAL" in received[1]["data"]
    assert "swordfish" not in received[1]["data"]


async def test_a_silent_stream_is_kept_alive_and_a_client_that_leaves_closes_it() -> None:
    world = World()
    face = toy_face(world, limits=Limits(keep_alive_seconds=0.01))

    async with serving(face) as address, httpx.AsyncClient() as http:
        body, headers = {"query": "subscription { endless }"}, {"accept": "text/event-stream"}
        async with http.stream("POST", f"http://{address}/", json=body, headers=headers) as response:
            lines = response.aiter_lines()
            async with asyncio.timeout(SECONDS):
                seen = [await anext(lines) for _ in range(6)]
            assert face.open_operations == 1
        await world.until_closed(1)

    assert ":" in seen
    assert face.open_operations == 0
