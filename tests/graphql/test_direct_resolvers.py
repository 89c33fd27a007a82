"""Methods that are called directly: equal to Strawberry's calls, and not called so where Strawberry does more."""

from enum import Enum
from itertools import product
from typing import Any

import pytest
import strawberry
from graphql import GraphQLObjectType, Undefined
from graphql.utilities import coerce_input_value
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.relay import GlobalID
from strawberry.types import Info
from strawberry.types.arguments import convert_argument
from test_operation_plans_variables import Values

from orchestrator_gql.graphql import libraries
from orchestrator_gql.graphql.direct_resolvers import call_directly
from orchestrator_gql.graphql.input_values import converter
from orchestrator_gql.graphql.schema import build_schema

DIRECT = "_resolver.<locals>.resolve"


@strawberry.enum
class Colour(Enum):
    RED = "r"
    BLUE = "b"


@strawberry.input
class Where:
    first_name: str = "nobody"


@strawberry.input
class Whole:
    id: strawberry.ID
    no_default: int | None
    number: int = strawberry.field(default=3, name="count")
    tags: list[str | None] = strawberry.field(default_factory=list)
    where: Where | None = None
    several: list[Where | None] | None = None
    below: "Whole | None" = None
    colour: Colour = Colour.BLUE


@strawberry.input
class Perhaps:
    number: strawberry.Maybe[int]


@strawberry.input(one_of=True)
class Either:
    number: int | None = strawberry.UNSET
    text: str | None = strawberry.UNSET


class Shout(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: Info, **arguments: Any) -> Any:
        return str(next_(source, info, **arguments)).upper()


class Never(BasePermission):
    message = "Never."

    def has_permission(self, source: Any, info: Info, **arguments: Any) -> bool:
        return False


@strawberry.type
class Query:
    @strawberry.field
    def plain(self) -> str:
        return f"self is {self}"

    @strawberry.field
    async def later(self, info: Info, some_number: int = 3) -> str:
        return f"{info.field_name} {info.path.key} {info.python_name} {some_number!r} {info.context}"

    @strawberry.field
    def leaves(self, text: str | None, ids: list[strawberry.ID] | None = None, colours: list[Colour] = []) -> str:  # noqa: B006
        colours.append(Colour.RED)  # a default is the same list for all requests: a method must get its own
        return f"{text!r} {ids!r} {colours!r}"

    @strawberry.field
    def colour(self, some: Colour = Colour.BLUE, other: strawberry.Maybe[int] = None) -> Colour:
        assert other is None
        return some

    @strawberry.field
    def one(self, some: Colour = Colour.BLUE) -> Colour:
        return some

    @strawberry.field
    def maybe(self, other: strawberry.Maybe[int | None] = None) -> str:
        return repr(other)

    @strawberry.field
    def where(self, where: Where, several: list[Where] = []) -> str:  # noqa: B006
        return f"{where!r} {several!r}"

    @strawberry.field
    async def whole(self, whole: Whole, several: list[list[Whole]] | None = None) -> str:
        whole.tags.append("a default is made for each request")
        return f"{whole!r} {several!r}"

    @strawberry.field
    def perhaps(self, perhaps: Perhaps) -> str:
        return repr(perhaps)

    @strawberry.field
    def either(self, either: Either) -> str:
        return repr(either)

    @strawberry.field
    def table(self, rows: list[list[int]]) -> str:
        return repr(rows)

    @strawberry.field
    def global_id(self, id: GlobalID) -> str:
        return repr(id)

    @strawberry.field(extensions=[Shout()])  # type: ignore[untyped-decorator]
    def shouted(self, text: str = "quiet") -> str:
        return text

    @strawberry.field(permission_classes=[Never])  # type: ignore[untyped-decorator]
    def forbidden(self) -> str | None:
        return "seen"

    @strawberry.field
    def failing(self, text: str) -> str | None:
        raise ValueError(text)

    @strawberry.field
    def rooted(root: Any, info: Info) -> str:
        return repr(root)


def schemas() -> tuple[strawberry.Schema, strawberry.Schema]:
    direct, usual = strawberry.Schema(query=Query), strawberry.Schema(query=Query)
    call_directly(direct)
    return direct, usual


def direct_fields(schema: strawberry.Schema) -> set[str]:
    return {
        f"{kind.name}.{name}"
        for kind in schema._schema.type_map.values()
        if isinstance(kind, GraphQLObjectType)
        for name, field in kind.fields.items()
        if getattr(getattr(field.resolve, "__wrapped__", field.resolve), "__qualname__", "") == DIRECT
    }


@pytest.mark.parametrize(
    "query",
    [
        "{ plain other: plain }",
        "{ later four: later(someNumber: 4) }",
        '{ leaves(text: null) again: leaves(text: "x", ids: [1, "b"], colours: [BLUE]) third: leaves(text: "y") }',
        "{ colour some: colour(some: RED) one red: one(some: RED) }",
        "{ maybe some: maybe(other: 4) none: maybe(other: null) }",
        '{ where(where: {}) some: where(where: {firstName: "a"}, several: [{firstName: "b"}]) }',
        '{ whole(whole: {id: 7}) some: whole(whole: {id: "a", count: 1, tags: ["x", null], colour: RED}) }',
        "{ whole(whole: {id: 1, noDefault: null, where: null, several: [{}, null], below: {id: 2, where: {}}}) }",
        "{ whole(whole: {id: 1}, several: [[{id: 2}], [{id: 3, below: {id: 4}}]]) wrong: whole(whole: {}) }",
        "{ perhaps(perhaps: {}) some: perhaps(perhaps: {number: 4}) }",
        '{ either(either: {number: 1}) text: either(either: {text: "a"}) }',
        "{ table(rows: [[1], [2, 3]]) single: table(rows: 5) }",
        '{ globalId(id: "UXVlcnk6MQ==") }',
        "{ shouted forbidden rooted }",
        '{ failing(text: "wrong") plain }',
    ],
)
async def test_a_method_gets_what_strawberry_gives_it(query: str) -> None:
    direct, usual = schemas()
    for _ in range(2):
        results = [await schema.execute(query, context_value="context") for schema in (direct, usual)]

        assert results[0].data == results[1].data
        assert [str(error) for error in results[0].errors or ()] == [str(error) for error in results[1].errors or ()]


def test_a_method_whose_values_only_strawberry_can_make_is_not_called_directly() -> None:
    direct, usual = schemas()
    kept = {"colour", "maybe", "perhaps", "globalId", "shouted", "forbidden", "rooted"}
    query: Any = direct._schema.query_type

    assert direct_fields(direct) == {f"Query.{name}" for name in query.fields if name not in kept}
    assert direct_fields(usual) == set()


def test_the_fields_that_a_poll_reads_are_called_directly() -> None:
    fields = direct_fields(build_schema())

    assert {"Query.process", "Process.openInputRequest", "InputRequest.form", "Process.steps"} <= fields


def test_every_mutation_is_called_directly() -> None:
    schema = build_schema()
    mutations: Any = schema._schema.mutation_type

    assert {f"Mutation.{name}" for name in mutations.fields} <= direct_fields(schema)


@pytest.mark.parametrize("root", ["query_type", "mutation_type", "subscription_type"])
def test_random_values_become_what_strawberry_makes_of_them(root: str) -> None:
    schema = build_schema()
    names, scalars = schema.config.name_converter, schema.schema_converter.scalar_registry
    compared = 0
    for field in getattr(schema._schema, root).fields.values():
        definition = field.extensions["strawberry-definition"]
        for argument, seed in product(definition.arguments, range(30)):
            name = names.from_argument(argument)
            value = coerce_input_value(Values(seed, ["7"]).value(field.args[name].type), field.args[name].type)
            if value is None or value is Undefined:
                continue
            convert = converter(names, field.args[name].type)
            usual = convert_argument(value, argument.type, scalars, schema.config)
            assert (value if convert is None else convert(value)) == usual
            compared += 1

    assert compared > 20


@pytest.mark.parametrize("name", libraries.INSTALLED)
def test_other_libraries_keep_the_calls_of_strawberry(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(libraries.INSTALLED, name, "99.1")

    assert direct_fields(build_schema()) == set()
