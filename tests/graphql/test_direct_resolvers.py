"""Methods that are called directly: equal to Strawberry's calls, and not called so where Strawberry does more."""

from enum import Enum
from typing import Any

import pytest
import strawberry
from graphql import GraphQLObjectType
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.relay import GlobalID
from strawberry.types import Info

from orchestrator_gql.graphql import libraries
from orchestrator_gql.graphql.direct_resolvers import call_directly
from orchestrator_gql.graphql.schema import build_schema

DIRECT = "_resolver.<locals>.resolve"


@strawberry.enum
class Colour(Enum):
    RED = "r"
    BLUE = "b"


@strawberry.input
class Where:
    first_name: str = "nobody"


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


def test_only_methods_without_conversions_are_called_directly() -> None:
    direct, usual = schemas()

    assert direct_fields(direct) == {f"Query.{name}" for name in ("plain", "later", "leaves", "one", "failing")}
    assert direct_fields(usual) == set()


def test_the_fields_that_a_poll_reads_are_called_directly() -> None:
    fields = direct_fields(build_schema())

    assert {"Query.process", "Process.openInputRequest", "InputRequest.form", "Process.steps"} <= fields
    assert "Mutation.startWorkflow" not in fields


@pytest.mark.parametrize("name", libraries.INSTALLED)
def test_other_libraries_keep_the_calls_of_strawberry(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(libraries.INSTALLED, name, "99.1")

    assert direct_fields(build_schema()) == set()
