"""The executor of graphql-core, which counts what it writes and shares the event loop during large operations."""

from collections.abc import Callable
from functools import partial
from typing import Any

from graphql import GraphQLLeafType, get_named_type, is_leaf_type
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from orchestrator_gql.graphql.context import Context
from orchestrator_gql.graphql.documents import Kind
from orchestrator_gql.graphql.slow_lane import Pace
from orchestrator_gql.utils import json

LEAF_BYTES = 24
"""The bytes that a value adds to the response besides its text: its name, its quotes, its part of the braces."""


class WeighingExecutor(StrawberryGraphQLCoreExecutionContext):
    """Count each value as it is written into the response; a query writes no more values after the limit.

    The response of a query over the limit is dropped, so its remaining values may be anything that costs nothing. A
    mutation still reports what it has done, as far as the limit allows.
    """

    context_value: Context

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.is_awaitable = self.context_value.coroutines.noting(self.is_awaitable)  # type: ignore[assignment]

    def complete_leaf_value(self, return_type: GraphQLLeafType, result: Any) -> Any:  # type: ignore[override]
        """Write the value and count it."""
        weight = self.context_value.weight
        if weight.is_over and self.operation.operation is not Kind.MUTATION:
            return ""
        written = super().complete_leaf_value(return_type, result)
        weight.write(leaf_size(written))
        return written

    def complete_iterable_value(
        self, item_type: Any, details: Any, info: Any, path: Any, items: Any, place: Any
    ) -> Any:
        """Write the items, in the next slice if the operation is large, or none after the limit."""
        if self.context_value.weight.is_over and self.operation.operation is not Kind.MUTATION:
            items = ()
        pace = self.context_value.pace
        if not items or is_leaf_type(get_named_type(item_type)) or pace.may_go_on():
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
        pace = self.context_value.pace
        if pace.may_go_on():
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
            self.async_helpers = NO_HELPERS
            self.collected_errors = type(self.collected_errors)()
        return response

    async def _later(self, pace: Pace, complete: Callable[[], Any]) -> Any:
        # If the client has left, the resolvers that began must end: their reads are refused from now on.
        completed = await pace.later(complete, lambda dropped: self.track_async_work([dropped]))
        return await completed if self.is_awaitable(completed) else completed


NO_HELPERS: Any = None
"""Of an executor that executes nothing more, or nothing yet."""


def leaf_size(value: object) -> int:
    """The bytes that the value of a field adds to the response."""
    return LEAF_BYTES + _size(value)


def _size(value: object) -> int:
    if isinstance(value, str):
        return len(value)
    return len(json.encode(value)) if isinstance(value, dict | list) else 0
