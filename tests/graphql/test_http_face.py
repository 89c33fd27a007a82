"""The GraphQL face over HTTP: what a client and an auditor find."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from toy_face import GRAPHQL, JSON, SECONDS, ToyContext, World, ask, client, codes, post, serving, toy_face

from orchestrator_gql.graphql.http import Limits
from orchestrator_gql.utils.errors import StorageUnavailable

HELLO = '{"query": "{ hello }"}'


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (GRAPHQL, GRAPHQL),
        (JSON, JSON),
        (f"{JSON}, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON}", JSON),
        (f"{GRAPHQL};q=0.5, {JSON};q=0.4", GRAPHQL),
        (f"{JSON};q=0, application/*", GRAPHQL),
        ("*/*", JSON),
        ("application/*", JSON),
        (None, JSON),
        (f"{GRAPHQL}, {JSON}, text/event-stream", GRAPHQL),
    ],
)
async def test_the_answer_has_the_type_that_the_client_prefers(accept: str | None, expected: str) -> None:
    response = await post(HELLO, accept=accept)

    assert response.status_code == 200
    assert response.headers["content-type"] == f"{expected}; charset=utf-8"
    assert response.headers["vary"] == "Accept"
    assert response.json() == {"data": {"hello": "world"}}


@pytest.mark.parametrize("accept", ["text/html", "application/xml", f"{JSON};q=0", f"{JSON};q=nonsense", "text/*"])
async def test_a_client_that_takes_nothing_we_speak_gets_406(accept: str) -> None:
    response = await post(HELLO, accept=accept)

    assert response.status_code == 406
    assert codes(response) == ["NOT_ACCEPTABLE"]


@pytest.mark.parametrize(
    ("query", "parameters", "code"),
    [
        ("{", {}, "GRAPHQL_PARSE_FAILED"),
        ("{" * 300, {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nonsense }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($f: Int) { items(first: $f) { name } }", {"variables": {"f": "x"}}, "BAD_USER_INPUT"),
        ("query ($f: Int!) { items(first: $f) { name } }", {}, "BAD_USER_INPUT"),
        ("query A { hello }", {"operationName": "B"}, "OPERATION_RESOLUTION_FAILURE"),
        ("query A { hello } query B { hello }", {}, "OPERATION_RESOLUTION_FAILURE"),
        ("fragment F on Query { hello }", {}, "OPERATION_RESOLUTION_FAILURE"),
        ("subscription { countUp(to: 1) { number } }", {}, "OPERATION_NOT_ALLOWED"),
    ],
)
async def test_a_request_error_has_a_code_and_no_data(query: str, parameters: dict[str, Any], code: str) -> None:
    modern = await ask(query, **parameters)
    older = await ask(query, accept=JSON, **parameters)

    assert (modern.status_code, older.status_code) == (400, 200)
    assert modern.json() == older.json()
    assert codes(modern) == [code]
    assert "data" not in modern.json()


async def test_an_empty_operation_name_counts_as_none() -> None:
    one = await ask("query A { hello }", operationName="")
    two = await ask("query A { hello } query B { hello }", operationName="")

    assert one.json() == {"data": {"hello": "world"}}
    assert codes(two) == ["OPERATION_RESOLUTION_FAILURE"]


@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
async def test_a_client_that_sends_the_hash_of_a_document_alone_is_asked_for_the_document(accept: str) -> None:
    persisted = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
    alone = await post(json.dumps({"extensions": persisted, "variables": {}}), accept=accept)
    whole = await ask("{ hello }", accept=accept, extensions=persisted)

    assert [error["message"] for error in alone.json()["errors"]] == ["PersistedQueryNotSupported"]
    assert whole.json() == {"data": {"hello": "world"}}


async def test_the_named_one_of_several_operations_runs() -> None:
    response = await ask("query A { hello } query B { item { name } }", operationName="B")

    assert response.json() == {"data": {"item": {"name": "leaf"}}}


@pytest.mark.parametrize(
    "body",
    [
        b"42",
        b"null",
        b'"x"',
        b"[]",
        b'[{"query": "{ hello }"}]',
        b"",
        b'{"query": "\xff"}',
        b"[" * 200_000,
        b'{"query": "{ hello }", "variables": {"n": ' + b"9" * 6_000 + b"}}",
        b'{"query": "{ hello }", "variables": {"n": NaN}}',
        b'{"query": "{ hello }", "query": "{ hello }"}',
        b'{"query": 1}',
        b'{"query": ""}',
        b'{"query": "{ hello }", "variables": []}',
        b'{"query": "{ hello }", "operationName": 1}',
        b'{"query": "{ hello }", "extensions": "x"}',
    ],
)
@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
async def test_a_body_that_is_no_request_is_400_with_a_graphql_error(body: bytes, accept: str) -> None:
    response = await post(body, accept=accept)

    assert response.status_code == 400
    assert response.headers["content-type"].startswith(accept)
    assert codes(response) == ["PAYLOAD_INVALID"]


@pytest.mark.parametrize("query", ["{ items(first: %s) { name } }" % ("9" * 6_000), "{ hello(a: %s) }" % ("9" * 6_000)])
async def test_a_number_of_6000_digits_in_the_document_is_the_clients_error(query: str) -> None:
    response = await ask(query)

    assert response.status_code == 400
    assert "INTERNAL" not in codes(response)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_only_post_carries_operations(method: str) -> None:
    async with client(toy_face()) as http:
        response = await http.request(method, "/?query={hello}")

    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    if method == "GET":
        [error] = response.json()["errors"]
        assert "ORCHESTRATOR_ALLOWS_GET_QUERIES" in error["message"] and "preferGetMethod" in error["message"]


@pytest.mark.parametrize(
    "headers",
    [
        {"content_type": "text/plain"},
        {"content_type": "application/graphql"},
        {"content_type": "multipart/form-data; boundary=x"},
        {"content_type": "application/json; charset=latin-1"},
        {"content_type": ""},
        {"content_encoding": "gzip"},
    ],
)
async def test_other_bodies_than_plain_json_are_415(headers: dict[str, str]) -> None:
    response = await post(HELLO, **headers)

    assert response.status_code == 415
    assert codes(response) == ["UNSUPPORTED_MEDIA_TYPE"]


def padded(query: str, size: int) -> dict[str, Any]:
    """A request of a little more than ``size`` bytes."""
    return {"query": query, "variables": {"r": "x" * size}}


RECEIVE = "mutation ($r: JSON!) { receiveCallback(result: $r) }"


async def test_a_callback_mutation_may_be_larger_than_anything_else() -> None:
    face = toy_face(limits=Limits(body=1_000, callback_body=5_000))

    large = await post(json.dumps(padded(RECEIVE, 2_000)), face=face)
    late = await post(json.dumps(dict(reversed(padded(RECEIVE, 2_000).items()))), face=face)
    too_large = await post(json.dumps(padded(RECEIVE, 6_000)), face=face)

    assert large.json() == late.json() == {"data": {"receiveCallback": 2_000}}
    assert (too_large.status_code, codes(too_large)) == (413, ["PAYLOAD_TOO_LARGE"])


@pytest.mark.parametrize(
    "query",
    [
        "query ($r: JSON!) { echo(value: $r) }",
        "mutation ($r: JSON!) { receiveCallback(result: $r) rename(name: 1) }",
        "mutation ($r: JSON!) { ...on Mutation { receiveCallback(result: $r) } }",
        "query ($r: JSON!) { receiveCallback: echo(value: $r) }",
        "{",
    ],
)
@pytest.mark.parametrize("is_query_first", [True, False])
async def test_any_other_document_is_413_over_the_usual_limit(query: str, is_query_first: bool) -> None:
    members = padded(query, 2_000).items()
    body = json.dumps(dict(members if is_query_first else reversed(members)))

    response = await post(body, face=toy_face(limits=Limits(body=1_000, callback_body=5_000)))

    assert response.status_code == 413
    assert "1000 bytes" in response.json()["errors"][0]["message"]


async def test_an_oversized_body_is_refused_while_it_is_read() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'{"query": "{ hello }", "variables": {"x": "'
        while True:
            sent += 1
            yield b"x" * 500

    async with client(toy_face(limits=Limits(body=1_000))) as http:
        response = await http.post("/", content=endless(), headers={"content-type": JSON})

    assert response.status_code == 413
    assert sent < 5


@pytest.mark.parametrize("size", [str(11 * 1024 * 1024), "9" * 20, "9" * 5_000])
async def test_an_announced_size_over_every_limit_is_refused_unread(size: str) -> None:
    read = 0

    async def unread() -> AsyncIterator[bytes]:
        nonlocal read
        read += 1
        yield b"{"

    async with client(toy_face()) as http:
        headers = {"content-type": JSON, "content-length": size}
        response = await http.post("/", content=unread(), headers=headers)

    assert response.status_code == 413
    assert read == 0


async def test_a_body_that_never_ends_is_closed_in_time() -> None:
    async with serving(toy_face(limits=Limits(body_seconds=0.05))) as address:
        reader, writer = await asyncio.open_connection(*address.split(":"))
        head = f"POST / HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n"
        writer.write(head.encode() + b'{"que')
        answer = await asyncio.wait_for(reader.read(), SECONDS)
        writer.close()

    assert answer.startswith(b"HTTP/1.1 408")
    assert b"REQUEST_TIMEOUT" in answer


async def test_a_wrong_credential_is_401_before_a_byte_of_the_body_is_read() -> None:
    response = await post(b"not JSON at all", authorization="wrong")

    assert response.status_code == 401
    assert codes(response) == ["UNAUTHENTICATED"]
    assert "www-authenticate" in response.headers


async def test_an_unexpected_error_before_the_operation_is_masked(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(World):
        async def make_context(self, *_: Any) -> ToyContext:
            raise RuntimeError("the password is swordfish")

    response = await ask("{ hello }", face=toy_face(Broken()))

    assert (response.status_code, codes(response)) == (500, ["INTERNAL"])
    assert "swordfish" not in response.text
    assert response.json()["errors"][0]["extensions"]["errorId"] in caplog.text


async def test_a_database_that_cannot_be_reached_is_503() -> None:
    class Dark(World):
        async def make_context(self, *_: Any) -> ToyContext:
            raise StorageUnavailable

    response = await ask("{ hello }", face=toy_face(Dark()))

    assert (response.status_code, codes(response)) == (503, ["STORAGE_UNAVAILABLE"])
    assert response.headers["retry-after"] == "1"


@pytest.mark.parametrize("query", ["{ hello failing }", "{ hello misconfigured }", "{ hello overflowing }"])
async def test_an_unexpected_error_of_a_resolver_is_masked(query: str, caplog: pytest.LogCaptureFixture) -> None:
    response = await ask(query)

    body = response.json()
    assert response.status_code == 200
    assert body["data"]["hello"] == "world"
    assert body["errors"][0]["message"] == "Internal error"
    assert body["errors"][0]["path"] == [query.split()[2]]
    assert codes(response) == ["INTERNAL"]
    assert body["errors"][0]["extensions"]["errorId"] in caplog.text
    assert caplog.records[0].exc_info


async def test_a_refusal_meant_for_the_caller_keeps_its_message_and_code(caplog: pytest.LogCaptureFixture) -> None:
    response = await ask("{ refused }")

    assert response.status_code == 200
    assert response.json()["errors"][0]["message"] == "This server did not make this cursor: start without a cursor."
    assert codes(response) == ["CURSOR_INVALID"]
    assert not caplog.records


async def test_an_argument_found_wrong_in_execution_is_the_clients_error() -> None:
    response = await ask("query ($f: Int = 1) { items(first: $f) { name } }", variables={"f": None})

    assert codes(response) == ["BAD_USER_INPUT"]


async def test_what_clients_send_leaves_no_trace_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)

    for query in ("{", "{ nonsense }", "subscription { endless }", "query ($x: Int!) { hello }"):
        await ask(query)
    await post(b"[" * 200_000)

    assert not caplog.records


async def test_an_operation_that_takes_too_long_is_ended() -> None:
    face = toy_face(limits=Limits(execution_seconds=0.05))

    response = await ask("{ slow }", face=face)

    assert response.json()["data"] is None
    assert codes(response) == ["EXECUTION_TIMEOUT"]
    assert face.open_operations == 0


async def test_big_integers_come_back_as_they_went() -> None:
    response = await ask("query ($v: JSON!) { echo(value: $v) }", variables={"v": {"n": 2**70, "é": "→"}})

    assert response.json() == {"data": {"echo": {"n": 2**70, "é": "→"}}}


async def test_a_result_64_levels_deep_fits_into_its_envelope() -> None:
    deep: Any = 1
    for _ in range(64):
        deep = [deep]

    response = await ask("query ($v: JSON!) { echo(value: $v) }", variables={"v": deep})

    assert response.status_code == 200


async def test_introspection_and_suggestions_are_for_development() -> None:
    open_face, closed_face = toy_face(is_development=True), toy_face(is_development=False)

    seen = await ask("{ __schema { queryType { name } } }", face=open_face)
    unseen = await ask("{ __schema { queryType { name } } }", face=closed_face)
    name = await ask("{ __typename }", face=closed_face)
    suggestion = await ask("{ helo }", face=open_face)
    silence = await ask("{ helo }", face=closed_face)

    assert seen.json()["data"]["__schema"]["queryType"]["name"] == "Query"
    assert name.json() == {"data": {"__typename": "Query"}}
    assert set(codes(unseen)) == {"GRAPHQL_VALIDATION_FAILED"}
    assert "ORCHESTRATOR_IS_DEVELOPMENT=true" in unseen.json()["errors"][0]["message"]
    assert "Did you mean 'hello'?" in suggestion.text
    assert silence.json()["errors"][0]["message"] == "Cannot query field 'helo' on type 'Query'."


@pytest.mark.parametrize(
    ("is_development", "accept", "status"), [(True, "text/html", 200), (True, JSON, 405), (False, "text/html", 405)]
)
async def test_graphiql_is_for_browsers_in_development(is_development: bool, accept: str, status: int) -> None:
    face = toy_face(is_development=is_development, graphiql_html=lambda: "<title>GraphiQL</title>")

    async with client(face) as http:
        response = await http.get("/", headers={"accept": accept})

    assert response.status_code == status
    assert ("<title>GraphiQL" in response.text) is (status == 200)
    assert ("ORCHESTRATOR_IS_DEVELOPMENT" in response.text) is not is_development
    assert status != 200 or "default-src 'self'" in response.headers["content-security-policy"]


async def test_each_request_has_a_context_of_its_own() -> None:
    world = World()
    face = toy_face(world)

    await ask("{ hello }", face=face)
    await ask("{ hello }", face=face)

    assert world.contexts == 2
