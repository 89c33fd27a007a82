"""From what a client asked to the answers it gets, whatever carries them."""

import asyncio
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import GraphQLError, OperationDefinitionNode
from strawberry.types import ExecutionResult

from orchestrator_gql.graphql import documents, masking
from orchestrator_gql.graphql.documents import Kind
from orchestrator_gql.graphql.wire.asked import Asked
from orchestrator_gql.types import Json


@dataclass(frozen=True, slots=True)
class Answer:
    """One result; ``was_executed`` says whether any resolver ran, and is false of what the client must mend."""

    payload: dict[str, Json]
    was_executed: bool = True


class Refusal(Exception):
    """The request is refused before it is executed; ``kind`` is the operation's, where one was found."""

    def __init__(self, answer: Answer, kind: Kind | None = None) -> None:
        self.answer = answer
        self.kind = kind
        super().__init__()


@dataclass(frozen=True, slots=True)
class Execution:
    """The schema at work; ``timeout`` bounds a query or mutation, in seconds."""

    schema: strawberry.Schema
    is_development: bool
    timeout: float

    def operation(self, asked: Asked, kinds: Collection[Kind]) -> OperationDefinitionNode:
        """The operation that is meant; raises `Refusal` where there is none, or none that this door carries."""
        try:
            operation = documents.select(documents.parse(asked.query), asked.operation_name)
        except GraphQLError as error:
            raise Refusal(self._refused([error])) from None
        kind = operation.operation
        if kind not in kinds:
            message = f"A {kind.value} cannot be sent this way."
            refused = GraphQLError(message, operation, extensions={"code": "OPERATION_NOT_ALLOWED"})
            raise Refusal(self._refused([refused]), kind)
        return operation

    async def answers(self, asked: Asked, context: object, *, kind: Kind) -> AsyncGenerator[Answer, None]:
        """Every answer to the operation: one, or as many as a subscription has. Nothing is raised but cancellation."""
        limit = None if kind is Kind.SUBSCRIPTION else self.timeout
        try:
            results = await self.schema.stream(
                asked.query,
                variable_values=dict(asked.variables),
                context_value=context,
                operation_name=asked.operation_name,
            )
            async with aclosing(results):
                while (result := await _following(results, limit)) is not None:
                    yield self._answer(result)
        except TimeoutError:
            yield _timed_out(self.timeout)
        except Exception as error:
            yield Answer({"data": None, "errors": [masking.masked(error)]})

    def _answer(self, result: ExecutionResult) -> Answer:
        errors = result.errors or []
        if errors and result.data is None and all(map(masking.is_clients, errors)):
            return self._refused(errors)
        shown: dict[str, Json] = {"errors": masking.execution_errors(errors)} if errors else {}
        return Answer({"data": result.data, **shown})

    def _refused(self, errors: list[GraphQLError]) -> Answer:
        shown = masking.request_errors(errors, is_development=self.is_development)
        return Answer({"errors": shown}, was_executed=False)


async def _following(results: AsyncGenerator[Any, None], limit: float | None) -> ExecutionResult | None:
    async with asyncio.timeout(limit):
        return await anext(results, None)


def _timed_out(seconds: float) -> Answer:
    message = f"The operation took longer than {seconds:g} seconds."
    error = {"message": message, "extensions": {"code": "EXECUTION_TIMEOUT"}}
    return Answer({"data": None, "errors": [error]})
