"""What an operation may cost, and that finding out costs little."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import thread_time
from typing import Any

import pytest
from graphql import get_introspection_query
from support.database import sqlite_url
from support.web import site_of
from toy_face import GRAPHQL, ask, client, codes, toy_face


def nested(levels: int) -> str:
    """An operation with so many levels of fields."""
    return "{ item " + "{ child " * (levels - 2) + "{ name }" + " }" * (levels - 1)


def doubling(levels: int, leaf: str = "name") -> str:
    """Fragments, each of which spreads the next one twice."""
    spreads = (f"fragment F{n} on Item {{ child {{ ...F{n + 1} ...F{n + 1} }} }}" for n in range(levels))
    return "{ item { ...F0 } } " + " ".join(spreads) + f" fragment F{levels} on Item {{ {leaf} }}"


def flat_doubling(levels: int) -> str:
    """The same without a single level of depth."""
    spreads = (f"fragment F{n} on Item {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    return "{ item { ...F0 } } " + " ".join(spreads) + f" fragment F{levels} on Item {{ name }}"


def aliased(count: int) -> str:
    """An operation with so many aliases."""
    return "{ item { " + " ".join(f"a{n}: name" for n in range(count)) + " } }"


def wide(count: int) -> str:
    """An operation with so many fields after expansion, in three root fields that spread the same fragment."""
    return (
        f"{{ item {{ ...F ...F {'name ' * (count % 2 + 1)} }} }} fragment F on Item {{ {'name ' * (count // 2 - 1)} }}"
    )


def rooted(count: int) -> str:
    """An operation with so many root fields, half of them in a fragment."""
    return f"{{ {'hello ' * (count - count // 2)} ...F }} fragment F on Query {{ {'hello ' * (count // 2)} }}"


def directed(count: int) -> str:
    """An operation with so many directives."""
    return "{ item { " + "name @include(if: true) " * count + "} }"


def fragmented(count: int) -> str:
    """An operation with so many fragments."""
    fragments = (f"fragment F{n} on Query {{ hello {f'...F{n + 1}' if n + 1 < count else ''} }}" for n in range(count))
    return "{ ...F0 } " + " ".join(fragments)


@pytest.mark.parametrize(
    ("just_within", "just_over", "noun"),
    [
        (nested(12), nested(13), "13 levels; the limit is 12"),
        (aliased(30), aliased(31), "31 aliases; the limit is 30"),
        (wide(1_000), wide(1_001), "1001 fields; the limit is 1000"),
        (rooted(20), rooted(21), "21 root fields; the limit is 20"),
        (directed(50), directed(51), "51 directives; the limit is 50"),
        (fragmented(20), fragmented(21), "21 fragments; the limit is 20"),
    ],
)
async def test_each_limit_holds_to_the_one(just_within: str, just_over: str, noun: str) -> None:
    within = await ask(just_within)
    over = await ask(just_over)

    assert "errors" not in within.json()
    assert over.status_code == 400
    assert noun in over.json()["errors"][0]["message"]
    assert codes(over) == ["GRAPHQL_VALIDATION_FAILED"]


async def test_a_document_has_at_most_2000_tokens() -> None:
    within = await ask("{ hello }" + " #" + "{" * 5_000)
    over = await ask("query (" + "$a: Int " * 500 + ") { hello }")

    assert within.status_code == 200
    assert codes(over) == ["GRAPHQL_PARSE_FAILED"]
    assert "2000 tokens" in over.json()["errors"][0]["message"]


@contextmanager
def cpu_seconds() -> Iterator[Callable[[], float]]:
    """The CPU time since its beginning, without that of collecting what other tests left behind."""
    gc.disable()
    started = thread_time()
    try:
        yield lambda: thread_time() - started
    finally:
        gc.enable()


@pytest.mark.parametrize("document", [doubling(9), flat_doubling(18), doubling(18), flat_doubling(500), nested(150)])
async def test_fragments_that_double_are_refused_in_no_time(document: str) -> None:
    with cpu_seconds() as spent:
        response = await ask(document)

    assert response.status_code == 400
    assert spent() < 1.0


@pytest.mark.parametrize("document", ["{ item { %s } }", "{ hello } fragment Unused on Item { %s }"])
async def test_many_equal_fields_are_refused_before_a_rule_compares_each_with_each(document: str) -> None:
    with cpu_seconds() as spent:
        response = await ask(document % (" name" * 1_900))

    assert "the limit is 1000" in response.json()["errors"][0]["message"]
    assert spent() < 0.5


@pytest.mark.parametrize(
    "document",
    [
        "{ item { ...F } } fragment F on Item { child { ...F } }",
        "{ item { ...F } } fragment F on Item { ...G } fragment G on Item { ...F }",
        "{ item { ...Unknown } }",
    ],
)
async def test_fragments_in_a_circle_and_unknown_ones_are_plain_errors(document: str) -> None:
    response = await ask(document)

    assert response.status_code == 400
    assert set(codes(response)) == {"GRAPHQL_VALIDATION_FAILED"}


async def test_inline_fragments_cannot_exhaust_the_stack() -> None:
    document = "{ " + "... { " * 190 + "hello" + " }" * 191

    response = await ask(document)

    assert "more than 60 levels" in response.json()["errors"][0]["message"]


async def test_the_standard_introspection_is_within_the_limits() -> None:
    response = await ask(get_introspection_query())

    assert "errors" not in response.json()


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ items(first: 201) { name } }", {}),
        ("{ item { items(first: 201) { name } } }", {}),
        ("query ($f: Int) { items(first: $f) { name } }", {"f": 201}),
        ("query ($f: Int = 201) { items(first: $f) { name } }", {}),
        ("{ ...F } fragment F on Query { items(first: 99999999999) { name } }", {}),
    ],
)
async def test_a_page_of_more_than_200_is_refused(query: str, variables: dict[str, Any]) -> None:
    response = await ask(query, variables=variables)

    assert response.status_code == 400
    assert "200" in response.json()["errors"][0]["message"] or "32-bit" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ items(first: 200) { name } }", {}),
        ("query ($f: Int = 201) { items(first: $f) { name } }", {"f": 200}),
        ("{ verifyAudit(first: 10000) }", {}),
    ],
)
async def test_a_page_of_200_is_served_and_an_audit_has_a_size_of_its_own(
    query: str, variables: dict[str, Any]
) -> None:
    response = await ask(query, variables=variables)

    assert "errors" not in response.json()


async def test_the_page_is_judged_each_time_a_known_document_comes() -> None:
    query = "query ($f: Int) { items(first: $f) { name } }"
    face = toy_face()

    good = await ask(query, face=face, variables={"f": 1})
    bad = await ask(query, face=face, variables={"f": 201})
    good_again = await ask(query, face=face, variables={"f": 1})

    assert [one.status_code for one in (good, bad, good_again)] == [200, 400, 200]
    assert codes(bad) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("nul", [r"\u0000", r"\u{0}"])
async def test_a_string_with_a_nul_is_refused_wherever_it_stands(nul: str) -> None:
    outcome = await ask(f'{{ echo(value: {{list: ["a{nul}b"]}}) }}')

    assert outcome.json()["errors"][0]["message"] == "Syntax Error: A string holds a NUL character."


async def test_a_nul_in_the_address_of_a_get_is_refused_like_an_escaped_one() -> None:
    async with client(toy_face(allows_get_queries=True)) as http:
        outcome = await http.get("/", params={"query": '{ echo(value: "a\0b") }'}, headers={"accept": GRAPHQL})

    assert outcome.json()["errors"][0]["message"] == "Syntax Error: A string holds a NUL character."


LISTS: dict[str, tuple[str, Callable[[list[str]], object]]] = {
    "names": ("query ($v: [ID!]) { processes(first: 1, filter: {ids: $v}) { totalCount } }", lambda values: values),
    "an object": (
        "query ($v: ProcessFilter) { processes(first: 1, filter: $v) { totalCount } }",
        lambda values: {"workflowNames": values},
    ),
    "an event": (
        "query ($v: EventFilter) { events(first: 1, filter: $v) { nodes { id } } }",
        lambda values: {"processIds": values},
    ),
    "an object in the place of a list": (
        "mutation ($v: DecideInputRequestsInput!) { decideInputRequests(input: $v) { __typename } }",
        lambda values: {"submit": {"inputRequestId": "none", "pages": values}},
    ),
}


@pytest.mark.parametrize("case", LISTS)
@pytest.mark.parametrize("length", [1_000, 1_001])
async def test_a_list_of_more_than_1000_values_in_the_variables_is_refused(
    case: str, length: int, tmp_path: Path
) -> None:
    query, holding = LISTS[case]
    async with site_of(sqlite_url(tmp_path)) as site:
        answer = await site.answer(query, v=holding([f"name {n}" for n in range(length)]))

    assert ("errors" in answer) is (length > 1_000)
    if length > 1_000:
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert answer["errors"][0]["message"] == "A list holds at most 1,000 values, and a list in `$v` holds more."


async def test_a_json_value_may_have_longer_lists(tmp_path: Path) -> None:
    query = 'mutation ($v: [JSON!]) { startWorkflow(input: {workflowName: "none", pages: $v}) { __typename } }'
    async with site_of(sqlite_url(tmp_path)) as site:
        answer = await site.answer(query, v=[{"rows": list(range(2_000))}])

    assert answer["data"]["startWorkflow"]["__typename"] == "NotFoundError"
