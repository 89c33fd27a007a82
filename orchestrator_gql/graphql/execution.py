"""Execute a GraphQL request and produce its responses, for every transport."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import strawberry
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    located_error,
)
from strawberry.types import ExecutionResult

from orchestrator_gql.audit import origin
from orchestrator_gql.graphql import documents, masking
from orchestrator_gql.graphql.context import Context
from orchestrator_gql.graphql.documents import Kind
from orchestrator_gql.graphql.operation_plans import Result, extensions_of, plan_of
from orchestrator_gql.graphql.transport.request import GraphQLRequest
from orchestrator_gql.types import Json
from orchestrator_gql.utils.request_errors import ServerBusy
from orchestrator_gql.utils.shared_timers import TimeLimit


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


@dataclass(frozen=True, slots=True)
class Execution:
    """Executes operations of the schema; ``timeout`` is the longest time of a query or mutation, in seconds."""

    schema: strawberry.Schema
    is_development: bool
    timeout: float

    async def operation(
        self, request: GraphQLRequest, context: Context, kinds: Collection[Kind]
    ) -> OperationDefinitionNode:
        """The operation to execute. Raises `Refusal` if there is none or its kind is not in ``kinds``.

        Raises `ServerBusy` if too many unknown documents wait.
        """
        try:
            found = await documents.known_in_turn(
                request.query, is_stranger=request.is_stranger, queue=context.documents, client=context.client
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

    def compile(self, request: GraphQLRequest, context: Context) -> bool:
        """Make the executor of a valid operation, which notes in the context what it finds, and run nothing.

        False if the values of the variables do not fit.
        """
        document = documents.known(request.query, is_stranger=request.is_stranger).document
        executor = self.schema.execution_context_class
        assert executor is not None
        built = executor.build(
            self.schema._schema,
            document,
            context_value=context,
            raw_variable_values=dict(request.variables),
            operation_name=request.operation_name,
        )
        return not isinstance(built, list)

    async def response(self, request: GraphQLRequest, context: Context, *, kind: Kind) -> ExecutionResponse:
        """The response of a query or mutation. Raises nothing except cancellation."""
        try:
            with _acting(context), TimeLimit(self.timeout):
                result = await self._result(request, context)
            _finish(context, result)
            return self._response(result, kind, None)
        except TimeoutError:
            return _timed_out(self.timeout)
        except ServerBusy as busy:  # its document was parsed, and then waited for its validation
            return _busy(busy)
        except (Exception, asyncio.CancelledError) as error:
            return _failed(error)
        finally:
            _close(context)

    async def _result(self, request: GraphQLRequest, context: Context) -> Result:
        plan = plan_of(self.schema, request)
        if plan is not None:
            return await plan.result(request, context)
        async with aclosing(await self._stream(request, context)) as results:
            return await anext(results)

    async def _stream(self, request: GraphQLRequest, context: Context) -> AsyncGenerator[Any, None]:
        return await self.schema.stream(
            request.query,
            variable_values=dict(request.variables),
            context_value=context,
            operation_name=request.operation_name,
            operation_extensions=extensions_of(request),
        )

    async def responses(
        self, request: GraphQLRequest, context: Context, *, kind: Kind
    ) -> AsyncGenerator[ExecutionResponse, None]:
        """Every response of the operation; only a subscription has several. Raises nothing except cancellation."""
        if kind is not Kind.SUBSCRIPTION:
            yield await self.response(request, context, kind=kind)
            return
        weight = context.weight
        try:
            with _acting(context):
                results = await self._stream(request, context)
            async with aclosing(results):
                while (result := await _next_result(results, context)) is not None:
                    context.results += 1
                    _finish(context, result)
                    if weight.was_over and weight.may_be_divided:
                        continue  # the subscription sends the same events again, fewer at once
                    # A batch that failed has no cursor: a client that connects again must not skip its events.
                    cursor = context.cursor if result.data is not None else None
                    yield self._response(_with_places(result, request), kind, cursor)
        except ServerBusy as busy:
            yield _busy(busy)
        except (Exception, asyncio.CancelledError) as error:
            yield _failed(error)
        finally:
            _close(context)

    def _response(self, result: Result, kind: Kind, cursor: str | None) -> ExecutionResponse:
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


async def _next_result(results: AsyncGenerator[Any, None], context: Context) -> ExecutionResult | None:
    with _acting(context):
        return await anext(results, None)


def _with_places(result: Result, request: GraphQLRequest) -> Result:
    """The result of a subscription, whose source may have failed: graphql-core names no field in such an error."""
    for error in result.errors or ():
        if error.path is None and not masking.is_clients(error):
            root = _root_field(request)
            key = root.alias.value if root.alias else root.name.value
            return ExecutionResult(data=result.data, errors=[located_error(error, [root], [key])])
    return result


def _root_field(request: GraphQLRequest) -> FieldNode:
    """The one field at the root of a valid subscription, which may stand in fragments."""
    document = documents.known(request.query, is_stranger=request.is_stranger).document
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    found = documents.select(document, request.operation_name).selection_set.selections[0]
    while not isinstance(found, FieldNode):
        inner = fragments[found.name.value] if isinstance(found, FragmentSpreadNode) else found
        assert isinstance(inner, FragmentDefinitionNode | InlineFragmentNode), "a selection has no other kinds"
        found = inner.selection_set.selections[0]
    return found


def _acting(context: Context) -> origin.acting:
    """Audit entries of the operation have the address of the caller and the kind of its credential."""
    return origin.acting(context.peer, f"graphql/{context.principal.credential}")


def _finish(context: Context, result: Result) -> None:
    """Note that the operation has this result."""
    context.coroutines.close() if result.errors else context.coroutines.forget()
    context.weight.finish()


def _close(context: Context) -> None:
    context.coroutines.close()
    context.weight.close()


def _busy(busy: ServerBusy) -> ExecutionResponse:
    return ExecutionResponse({"errors": [masking.shown_to_client(busy)]}, was_executed=False, busy=busy)


def _failed(error: BaseException) -> ExecutionResponse:
    """The response to an unexpected error. Raises the error again if it is the cancellation of the operation.

    A resolver can also raise `CancelledError`: then something that it waited for was cancelled, and not the operation.
    """
    task = asyncio.current_task()
    if isinstance(error, asyncio.CancelledError) and (task is None or task.cancelling()):
        try:
            raise error
        finally:
            del error, task  # its traceback holds this frame
    return ExecutionResponse({"data": None, "errors": [masking.masked(error)]})


def _timed_out(seconds: float) -> ExecutionResponse:
    message = f"The operation took longer than {seconds:g} seconds."
    error = {"message": message, "extensions": {"code": "EXECUTION_TIMEOUT"}}
    return ExecutionResponse({"data": None, "errors": [error]})
