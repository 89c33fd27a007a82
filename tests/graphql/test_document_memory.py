"""Documents that are parsed and validated once: whose they are, how much they hold, and what strangers may send."""

import asyncio
import gc
import json
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSyntaxError
from starlette.requests import Request
from starlette.websockets import WebSocket
from support.sign_in import answer_as, api_token
from support.sizes import exhaustive
from support.until import becomes
from support.web import site_of
from toy_face import GRAPHQL, ToyContext, World, ask, client, codes, toy_face

from orchestrator_gql.graphql import documents, limits
from orchestrator_gql.graphql.documents import MEMORY, STRANGERS_MEMORY, DocumentMemory, KnownDocument, known
from orchestrator_gql.graphql.http import GraphQLApp, Limits

pytestmark = pytest.mark.usefixtures("little_to_look_through")

MEGABYTE = 1_000_000

SHAPES = {
    "names": "{{ {} }}".format(" ".join(f"field{n}" for n in range(1_900))),
    "aliases": "{{ {} }}".format(" ".join(f"a{n}: b" for n in range(600))),
    "arguments": "{{ {} }}".format(" ".join(f"f(a: {n})" for n in range(320))),
    "lists": "{{ f(a: [{}]) }}".format(" ".join(map(str, range(1_900)))),
    "objects": "{{ f(a: [{}]) }}".format("{a:1}" * 390),
    "selections": "{{ {} }}".format("a{b}" * 480),
    "directives": "{{ f {} }}".format("@d" * 980),
    "comments": "{ f }\n" + "#x\n" * 1_900,
    "texts": '{{ f(a: "{}") }}'.format("\U0001f310" * 8_000),
    "wrong": "{{ {} }}".format(" ".join(f"wrong{n}" for n in range(600))),
}
CALLBACK = "mutation ($r: JSON!) { receiveCallback(result: $r) }"


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Memories without the documents of other tests."""
    for memory in (MEMORY, STRANGERS_MEMORY):
        memory.clear()
    yield
    for memory in (MEMORY, STRANGERS_MEMORY):
        memory.clear()


def strangers_face(**options: Any) -> GraphQLApp:
    """A face with sign-in, to which every caller is a stranger."""
    return toy_face(is_stranger=lambda _: True, **options)


def failing(times: int) -> str:
    """A document of so many callback mutations."""
    return "mutation {" + " ".join(f'a{n}: failCallback(message: "x")' for n in range(times)) + "}"


def document(tokens: int, characters: int = 10) -> KnownDocument:
    """A document of that weight."""
    return KnownDocument(known("{ hello }").document, tokens, characters)


async def test_a_known_document_is_neither_parsed_nor_validated_again(monkeypatch: pytest.MonkeyPatch) -> None:
    query = "{ hello known: hello }"
    await ask(query)
    monkeypatch.setattr("graphql.parse", None)
    monkeypatch.setattr(documents, "validate_document", None)

    again = await ask(query)

    assert again.json() == {"data": {"hello": "world", "known": "world"}}


@pytest.mark.parametrize("padding", ["#" + "x" * documents.KEPT_LENGTH, " " * documents.KEPT_LENGTH])
async def test_a_padded_document_is_served_and_pushes_no_other_out(padding: str) -> None:
    await ask("{ hello }")

    response = await ask("{ hello }" + padding)

    assert response.json() == {"data": {"hello": "world"}}
    assert [MEMORY.find(query) is not None for query in ("{ hello }", "{ hello }" + padding)] == [True, False]


def test_the_memory_is_bounded_by_tokens_and_by_characters_and_drops_what_was_not_used_for_longest() -> None:
    memory = DocumentMemory(tokens=100, characters=1_000)
    for name in "abcd":
        memory.keep(name, document(tokens=25))
    memory.find("a")

    memory.keep("e", document(tokens=25))
    by_tokens = [name for name in "abcde" if memory.find(name)]
    memory.keep("f", document(tokens=1, characters=975))
    by_characters = [name for name in "abcdef" if memory.find(name)]

    assert by_tokens == ["a", "c", "d", "e"]
    assert by_characters == ["d", "e", "f"]
    assert (memory.tokens, memory.characters) == (51, 995)


def test_a_document_that_is_kept_again_counts_once() -> None:
    memory = DocumentMemory(tokens=100, characters=1_000)
    for _ in range(30):  # a thread reads a document, and meanwhile it becomes known by another way
        memory.keep("{ a }", document(tokens=10))

    assert (len(memory), memory.tokens, memory.characters) == (1, 10, 10)


def test_a_verdict_counts_with_its_document() -> None:
    memory = DocumentMemory(tokens=100, characters=1_000)
    kept = document(tokens=40)
    memory.keep("other", document(tokens=40))
    memory.keep("kept", kept)

    memory.add_weight("kept", kept, 30, 0)
    memory.add_weight("gone", document(tokens=40), 30, 0)

    assert [memory.find("other"), memory.find("kept")] == [None, kept]
    assert memory.tokens == 70


LARGEST = ("names", "arguments", "objects", "texts", "wrong")
"""A shape of each kind: the others are made of the same parts."""


@pytest.mark.parametrize("shape", [*LARGEST, *exhaustive(*(name for name in SHAPES if name not in LARGEST))])
async def test_a_full_memory_holds_less_than_32_megabytes_whatever_is_sent(shape: str) -> None:
    face = toy_face()
    await ask(SHAPES[shape], face=face)
    MEMORY.clear()
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(2):
            await ask(f"{SHAPES[shape]}\n# {number}", face=face)
        gc.collect()
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    share = max(MEMORY.tokens / documents.KEPT_TOKENS, MEMORY.characters / documents.KEPT_CHARACTERS)

    assert len(MEMORY) == 2
    assert held / share < 32 * MEGABYTE


def test_a_document_that_is_dropped_is_freed_without_the_collector() -> None:
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(4):
            known(f"{SHAPES['names']} # {number}", is_stranger=False)
            MEMORY.clear()
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        gc.enable()

    assert held < MEGABYTE


@pytest.mark.parametrize(
    ("query", "is_kept"),
    [
        (CALLBACK, True),
        ('mutation A { failCallback(message: "x") } mutation B { reportCallbackProgress(progress: 1) }', True),
        ("{ hello }", False),
        ('mutation { rename(name: "x") }', False),
        ('mutation { receiveCallback(result: 1) rename(name: "x") }', False),
        (CALLBACK + " query Q { hello }", False),
        ("mutation { ...F } fragment F on Mutation { receiveCallback(result: 1) }", False),
        ("fragment F on Query { hello }", False),
        (CALLBACK + " #" + "x" * documents.STRANGERS_KEPT_CHARACTERS, False),
        ("mutation { receiveCallback(result: [%s]) }" % ("1 " * documents.STRANGERS_KEPT_TOKENS), False),
    ],
)
def test_of_a_strangers_documents_only_small_ones_of_callback_mutations_are_kept(query: str, is_kept: bool) -> None:
    known(query, is_stranger=True)

    assert (len(STRANGERS_MEMORY), len(MEMORY)) == (int(is_kept), 0)


async def test_strangers_push_out_nothing_but_what_strangers_sent() -> None:
    await ask("{ hello }")

    for number in range(500):
        known(f"{CALLBACK} # {number}", is_stranger=True)

    assert MEMORY.find("{ hello }") is not None
    assert len(STRANGERS_MEMORY) < 500
    assert 0 < STRANGERS_MEMORY.tokens <= documents.KEPT_TOKENS // 8


def test_a_stranger_gets_a_quarter_of_the_tokens() -> None:
    within, over = "{ f(a: [%s]) }" % ("1 " * 490), "{ f(a: [%s]) }" % ("1 " * 500)

    known(within, is_stranger=True)
    known(over)
    with pytest.raises(GraphQLSyntaxError, match="500 tokens"):
        known(over, is_stranger=True)


def test_a_stranger_gets_a_quarter_of_every_limit() -> None:
    assert (
        limits.Limits(depth=3, aliases=7, fields=250, root_fields=5, directives=12, fragments=5)
        == limits.STRANGERS_LIMITS
    )


@pytest.mark.parametrize(
    ("just_within", "just_over", "noun"),
    [
        (5, 6, "6 root fields; the limit is 5"),
        (5, 8, "8 aliases; the limit is 7"),
    ],
)
async def test_a_strangers_operation_is_weighed_by_a_quarter(just_within: int, just_over: int, noun: str) -> None:
    face = strangers_face()

    within = await ask(failing(just_within), face=face)
    strangers = [await ask(failing(just_over), face=face) for _ in range(2)]
    known_caller = await ask(failing(just_over))

    assert "errors" not in within.json()
    assert [noun in one.json()["errors"][0]["message"] for one in strangers] == [True, True]
    assert "errors" not in known_caller.json()


async def test_a_strangers_body_is_a_quarter_unless_it_brings_results() -> None:
    size = 300_000
    face, open_face = strangers_face(), toy_face()
    async with client(face) as strangers, client(open_face) as everybody:
        outcome = [
            await http.post("/", json={"query": query, "variables": {"r": "x" * size}}, headers={"accept": GRAPHQL})
            for http, query in ((strangers, "query ($r: JSON!) { echo(value: $r) }"), (strangers, CALLBACK))
        ]
        outcome.append(
            await everybody.post(
                "/", json={"query": "query ($r: JSON!) { echo(value: $r) }", "variables": {"r": "x" * size}}
            )
        )

    assert [one.status_code for one in outcome] == [413, 200, 200]


async def test_large_bodies_of_strangers_hold_no_more_together_than_eight_of_the_largest() -> None:
    size, face = 20_000, strangers_face(limits=Limits(body=8_000, callback_body=40_000))
    goes_on = asyncio.Event()

    async def drip() -> AsyncIterator[bytes]:
        yield json.dumps({"query": CALLBACK}).encode()[:-1] + b', "variables": {"r": "' + b"x" * size
        await goes_on.wait()
        yield b'"}}'

    async with client(face) as http:
        head = {"accept": GRAPHQL, "content-type": "application/json"}
        slow = [asyncio.create_task(http.post("/", content=drip(), headers=head)) for _ in range(15)]
        room = face._reader.limits[True].room
        assert room is not None
        await becomes(lambda: room.taken >= 15 * size, every=0)
        body = {"query": CALLBACK, "variables": {"r": "x" * size}}
        refused = await http.post("/", json=body, headers={"accept": GRAPHQL})
        goes_on.set()
        answered = [(await one).status_code for one in slow]
        again = await http.post("/", json=body, headers={"accept": GRAPHQL})

    assert (refused.status_code, codes(refused), refused.headers["retry-after"]) == (503, ["RATE_LIMITED"], "1")
    assert answered == [200] * 15
    assert again.status_code == 200


@pytest.mark.parametrize("accept", [GRAPHQL, "text/event-stream"])
async def test_what_strangers_send_is_kept_by_no_way_of_sending(accept: str) -> None:
    face = strangers_face(allows_get_queries=True)
    async with client(face) as http:
        for number in range(3):
            query = f"{{ hello }} # {number}"
            await http.post("/", json={"query": query}, headers={"accept": accept})
            await http.get("/", params={"query": query}, headers={"accept": accept})

    assert (len(MEMORY), len(STRANGERS_MEMORY)) == (0, 0)


async def test_a_wrong_credential_is_refused_before_anything_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphql.parse", None)

    class Locked(World):
        async def make_context(self, connection: Request | WebSocket, params: Any) -> ToyContext:
            self.is_locked = True
            return await super().make_context(connection, params)

    outcome = await ask("{ hello }", face=toy_face(Locked()))

    assert outcome.status_code == 401
    assert codes(outcome) == ["UNAUTHENTICATED"]


async def test_a_real_server_keeps_what_is_sent_with_a_token_and_nothing_else_of_strangers(tmp_path: Path) -> None:
    query = "{ viewer { user { id } } }"
    async with site_of(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}", api_tokens=[api_token("ada")]) as site:
        refused = await site.answer(query)
        after_stranger = len(MEMORY), len(STRANGERS_MEMORY)
        await answer_as(site, "ada", query)

    assert refused["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert after_stranger == (0, 0)
    assert (len(MEMORY), len(STRANGERS_MEMORY)) == (1, 0)
