"""Execute a GraphQL request and produce its responses, for every transport."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import AbstractContextManager, aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import strawberry
from graphql import GraphQLError, GraphQLLeafType, OperationDefinitionNode, get_named_type, is_leaf_type
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionResult

from orchestrator_gql.audit import origin
from orchestrator_gql.graphql import documents, masking
from orchestrator_gql.graphql.coroutines import Coroutines
from orchestrator_gql.graphql.documents import Kind
from orchestrator_gql.graphql.slow_lane import Pace
from orchestrator_gql.graphql.transport.request import GraphQLRequest
from orchestrator_gql.reads.weight import Weight
from orchestrator_gql.security import NOBODY, Principal
from orchestrator_gql.types import Json
from orchestrator_gql.utils import json
from orchestrator_gql.utils.errors import ServerBusy

LEAF_BYTES = 24
"""The bytes that a value adds to the response besides its text: its name, its quotes, its part of the braces."""


@dataclass(frozen=True, slots=True)
class ExecutionResponse:
    """One response; ``was_executed`` is false if no resolver ran because the client must correct the request.

    ``busy`` is the error if no resolver ran because too many unknown documents wait: the client sends it again.
    ``cursor`` is the position of the subscription after this response, whatever fields and aliases the client selects.
    """

    payload: dict[str, Json]
    was_executed: bool = True
    cursor: str | None = None
    busy: ServerBusy | None = None

    def let_go(self) -> None:
        """Empty the payload after it is encoded: otherwise the generators keep it in memory until it is sent."""
        if isinstance(data := self.payload.pop("data", None), dict):
            data.clear()


@dataclass(frozen=True, slots=True, eq=False)
class SharedResponse:
    """A response that is encoded once for many subscribers.

    ``data`` is the payload as JSON text, ``cursor`` that of the response, ``begin`` the position of the subscription
    before it, and ``end`` the position behind it, even if the response is an error. ``encoded`` keeps what the
    transports make of it.
    """

    data: bytes
    cursor: str | None
    begin: str
    end: str
    encoded: dict[str, bytes] = field(default_factory=dict)


Response: TypeAlias = ExecutionResponse | SharedResponse

WriteNow: TypeAlias = Callable[[SharedResponse], bool]
"""Writes a response at once, without waiting; false if the client has not taken what was written before."""


class Refusal(Exception):
    """The request is refused before its execution; ``kind`` is the kind of the operation, None if it has none."""

    def __init__(self, response: ExecutionResponse, kind: Kind | None = None) -> None:
        self.response = response
        self.kind = kind
        super().__init__()


class WeighingExecutor(StrawberryGraphQLCoreExecutionContext):
    """Count each value as it is written into the response; a query writes no more values after the limit.

    The response of a query over the limit is dropped, so its remaining values may be anything that costs nothing. A
    mutation still reports what it has done, as far as the limit allows.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        coroutines: Coroutines | None = getattr(self.context_value, "coroutines", None)
        if coroutines is not None:
            self.is_awaitable = coroutines.noting(self.is_awaitable)  # type: ignore[assignment]

    def complete_leaf_value(self, return_type: GraphQLLeafType, result: Any) -> Any:  # type: ignore[override]
        """Write the value and count it."""
        weight: Weight | None = getattr(self.context_value, "weight", None)
        if weight is None:
            return super().complete_leaf_value(return_type, result)
        if weight.is_over and self.operation.operation is not Kind.MUTATION:
            return ""
        written = super().complete_leaf_value(return_type, result)
        weight.write(leaf_size(written))
        return written

    def complete_iterable_value(
        self, item_type: Any, details: Any, info: Any, path: Any, items: Any, place: Any
    ) -> Any:
        """Write the items, in the next slice if the operation is large, or none after the limit."""
        weight: Weight | None = getattr(self.context_value, "weight", None)
        if weight is not None and weight.is_over and self.operation.operation is not Kind.MUTATION:
            items = ()
        pace: Pace | None = getattr(self.context_value, "pace", None)
        if pace is None or not items or is_leaf_type(get_named_type(item_type)) or pace.may_go_on():
            return super().complete_iterable_value(item_type, details, info, path, items, place)
        complete = super().complete_iterable_value
        return self._later(pace, partial(complete, item_type, details, info, path, items, place))

    def complete_list_item_value(self, item: Any, complete_results: list[Any], *arguments: Any) -> bool:
        """Complete an item, and note its coroutine: graphql-core puts it into the list without a test."""
        is_later = super().complete_list_item_value(item, complete_results, *arguments)
        return is_later and self.is_awaitable(complete_results[-1])

    def complete_awaitable_list_item_value(self, *arguments: Any) -> Any:
        """The same for an item that is awaited itself."""
        completing = super().complete_awaitable_list_item_value(*arguments)
        self.is_awaitable(completing)
        return completing

    def collect_and_execute_subfields(self, return_type: Any, details: Any, path: Any, result: Any, place: Any) -> Any:
        """Complete an object now, or in the next slice if the operation is large."""
        pace: Pace | None = getattr(self.context_value, "pace", None)
        if pace is None or pace.may_go_on():
            return super().collect_and_execute_subfields(return_type, details, path, result, place)
        complete = super().collect_and_execute_subfields
        return self._later(pace, partial(complete, return_type, details, path, result, place))

    def build_response(self, data: dict[str, Any] | None) -> Any:
        """Build the response, and let go of the helpers and the errors, unless resolvers still run.

        Both hold the executor that holds them, with the context and all values, until the garbage collector looks for
        such circles.
        """
        response = super().build_response(data)
        if not self.background_futures:
            self.async_helpers = _NO_HELPERS
            self.collected_errors = type(self.collected_errors)()
        return response

    async def _later(self, pace: Pace, complete: Callable[[], Any]) -> Any:
        # If the client has left, the resolvers that began must end: their reads are refused from now on.
        completed = await pace.later(complete, lambda dropped: self.track_async_work([dropped]))
        return await completed if self.is_awaitable(completed) else completed


_NO_HELPERS: Any = None


def leaf_size(value: object) -> int:
    """The bytes that the value of a field adds to the response."""
    return LEAF_BYTES + _size(value)


def _size(value: object) -> int:
    if isinstance(value, str):
        return len(value)
    return len(json.encode(value)) if isinstance(value, dict | list) else 0


@dataclass(frozen=True, slots=True)
class Execution:
    """Executes operations of the schema; ``timeout`` is the longest time of a query or mutation, in seconds."""

    schema: strawberry.Schema
    is_development: bool
    timeout: float

    async def operation(
        self, request: GraphQLRequest, context: object, kinds: Collection[Kind]
    ) -> OperationDefinitionNode:
        """The operation to execute. Raises `Refusal` if there is none or its kind is not in ``kinds``.

        Raises `ServerBusy` if too many unknown documents wait.
        """
        queue, client = documents.queue_of(context)
        try:
            if queue is None:
                found = documents.known(request.query, is_stranger=request.is_stranger)
            else:
                is_stranger = request.is_stranger
                found = await documents.known_in_turn(
                    request.query, is_stranger=is_stranger, queue=queue, client=client
                )
            operation = documents.select(found.document, request.operation_name)
        except GraphQLError as error:
            raise Refusal(self._refused([error])) from None
        kind = operation.operation
        if kind not in kinds:
            message = f"A {kind.value} cannot be sent this way."
            if kind is Kind.SUBSCRIPTION:
                message = "A subscription needs a WebSocket, or HTTP with the header `Accept: text/event-stream`."
            refused = GraphQLError(message, operation, extensions={"code": "OPERATION_NOT_ALLOWED"})
            raise Refusal(self._refused([refused]), kind)
        return operation

    def compile(self, request: GraphQLRequest, context: object) -> None:
        """Make the executor of a valid operation, which notes in the context what it finds, and run nothing."""
        document = documents.known(request.query, is_stranger=request.is_stranger).document
        executor = self.schema.execution_context_class
        assert executor is not None
        executor.build(
            self.schema._schema,
            document,
            context_value=context,
            raw_variable_values=dict(request.variables),
            operation_name=request.operation_name,
        )

    async def responses(
        self, request: GraphQLRequest, context: object, *, kind: Kind
    ) -> AsyncGenerator[ExecutionResponse, None]:
        """Every response of the operation; only a subscription has several. Raises nothing except cancellation."""
        limit = None if kind is Kind.SUBSCRIPTION else self.timeout
        weight: Weight | None = getattr(context, "weight", None)
        coroutines: Coroutines | None = getattr(context, "coroutines", None)
        counts = hasattr(context, "results")
        try:
            with _acting(context):
                results = await self.schema.stream(
                    request.query,
                    variable_values=dict(request.variables),
                    context_value=context,
                    operation_name=request.operation_name,
                    operation_extensions={documents.STRANGER: True} if request.is_stranger else None,
                )
            async with aclosing(results):
                while (result := await _next_result(results, limit, context)) is not None:
                    if counts:
                        context.results += 1  # type: ignore[attr-defined]
                    if coroutines is not None:
                        coroutines.close() if result.errors else coroutines.forget()
                    if weight is not None:
                        weight.finish()
                        if weight.was_over and weight.may_be_divided:
                            continue  # the subscription sends the same events again, fewer at once
                    # A batch that failed has no cursor: a client that connects again must not skip its events.
                    cursor = getattr(context, "cursor", None) if result.data is not None else None
                    yield self._response(result, kind, cursor)
        except TimeoutError:
            yield _timed_out(self.timeout)
        except ServerBusy as busy:  # its document was parsed, and then waited for its validation
            yield ExecutionResponse({"errors": [masking.shown_to_client(busy)]}, was_executed=False, busy=busy)
        except Exception as error:
            yield ExecutionResponse({"data": None, "errors": [masking.masked(error)]})
        finally:
            if coroutines is not None:
                coroutines.close()
            if weight is not None:
                weight.close()

    def _response(self, result: ExecutionResult, kind: Kind, cursor: str | None) -> ExecutionResponse:
        if not result.errors:
            return ExecutionResponse({"data": result.data}, cursor=cursor)
        errors = result.errors
        if result.data is None and all(map(masking.is_clients, errors)):
            return self._refused(errors)
        too_large = next(filter(masking.is_too_large, errors), None)
        if too_large is not None and kind is not Kind.MUTATION:
            return ExecutionResponse({"data": None, "errors": masking.execution_errors([too_large])}, cursor=cursor)
        # One error about the size is enough. The data and the other errors of a mutation stay.
        errors = [error for error in errors if error is too_large or not masking.is_too_large(error)]
        errors_shown: dict[str, Json] = {"errors": masking.execution_errors(errors)} if errors else {}
        return ExecutionResponse({"data": result.data, **errors_shown}, cursor=cursor)

    def _refused(self, errors: list[GraphQLError]) -> ExecutionResponse:
        errors_shown = masking.request_errors(errors, is_development=self.is_development)
        return ExecutionResponse({"errors": errors_shown}, was_executed=False)


async def _next_result(
    results: AsyncGenerator[Any, None], limit: float | None, context: object
) -> ExecutionResult | None:
    with _acting(context):
        if limit is None:
            return await anext(results, None)
        async with asyncio.timeout(limit):
            return await anext(results, None)


def _acting(context: object) -> AbstractContextManager[None]:
    """Audit entries of the operation have the address of the caller and the kind of its credential."""
    principal: Principal = getattr(context, "principal", NOBODY)
    return origin.acting(getattr(context, "peer", None), f"graphql/{principal.credential}")


def _timed_out(seconds: float) -> ExecutionResponse:
    message = f"The operation took longer than {seconds:g} seconds."
    error = {"message": message, "extensions": {"code": "EXECUTION_TIMEOUT"}}
    return ExecutionResponse({"data": None, "errors": [error]})
