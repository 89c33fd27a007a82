"""Operations with random values of their variables are answered by a plan as by graphql-core alone."""

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    OperationDefinitionNode,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
    parse,
    type_from_ast,
)
from stories import Story, telling
from support.sizes import size
from test_operation_plans import READER, SCHEMA, both, plans_of

from orchestrator_gql.security import LOCAL_OPERATOR, NOBODY

pytestmark = pytest.mark.one_dispatcher

QUERIES = [
    "query ($f: ProcessFilter, $o: ProcessOrder, $n: Int, $a: String) {"
    " processes(filter: $f, orderBy: $o, first: $n, after: $a) { nodes { id status } } }",
    "query ($ids: [ID!]!, $skip: Boolean!, $with: Boolean = true) { nodes(ids: $ids) @skip(if: $skip) { __typename"
    " ... on Process @include(if: $with) { id note } ... on Workflow { name } } }",
    "query ($id: ID = 7, $length: Int, $offset: Int! = 0) { node(id: $id) { id"
    " ... on Process { stateText(offset: $offset, length: $length) { text totalLength } } } }",
    "query ($statuses: [ProcessStatus!], $ids: [ID!], $from: DateTime) { processes(filter: {statuses: $statuses,"
    " ids: $ids, startedAt: {from: $from}}) { totalCount edges { cursor } } }",
    "query ($f: InputRequestFilter, $e: EventFilter) { inputRequests(filter: $f) { nodes { id title } }"
    " events(filter: $e, first: 3) { nodes { id } } }",
    "query ($f: ProductSubscriptionFilter, $path: String!, $value: JSON!) { productSubscriptions(filter: $f)"
    " { nodes { id } } others: productSubscriptions(filter: {fields: [{path: $path, value: $value}]}) { totalCount } }",
    "query ($f: AuditFilter, $s: CallbackStatus!) { audit(filter: $f, first: 2) { nodes { action } }"
    " callbacks(filter: {statuses: [$s]}) { nodes { status } } }",
    "query ($name: String!, $pages: [JSON!]!) { startForm(workflowName: $name, pages: $pages) { __typename } }",
]

WRONG: list[Any] = [1, "x", True, 1.5, 2.0, [], {}, {"wrong": 1}, [None], 2**31, 1e300, "", None]


class Values:
    """Random values of a type of input, some of them wrong."""

    def __init__(self, seed: int, ids: list[Any]) -> None:
        self.choose = random.Random(seed)
        self.ids = ids

    def variables(self, query: str) -> dict[str, Any]:
        """Values for most of the variables of the query, and one that it does not have."""
        operation = parse(query).definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        found: dict[str, Any] = {"unknown": 1}
        for definition in operation.variable_definitions or ():
            if self.choose.random() < 0.7:
                found[definition.variable.name.value] = self.value(type_from_ast(SCHEMA._schema, definition.type))
        return found

    def value(self, kind: Any) -> Any:
        """A value of the type."""
        if self.choose.random() < 0.02:
            return self.choose.choice(WRONG)
        if is_non_null_type(kind):
            return self._of(kind.of_type)
        return None if self.choose.random() < 0.2 else self._of(kind)

    def _of(self, kind: Any) -> Any:
        if is_list_type(kind):
            if self.choose.random() < 0.2:
                return self.value(kind.of_type)
            return [self.value(kind.of_type) for _ in range(self.choose.randrange(3))]
        if is_enum_type(kind):
            return self.choose.choice([*kind.values, *kind.values, "WRONG"])
        if is_input_object_type(kind):
            chosen = {
                name: field
                for name, field in kind.fields.items()
                if is_required_input_field(field) or self.choose.random() < 0.3
            }
            return {name: self.value(field.type) for name, field in chosen.items()}
        return self.choose.choice(self._leaves(kind.name))

    def _leaves(self, name: str) -> list[Any]:
        leaves: dict[str, list[Any]] = {
            "ID": [*self.ids, 7, "7", "none"],
            "Int": [0, 1, 2, 50, 200, 201, -3, 2**31, 2.0],
            "Boolean": [True, False],
            "DateTime": ["2026-11-24T09:30:00Z", "2026-11-24T09:30:00+01:00", "2026-11-24", "never"],
            "JSON": [1, "text", None, {"a": [1, None]}, [[]]],
        }
        return leaves.get(name, ["", "a", "change_port", "\u00e9\U0001f600"])


@pytest.fixture
async def story(tmp_path: Path) -> AsyncIterator[Story]:
    async with telling(tmp_path) as story:
        yield story


@pytest.mark.parametrize("query", QUERIES)
async def test_random_values_of_variables_are_those_of_graphql_core(query: str, story: Story) -> None:
    process_id, request_id = await story.asks()
    ids = [str(process_id), request_id, *await story.notes(1)]
    failed = []
    for seed in range(size(15, 40)):
        values = Values(seed, ids)
        who = values.choose.choice([LOCAL_OPERATOR, READER, NOBODY])
        failed.append(b'"errors"' in await both(story, query, who, **values.variables(query)))

    assert any(failed)
    assert plans_of(query)
