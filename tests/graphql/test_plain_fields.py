"""A plain field is written as graphql-core writes it, whatever value its object has."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from itertools import product
from typing import Any
from uuid import UUID

import pytest
import strawberry
from graphql import Undefined, get_named_type, is_leaf_type
from toy_face import RUNTIME

from orchestrator_gql.graphql import documents
from orchestrator_gql.graphql.context import Context
from orchestrator_gql.graphql.execution import Execution
from orchestrator_gql.graphql.limits import default_extensions
from orchestrator_gql.graphql.masking import QuietSchema
from orchestrator_gql.graphql.plain_fields import plain_writer
from orchestrator_gql.graphql.planned_executor import PlannedExecutor
from orchestrator_gql.graphql.transport.request import GraphQLRequest
from orchestrator_gql.graphql.weighing_executor import WeighingExecutor
from orchestrator_gql.reads.weight import Places, Weight
from orchestrator_gql.security import LOCAL_OPERATOR


@strawberry.enum
class Colour(Enum):
    RED = "r"


@strawberry.type
class Thing:
    text: str
    id: strawberry.ID
    whole: int
    real: float
    flag: bool
    uuid: UUID
    day: date
    moment: datetime
    price: Decimal
    colour: Colour
    text_or_null: str | None
    uuid_or_null: UUID | None
    colour_or_null: Colour | None
    price_or_null: Decimal | None


FIELDS = [field.python_name for field in Thing.__strawberry_definition__.fields]  # type: ignore[attr-defined]

VALUES: list[Any] = [
    None,
    Undefined,
    strawberry.UNSET,
    ValueError("a value that is an error"),
    "",
    "text",
    "\ud800",
    0,
    -1,
    2**31,
    2**70,
    1.0,
    1.5,
    float("nan"),
    float("inf"),
    True,
    [],
    ["a"],
    {"a": 1},
    Colour.RED,
    "RED",
    UUID(int=7),
    date(2026, 1, 1),
    datetime(2026, 1, 1, tzinfo=UTC),
    Decimal("1.50"),
    object,
]


def thing(value: Any) -> Thing:
    """An object whose fields all have the value."""
    made: Thing = object.__new__(Thing)
    for field in FIELDS:
        setattr(made, field, value)
    return made


@strawberry.type
class Query:
    @strawberry.field
    def thing(self, number: int) -> Thing | None:
        return thing(VALUES[number])

    @strawberry.field
    def things(self, number: int) -> list[Thing | None]:
        return [thing("ok"), thing(VALUES[number])]

    @strawberry.field
    async def strict(self, number: int) -> list[Thing]:
        return [thing(VALUES[number])]


def execution(executor: type) -> Execution:
    schema = QuietSchema(
        query=Query, extensions=default_extensions(is_development=True), execution_context_class=executor
    )
    return Execution(schema, is_development=True, timeout=30)


ALONE, PLANNED = execution(WeighingExecutor), execution(PlannedExecutor)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """A memory without the documents of other tests."""
    documents.MEMORY.clear()
    yield
    documents.MEMORY.clear()


async def result(execution: Execution, query: str, number: int, limit: int) -> str:
    """The result before its errors are masked."""
    context = Context(RUNTIME, LOCAL_OPERATOR)
    context.weight = Weight(limit, Places())
    found = await execution._result(GraphQLRequest(query, {"number": number}), context)
    return repr((found.data, [(error.message, error.path, error.locations) for error in found.errors or ()]))


@pytest.mark.parametrize("field", FIELDS)
async def test_every_value_of_every_type_is_written_as_graphql_core_writes_it(field: str) -> None:
    name = PLANNED.schema.config.name_converter.apply_naming_config(field)
    query = f"""query ($number: Int!) {{ thing(number: $number) {{ a: {name} __typename }}
      things(number: $number) {{ b: {name} }} strict(number: $number) {{ c: {name} d: {name} }} }}"""
    for number, limit in product(range(len(VALUES)), (10_000, 60)):
        alone = await result(ALONE, query, number, limit)
        for _ in range(2):  # the first request is validated
            assert await result(PLANNED, query, number, limit) == alone, VALUES[number]

    known = documents.find(query, is_stranger=False)
    assert known is not None
    assert any(plan.schema is PLANNED.schema for plan in known.plans.values())


def test_all_these_fields_are_plain() -> None:
    kind: Any = PLANNED.schema._schema.type_map["Thing"]

    assert all(is_leaf_type(get_named_type(field.type)) for field in kind.fields.values())
    assert all(plain_writer(kind, name) is not None for name in (*kind.fields, "__typename"))


async def test_a_plan_serves_several_requests_at_once_and_keeps_nothing_of_them() -> None:
    query = "query ($number: Int!) { strict(number: $number) { text } things(number: $number) { id whole } }"
    numbers = list(range(len(VALUES)))
    alone = [await result(ALONE, query, number, 10_000) for number in numbers]
    await result(PLANNED, query, 0, 10_000)

    tasks = [asyncio.create_task(result(PLANNED, query, number, 10_000)) for number in numbers]
    await asyncio.sleep(0)
    documents.MEMORY.clear()  # the plan is dropped while it is used

    assert await asyncio.gather(*tasks) == alone
