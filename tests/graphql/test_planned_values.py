"""Arguments and variables of a kept document are those that graphql-core reads, or are left to graphql-core."""

import json
import random
from itertools import product
from typing import Any

import pytest
from graphql import (
    FieldNode,
    OperationDefinitionNode,
    build_schema,
    get_argument_values,
    get_variable_values,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    parse,
)
from test_operation_plans import SCHEMA
from test_operation_plans_variables import Values

from orchestrator_gql.graphql.planned_values import arguments_reader, variables_reader

FIELDS = {
    root: {name: field for name, field in getattr(SCHEMA._schema, f"{root}_type").fields.items() if field.args}
    for root in ("query", "mutation")
}

OPTIONAL = """
  input Inner { leaf: Int = 3, list: [Inner], other: Inner, must: Int!, json: JSON = {a: [1]} }
  input Either @oneOf { number: Int, text: String }
  scalar JSON
  type Query {
    field(inner: Inner, list: [[Int!]], number: Int! = 4, either: Either, either2: Either!, none: Int = null): Int
  }
"""


class Writer:
    """Writes the arguments of a field, some parts of them as variables."""

    def __init__(self, seed: int) -> None:
        self.values = Values(seed, ["7"])
        self.choose = random.Random(seed)
        self.definitions: list[str] = []
        self.sent: dict[str, Any] = {}

    def document(self, name: str, field: Any) -> str:
        chosen = [each for each in field.args if self.choose.random() < 0.8]
        arguments = [
            f"{each}: {self.part(self.values.value(field.args[each].type), field.args[each].type)}" for each in chosen
        ]
        arguments += ["wrong: 1"] if self.choose.random() < 0.02 else []
        head = f"({', '.join(self.definitions)})" if self.definitions else ""
        return f"query {head} {{ {name}{'(' + ', '.join(arguments) + ')' if arguments else ''} }}"

    def part(self, value: Any, kind: Any) -> str:
        if self.choose.random() < 0.2:
            return self.variable(value, kind)
        inner = kind.of_type if is_non_null_type(kind) else kind
        if is_list_type(inner) and isinstance(value, list):
            return f"[{', '.join(self.part(each, inner.of_type) for each in value)}]"
        if is_input_object_type(inner) and isinstance(value, dict) and value.keys() <= inner.fields.keys():
            members = (f"{name}: {self.part(each, inner.fields[name].type)}" for name, each in value.items())
            return f"{{{', '.join(members)}}}"
        return value if is_enum_type(inner) and isinstance(value, str) and value else literal(value)

    def variable(self, value: Any, kind: Any) -> str:
        name = f"v{len(self.definitions)}"
        default = f" = {literal(value)}" if self.choose.random() < 0.2 and not is_enum_type(kind) else ""
        self.definitions.append(f"${name}: {kind}{default}")
        if self.choose.random() < 0.7:
            self.sent[name] = self.choose.choice([value, value, value, self.values.value(kind)])
        return f"${name}"


def literal(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {literal(each)}' for name, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return json.dumps(value)


def compared(schema: Any, field: Any, query: str, sent: dict[str, Any]) -> tuple[bool, bool]:
    """Compare both ways; whether the variables and the arguments were read without graphql-core."""
    operation = parse(query).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    node = operation.selection_set.selections[0]
    assert isinstance(node, FieldNode)
    usual: Any = get_variable_values(schema, operation.variable_definitions or (), dict(sent))
    values = variables_reader(schema, operation.variable_definitions or ())(sent)
    if values is not None:
        assert values.coerced == usual.coerced
        assert shown(values) == shown(usual)
    if isinstance(usual, list):
        return False, False
    read = arguments_reader(field, node)
    found = None if read is None else [read(usual) for _ in range(2)]
    if read is None or found is None or found[0] is None:
        return values is not None, False
    assert found == [get_argument_values(field, node, usual)] * 2
    return values is not None, True


def shown(values: Any) -> Any:
    """The values with their sources; a list type and a default are no equal objects."""
    return [
        (name, each.value, str(each.signature.type), each.signature.default is None, values.coerced.get(name))
        for name, each in values.sources.items()
    ]


@pytest.mark.parametrize("root", FIELDS)
def test_random_arguments_are_those_of_graphql_core(root: str) -> None:
    planned = []
    for (name, field), seed in product(FIELDS[root].items(), range(60)):
        writer = Writer(seed)
        query = writer.document(name, field)
        planned.append(compared(SCHEMA._schema, field, query, writer.sent)[1])

    assert sum(planned) > len(planned) / 3


CASES = [
    ("field", {}, False),
    ("field(either2: {number: 1})", {}, True),
    ("field(either2: {number: 1, text: null})", {}, False),
    ("field(either2: {number: $number})", {"number": 1}, True),
    ("field(either2: {number: $number})", {}, False),
    ("field(either2: {text: null})", {}, False),
    ("field(either2: {number: 1}, inner: {must: $number})", {"number": 1}, True),
    ("field(either2: {number: 1}, inner: {must: $number})", {"number": None}, False),
    ("field(either2: {number: 1}, inner: {must: $number})", {}, False),
    ("field(either2: {number: 1}, inner: {must: 1, leaf: $number})", {}, True),
    ("field(either2: {number: 1}, inner: {must: 1, wrong: $number})", {}, False),
    ("field(either2: {number: 1}, inner: {must: 1, list: {must: $number}})", {"number": 1}, True),
    ("field(either2: {number: 1}, inner: {must: 1, json: {a: [$number, 1], b: $number}})", {"number": 1}, True),
    ("field(either2: {number: 1}, number: $number)", {}, True),
    ("field(either2: {number: 1}, number: $number)", {"number": None}, False),
    ("field(either2: {number: 1}, list: 1, none: $number)", {}, True),
    ("field(either2: {number: 1}, list: [[1, $number], null])", {"number": 2}, True),
    ("field(either2: {number: 1}, list: [[1, $number], null])", {}, False),
    ("field(either2: {number: 1}, list: $list)", {"list": [1, [2]]}, True),
    ("field(either2: {number: 1}, list: $list)", {"list": "x"}, False),
    ("field(either2: {number: 1}, none: $other)", {}, True),
    ("field(either2: {number: 1}, none: $other)", {"other": 5}, True),
]


@pytest.mark.parametrize(("written", "sent", "is_planned"), CASES)
def test_edges_are_those_of_graphql_core(written: str, sent: dict[str, Any], is_planned: bool) -> None:
    schema = build_schema(OPTIONAL)
    assert schema.query_type is not None
    query = f"query ($number: Int, $list: [[Int!]], $other: Int = 9) {{ {written} }}"

    assert compared(schema, schema.query_type.fields["field"], query, sent)[1] == is_planned


def test_a_resolver_that_changes_what_it_got_changes_no_later_request() -> None:
    schema = build_schema(OPTIONAL)
    assert schema.query_type is not None
    field = schema.query_type.fields["field"]
    operation: Any = parse(
        "{ field(either2: {number: 1}, list: [[1]], inner: {must: 1, json: {b: [2]}}) }"
    ).definitions[0]
    read = arguments_reader(field, operation.selection_set.selections[0])
    values = variables_reader(schema, ())({})
    assert read is not None
    first = read(values)
    first["list"][0].append(2)
    first["inner"]["json"]["b"].append(3)

    assert read(values) == get_argument_values(field, operation.selection_set.selections[0], values)


def test_a_value_that_is_nested_too_deeply_is_left_to_graphql_core() -> None:
    deep: Any = {"must": 1}
    for _ in range(5_000):
        deep = {"must": 1, "other": deep}
    schema = build_schema(OPTIONAL)
    operation: Any = parse("query ($deep: Inner) { field }").definitions[0]

    assert variables_reader(schema, operation.variable_definitions)({"deep": deep}) is None
    usual: Any = get_variable_values(schema, operation.variable_definitions, {"deep": deep})
    assert [error.message for error in usual] == ["Variable values are nested too deeply."]


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-03-02T09:00", "soon"])
def test_a_time_that_is_no_instant_is_an_error_of_its_variable(at: str) -> None:
    operation: Any = parse("query ($from: DateTime) { processes(filter: {startedAt: {from: $from}}) { totalCount } }")
    definitions = operation.definitions[0].variable_definitions

    assert variables_reader(SCHEMA._schema, definitions)({"from": at}) is None
    usual: Any = get_variable_values(SCHEMA._schema, definitions, {"from": at})
    (error,) = usual
    assert str(error).startswith("Variable '$from' has invalid value")
