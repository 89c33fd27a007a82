"""Plans of kept documents: equal to Strawberry and graphql-core for everything, and not there where they may not be."""

import random
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_abstract_type, is_leaf_type, is_required_argument
from shared_streams import alone_schema
from stories import Story, act, telling
from support.sizes import size

from orchestrator_gql.graphql import documents, libraries, operation_plans
from orchestrator_gql.graphql.context import Context
from orchestrator_gql.graphql.documents import Kind
from orchestrator_gql.graphql.execution import Execution
from orchestrator_gql.graphql.operation_plans import KEPT_PLANS, OperationPlan, plan_of
from orchestrator_gql.graphql.schema import build_schema
from orchestrator_gql.graphql.transport.request import GraphQLRequest
from orchestrator_gql.security import LOCAL_OPERATOR, NOBODY, Permission, Principal
from orchestrator_gql.utils import json

pytestmark = pytest.mark.one_dispatcher

SCHEMA = build_schema()
PLANNED = Execution(SCHEMA, is_development=True, timeout=30)
ALONE = Execution(alone_schema(), is_development=True, timeout=30)
READER = Principal("reader", "reader", None, frozenset({Permission.READ}), frozenset(), credential="api-token")

ROOTS = ("process(id: $id)", "processes(first: 2)", "inputRequests", "callbacks", "workflows(first: 2)", "viewer")
UNEQUAL = {"engine", "stats", "durationSeconds", "secondsLeft", "recoveryActions"}
"""Fields whose values may differ from one moment to the next."""


@pytest.fixture
async def story(tmp_path: Path) -> AsyncIterator[Story]:
    async with telling(tmp_path) as story:
        yield story


async def answer(
    execution: Execution, story: Story, query: str, who: Principal = LOCAL_OPERATOR, most: int = 0, **variables: Any
) -> bytes:
    """The response as bytes, without the ids of errors, which are random."""
    runtime = story.site.engine.runtime
    if most:
        runtime = replace(runtime, settings=runtime.settings.model_copy(update={"max_answer_bytes": most}))
    context = Context(runtime, who)
    response = await execution.response(GraphQLRequest(query, variables), context, kind=Kind.QUERY)
    return re.sub(rb'"errorId":"[0-9a-f]+"', b'"errorId":""', json.encode(response.payload).encode())


async def both(story: Story, query: str, who: Principal = LOCAL_OPERATOR, most: int = 0, **variables: Any) -> bytes:
    """The response of graphql-core alone, which is that of the plan, of its first use and of its second."""
    alone = await answer(ALONE, story, query, who, most, **variables)
    for _ in range(3):  # the first request is validated
        assert await answer(PLANNED, story, query, who, most, **variables) == alone
    return alone


class Documents:
    """Writes random documents: aliases, fragments, unions, interfaces, skipped fields, equal fields twice."""

    def __init__(self, seed: int) -> None:
        self.choose = random.Random(seed)
        self.fragments: list[str] = []

    def query(self) -> str:
        """A document with some of the root fields."""
        root = SCHEMA._schema.query_type
        assert root is not None
        parts = [self._field(root, name, 4) for name in self.choose.sample(ROOTS, 2)]
        head = "query ($id: ID!, $yes: Boolean!, $no: Boolean!)"
        uses = "a: __typename @include(if: $yes) b: __typename @skip(if: $no) process(id: $id) { id }"
        return f"{head} {{ {uses} {' '.join(parts)} }} {' '.join(self.fragments)}"

    def _field(self, kind: GraphQLObjectType, written: str, depth: int) -> str:
        name = re.split(r"\W", written)[0]
        named = get_named_type(kind.fields[name].type)
        alias = f"a{self.choose.randrange(10**6)}: " if "(" in written or self.choose.random() < 0.1 else ""
        below = "" if is_leaf_type(named) else f" {{ {self._selection(named, depth - 1)} }}"
        return f"{alias}{written}{self._directive()}{below}"

    def _directive(self) -> str:
        if self.choose.random() > 0.05:
            return ""
        return self.choose.choice([" @include(if: $yes)", " @skip(if: $no)", " @skip(if: true)", " @include(if: true)"])

    def _selection(self, kind: Any, depth: int) -> str:
        parts = ["__typename"]
        if is_abstract_type(kind):
            for each in self.choose.sample(SCHEMA._schema.get_possible_types(kind), 1):
                parts.append(f"... on {each.name} {{ {self._selection(each, depth)} }}")
            return " ".join(parts)
        for name, field in kind.fields.items():
            is_leaf = is_leaf_type(get_named_type(field.type))
            is_open = name not in UNEQUAL and not any(map(is_required_argument, field.args.values()))
            if is_open and (is_leaf or depth > 0) and self.choose.random() < (0.5 if is_leaf else 0.3):
                parts.append(self._field(kind, name, depth))
        if self.choose.random() < 0.2:
            name = f"F{len(self.fragments)}"
            self.fragments.append("")
            self.fragments[int(name[1:])] = f"fragment {name} on {kind.name} {{ {' '.join(parts)} }}"
            return f"...{name} {' '.join(parts[:2])}"
        return " ".join(parts)


async def test_random_documents_are_answered_as_graphql_core_answers_them(story: Story) -> None:
    process_id, _ = await story.asks()
    await story.notes(2)
    await story.waits()
    planned = 0
    for seed in range(size(12, 30)):
        query = Documents(seed).query()
        for who in (LOCAL_OPERATOR, READER):
            await both(story, query, who, id=str(process_id), yes=True, no=seed % 2 == 0)
        known = documents.find(query, is_stranger=False)
        planned += known is not None and bool(known.plans)

    assert planned > size(8, 25)


@pytest.mark.each_value
@pytest.mark.parametrize(
    "selection",
    [
        "process(id: $id) { id title: workflowName ...P } ... @include(if: $yes) { process(id: $id) { version } }",
        "process(id: $id) { steps { name ...S @skip(if: $yes) } } other: process(id: $id) { ...P }",
        "node(id: $id) { id ... on Process { status } ... on Workflow { name } }",
        "nodes(ids: [$id, $id, 7]) { __typename ... on Process { ...P } }",
        "process(id: $id) { openInputRequest { form { __typename ... on FormPage { schema } } } }",
        "process(id: 5) { id } processes(first: 1) { edges { cursor node { ...P } } totalCount }",
        'processes(after: "wrong") { nodes { id } } viewer { user { id } }',
        '__schema { queryType { name fields { name type { name } } } } __type(name: "Process") { name }',
    ],
)
@pytest.mark.parametrize("who", [LOCAL_OPERATOR, READER, NOBODY], ids=["operator", "reader", "nobody"])
@pytest.mark.parametrize("yes", [True, False])
async def test_selections_are_those_of_graphql_core(selection: str, who: Principal, yes: bool, story: Story) -> None:
    process_id, _ = await story.asks()
    fragments = "fragment P on Process { id version note ...S2 } fragment S on ProcessStep { status } "
    fragments += "fragment S2 on Process { workflowName }"
    used = [each for each in ("$id", "$yes") if each in selection or (each == "$yes")]
    types = {"$id": "ID!", "$yes": "Boolean!"}
    head = ", ".join(f"{name}: {types[name]}" for name in used)
    query = f"query ({head}) {{ now: __typename @include(if: $yes) {selection} }} {fragments}"

    await both(story, query, who, id=str(process_id), yes=yes)


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("query ($id: ID!) { process(id: $id) { id } }", {}),
        ("query ($id: ID!) { process(id: $id) { id } }", {"id": {"a": 1}}),
        ("query ($id: ID = 7) { node(id: $id) { id } }", {}),
        ("query ($n: Int = 201) { processes(first: $n) { nodes { id } } }", {}),
        ("query ($n: Int) { processes(first: $n) { nodes { id } } }", {"n": 200}),
        ("query ($n: Int) { processes(first: $n) { nodes { id } } }", {"n": 201}),
        ("query ($n: Int) { processes(first: $n) { nodes { id } } }", {"n": "201"}),
        ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["x"] * 1_001}),
        ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["x"] * 3}),
        ("query ($f: ProcessFilter) { processes(filter: $f) { nodes { id } } }", {"f": {"ids": ["x"] * 1_001}}),
        ("query ($f: ProcessFilter) { processes(filter: $f) { nodes { id } } }", {"f": {"wrong": 1}}),
        ("query A { __typename } query B { viewer { user { id } } }", {}),
        ("{ unknown }", {}),
    ],
)
async def test_wrong_and_large_values_are_refused_as_without_a_plan(
    query: str, variables: dict[str, Any], story: Story
) -> None:
    await both(story, query, **variables)


@pytest.mark.parametrize("most", [40, 100, 400, 2_000])
async def test_a_response_over_the_limit_is_the_error_of_graphql_core(most: int, story: Story) -> None:
    await story.notes(3)

    found = await both(story, "{ processes { nodes { id workflowName status startedAt version } } }", most=most)

    assert (b"RESPONSE_TOO_LARGE" in found) == (most < 2_000)


async def test_a_mutation_is_executed_once_and_by_its_plan(story: Story) -> None:
    (process_id,) = await story.notes(1)
    seen = [await story.act("updateProcessNote", process_id, note=f"note {number}") for number in range(4)]
    query = act("updateProcessNote")

    assert [each["process"]["note"] for each in seen] == [f"note {number}" for number in range(4)]
    versions = [each["process"]["version"] for each in seen]
    assert versions == list(range(versions[0], versions[0] + 4))
    known = documents.find(query, is_stranger=False)
    assert known is not None and known.plans


async def test_a_known_document_is_executed_by_its_plan(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    query = "{ viewer { user { id name } } }"
    first = await answer(PLANNED, story, query)
    monkeypatch.setattr(type(SCHEMA), "stream", None)

    assert await answer(PLANNED, story, query) == first


@pytest.mark.parametrize("name", libraries.INSTALLED)
async def test_other_libraries_take_the_way_of_strawberry(
    name: str, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation_plans._rules_of.cache_clear()
    monkeypatch.setitem(libraries.INSTALLED, name, "99.1")
    try:
        query = f"{{ viewer {{ user {{ name }} }} }} # {name}"
        await both(story, query)
        assert plan_of(SCHEMA, GraphQLRequest(query, {})) is None
    finally:
        operation_plans._rules_of.cache_clear()


def plans_of(query: str) -> dict[Any, OperationPlan]:
    known = documents.find(query, is_stranger=False)
    assert known is not None
    return known.plans


async def test_a_document_keeps_few_plans_and_counts_them(story: Story) -> None:
    names = [f"Q{number}" for number in range(KEPT_PLANS + 3)]
    query = " ".join(f"query {name} {{ viewer {{ user {{ id }} }} }}" for name in names)
    documents.MEMORY.clear()
    runtime = story.site.engine.runtime
    for name in names * 3:
        request = GraphQLRequest(query, {}, name)
        response = await PLANNED.response(request, Context(runtime, LOCAL_OPERATOR), kind=Kind.QUERY)
        assert "errors" not in response.payload

    known = documents.find(query, is_stranger=False)
    assert known is not None
    assert len(known.plans) == KEPT_PLANS
    assert documents.MEMORY.tokens == known.document.token_count * (KEPT_PLANS + 1)


async def test_a_plan_keeps_no_more_fields_than_the_document_has_tokens(story: Story) -> None:
    events = " ".join(f"e{number}: processId" for number in range(20))
    query = f"{{ events {{ edges {{ node {{ {events} }} }} }} }}"
    process_id, _ = await story.asks()
    await story.act("updateProcessNote", process_id, note="one more type of event")
    await both(story, query)

    (plan,) = plans_of(query).values()
    assert plan.collected is not None
    kept = sum(len(found.grouped_field_set) for _, found in plan.collected.below.values())
    assert kept <= plan.collected.most
    assert len(plan.collected.fields) <= len(plan.collected.below) + 1


async def test_fields_of_an_execution_that_began_before_the_bound_are_not_kept(story: Story) -> None:
    await both(story, "{ viewer { user { id } } }")
    (plan,) = plans_of("{ viewer { user { id } } }").values()
    assert plan.collected is not None
    user, others = SCHEMA._schema.type_map["User"], [dict(plan.collected.root) for _ in range(20)]
    assert isinstance(user, GraphQLObjectType)
    for grouped in others:
        plan.collected.fields_of(SCHEMA._schema, user, grouped)
    plan.collected.bound()

    assert len(plan.collected.fields) <= len(plan.collected.below) + 1
