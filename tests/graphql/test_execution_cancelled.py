"""An operation is answered whatever its resolvers raise, and only its own cancellation ends it."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
import strawberry
from support.until import PATIENCE
from toy_face import RUNTIME

from orchestrator_gql.graphql.context import Context
from orchestrator_gql.graphql.documents import Kind
from orchestrator_gql.graphql.execution import Execution, ExecutionResponse
from orchestrator_gql.graphql.limits import default_extensions
from orchestrator_gql.graphql.masking import QuietSchema
from orchestrator_gql.graphql.subscriptions import EventExecutor
from orchestrator_gql.graphql.transport.request import GraphQLRequest
from orchestrator_gql.security import LOCAL_OPERATOR


@strawberry.type
class Query:
    @strawberry.field
    async def cancelled(self) -> str:
        raise asyncio.CancelledError

    @strawberry.field
    async def endless(self) -> str:
        await asyncio.Event().wait()
        return "never"


@strawberry.type
class Mutation:
    @strawberry.field
    async def cancelled(self) -> str:
        raise asyncio.CancelledError


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def cancelled(self) -> AsyncGenerator[str, None]:
        yield "one"
        raise asyncio.CancelledError

    @strawberry.subscription
    async def endless(self) -> AsyncGenerator[str, None]:
        yield "one"
        await asyncio.Event().wait()


SCHEMA = QuietSchema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    extensions=default_extensions(is_development=True),
    execution_context_class=EventExecutor,
)
EXECUTION = Execution(SCHEMA, is_development=True, timeout=PATIENCE)


async def responses(kind: Kind, field: str) -> list[ExecutionResponse]:
    request = GraphQLRequest(f"{kind.value} {{ {field} }}", {})
    return [response async for response in EXECUTION.responses(request, Context(RUNTIME, LOCAL_OPERATOR), kind=kind)]


@pytest.mark.parametrize("kind", list(Kind))
async def test_what_a_resolver_waits_for_may_be_cancelled_and_the_client_gets_an_error(kind: Kind) -> None:
    for _ in range(3):  # the second time, the document has a plan
        *before, last = await responses(kind, "cancelled")

        (error,) = last.payload["errors"]
        assert error["message"] == "Internal error"
        assert last.payload["data"] is None
        assert len(before) == (kind is Kind.SUBSCRIPTION)


@pytest.mark.parametrize("kind", [Kind.QUERY, Kind.SUBSCRIPTION])
async def test_an_operation_that_is_cancelled_ends(kind: Kind) -> None:
    for _ in range(3):
        task = asyncio.create_task(responses(kind, "endless"))
        for _ in range(20):
            await asyncio.sleep(0)
        task.cancel()
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait([task])

        assert task.cancelled()


async def test_an_operation_that_takes_too_long_gets_the_error_of_the_time() -> None:
    execution = Execution(SCHEMA, is_development=True, timeout=0.01)
    response = await execution.response(
        GraphQLRequest("{ endless }", {}), Context(RUNTIME, LOCAL_OPERATOR), kind=Kind.QUERY
    )

    (error,) = response.payload["errors"]
    assert error["extensions"]["code"] == "EXECUTION_TIMEOUT"
