"""The executor of operations whose document is kept: it keeps the selected fields, and writes plain fields itself."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from graphql import GraphQLError, GraphQLObjectType

from orchestrator_gql.graphql.documents import Kind
from orchestrator_gql.graphql.plain_fields import Write, plain_writer
from orchestrator_gql.graphql.weighing_executor import WeighingExecutor, leaf_size
from orchestrator_gql.reads.weight import Weight

try:
    from graphql.execution.collect_fields import collect_fields
    from graphql.pyutils import Path, Undefined, gather_with_cancel
except ImportError:  # another release: `libraries` knows that it was not tested
    collect_fields = gather_with_cancel = Path = Undefined = None  # type: ignore[assignment,misc]

_LEFT = object()
"""A value that is left to graphql-core."""

Fields: TypeAlias = list[tuple[str, Any, Write | None]]
"""The names in the response, the details of graphql-core, and the writers of plain fields."""


@dataclass(slots=True)
class Collected:
    """The fields that an operation selects, as graphql-core collects them for each type of object.

    They are made when an object of the type is there. If there are more than ``most``, they are made for each request:
    a selection of an interface may have very many types.
    """

    most: int
    root: Any = None
    below: dict[Any, Any] = field(default_factory=dict)
    fields: dict[int, tuple[Any, Fields]] = field(default_factory=dict)
    _counted: int = 0

    def fields_of(self, kind: GraphQLObjectType, grouped: Any) -> Fields:
        """The fields of the object; graphql-core has grouped them by their names in the response."""
        found = self.fields.get(id(grouped))
        if found is None or found[0] is not grouped:
            fields = [(name, parts, plain_writer(kind, parts[0].node.name.value)) for name, parts in grouped.items()]
            found = self.fields[id(grouped)] = grouped, fields
        return found[1]

    def bound(self) -> None:
        """Keep nothing if there is too much. An execution that still uses the fields keeps its own references."""
        if len(self.fields) > len(self.below) + 1:  # an execution that began before has put its own there
            self.fields = {}
        if len(self.below) != self._counted:
            self._counted = len(self.below)
            if sum(len(collected.grouped_field_set) for _, collected in self.below.values()) > self.most:
                self.below, self.fields, self._counted = {}, {}, 0


class PlannedExecutor(WeighingExecutor):
    """Executes the fields as graphql-core does, and writes the values of plain fields without it.

    A plain value that its type refuses, or that makes the response too large, is left to graphql-core, which makes the
    error of it. A field with a resolver is always left to graphql-core.
    """

    _planned: Collected | None = None

    def execute_planned(self, collected: Collected | None) -> Any:
        """The result of the operation, or an awaitable of it; ``collected`` is what earlier executions collected."""
        if collected is None:
            self._planned = Collected(0)
            return self.execute_operation()
        self._planned, self._relevant_sub_fields = collected, collected.below
        root = self.schema.get_root_type(self.operation.operation)
        assert root is not None, "a valid operation has a root type"
        try:
            if collected.root is None:
                found = collect_fields(self.schema, self.fragments, self.variable_values, root, self.operation)
                collected.root = found.grouped_field_set
            is_mutation = self.operation.operation is Kind.MUTATION
            data: Any = self.execute_root_grouped_field_set(root, None, collected.root, is_mutation, None)
        except GraphQLError as error:
            return self._failed(error)
        return self._finished(data, collected) if self.is_awaitable(data) else self._completed(data, collected)

    async def _finished(self, data: Awaitable[dict[str, Any]], collected: Collected) -> Any:
        try:
            return self._completed(await data, collected)
        except GraphQLError as error:
            return self._failed(error)

    def _completed(self, data: dict[str, Any], collected: Collected) -> Any:
        collected.bound()
        return self.build_response(data)

    def _failed(self, error: GraphQLError) -> Any:
        self.collected_errors.add(error, None)
        return self.build_response(None)

    def execute_fields(self, parent_type: Any, source_value: Any, path: Any, grouped_field_set: Any, place: Any) -> Any:
        """Write the plain fields, and execute the others."""
        weight: Weight | None = getattr(self.context_value, "weight", None)
        if self._planned is None or weight is None or weight.is_over:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, place)
        results: dict[str, Any] = {}
        awaited: list[str] = []
        try:
            for name, details, write in self._planned.fields_of(parent_type, grouped_field_set):
                if write is not None and (written := _written(write, source_value, weight)) is not _LEFT:
                    results[name] = written
                    continue
                key = Path(path, name, parent_type.name)
                result = self.execute_field(parent_type, source_value, details, key, place)
                if result is not Undefined:
                    results[name] = result
                    if self.is_awaitable(result):
                        awaited.append(name)
        except Exception:
            if awaited:
                self.settle_in_background([results[name] for name in awaited])
            raise
        return _awaited(results, awaited) if awaited else results


def _written(write: Write, source: Any, weight: Weight) -> Any:
    """The value of a plain field; `_LEFT` if graphql-core must make an error of it."""
    try:
        value = write(source)
    except Exception:
        return _LEFT
    if value is not None:
        size = leaf_size(value)
        if weight.written + size > weight.limit:
            return _LEFT
        weight.written += size
    return value


async def _awaited(results: dict[str, Any], names: list[str]) -> dict[str, Any]:
    if len(names) == 1:
        results[names[0]] = await results[names[0]]
    else:
        found = await gather_with_cancel(*(results[name] for name in names))
        results.update(zip(names, found, strict=True))
    return results
