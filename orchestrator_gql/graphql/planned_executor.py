"""The executor of operations whose document is kept: it keeps the selected fields, and writes plain fields itself.

A field with a resolver is executed as graphql-core executes it, without the questions whose answers are the same in
each request: which field, which types, which arguments are literals.
"""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from graphql import FieldNode, GraphQLError, GraphQLField, GraphQLNonNull, GraphQLObjectType, GraphQLSchema

from orchestrator_gql.graphql.documents import Kind
from orchestrator_gql.graphql.plain_fields import Write, plain_writer
from orchestrator_gql.graphql.planned_values import Read, arguments_reader
from orchestrator_gql.graphql.weighing_executor import WeighingExecutor, leaf_size
from orchestrator_gql.reads.weight import Weight

try:
    from graphql.execution.collect_fields import collect_fields
    from graphql.execution.values import get_argument_values
    from graphql.pyutils import Path, Undefined, gather_with_cancel
except ImportError:  # another release: `libraries` knows that it was not tested
    collect_fields = get_argument_values = gather_with_cancel = Path = Undefined = None  # type: ignore[assignment,misc]

_LEFT = object()
"""A value that is left to graphql-core."""


@dataclass(frozen=True, slots=True)
class PlannedField:
    """A field of the schema with its nodes; ``arguments`` reads its arguments, None if graphql-core must read them."""

    name: str
    nodes: list[FieldNode]
    field: GraphQLField
    arguments: Read | None


Fields: TypeAlias = list[tuple[str, Any, Write | None, PlannedField | None]]
"""The names in the response, the details of graphql-core, the writers of plain fields, and what is known of others."""


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

    def fields_of(self, schema: GraphQLSchema, kind: GraphQLObjectType, grouped: Any) -> Fields:
        """The fields of the object; graphql-core has grouped them by their names in the response."""
        found = self.fields.get(id(grouped))
        if found is None or found[0] is not grouped:
            fields = [
                (name, parts, plain_writer(kind, parts[0].node.name.value), _planned_field(schema, kind, parts))
                for name, parts in grouped.items()
            ]
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


def _planned_field(schema: GraphQLSchema, kind: GraphQLObjectType, parts: Any) -> PlannedField | None:
    node = parts[0].node
    field = schema.get_field(kind, node.name.value)
    if field is None or field.resolve is None:
        return None
    return PlannedField(node.name.value, [each.node for each in parts], field, arguments_reader(field, node))


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
        weight: Weight = self.context_value.weight
        if self._planned is None or weight.is_over:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, place)
        results: dict[str, Any] = {}
        awaited: list[str] = []
        try:
            for name, details, write, planned in self._planned.fields_of(self.schema, parent_type, grouped_field_set):
                if write is not None and (written := _written(write, source_value, weight)) is not _LEFT:
                    results[name] = written
                    continue
                key = Path(path, name, parent_type.name)
                if planned is None:
                    result = self.execute_field(parent_type, source_value, details, key, place)
                else:
                    result = self._execute(planned, parent_type, source_value, details, key, place)
                if result is not Undefined:
                    results[name] = result
                    if type(result) is not dict and self.is_awaitable(result):
                        awaited.append(name)
        except Exception:
            if awaited:
                self.settle_in_background([results[name] for name in awaited])
            raise
        return _awaited(results, awaited) if awaited else results

    def execute_field(self, parent_type: Any, source: Any, details: Any, path: Any, place: Any) -> Any:
        """Execute a root field of a mutation, for which graphql-core calls this method, or any other field."""
        if self._planned is not None and path.prev is None:
            for _, parts, _, planned in self._planned.fields_of(self.schema, parent_type, self._planned.root):
                if parts is details and planned is not None:
                    return self._execute(planned, parent_type, source, details, path, place)
        return super().execute_field(parent_type, source, details, path, place)

    def _execute(self, planned: PlannedField, kind: Any, source: Any, details: Any, path: Any, place: Any) -> Any:
        """As `execute_field`."""
        field = planned.field
        info = self.build_resolve_info(field, planned.nodes, kind, path)
        try:
            arguments = None if planned.arguments is None else planned.arguments(self.variable_values)
            if arguments is None:
                arguments = get_argument_values(field, planned.nodes[0], self.variable_values)
            result = field.resolve(source, info, **arguments)  # type: ignore[misc]
            if self.is_awaitable(result):
                return self.complete_awaitable_value(field.type, details, info, path, result, place)
            completed = self.complete_value(field.type, details, info, path, result, place)
            if type(completed) is not dict and self.is_awaitable(completed):
                return self._completed_later(completed, field.type, details, path)
        except Exception as error:
            self.handle_field_error(error, field.type, details, path)
            return None
        return completed

    async def _completed_later(self, completed: Awaitable[Any], kind: Any, details: Any, path: Any) -> Any:
        try:
            return await completed
        except Exception as error:
            self.handle_field_error(error, kind, details, path)
            return None

    def complete_value(self, kind: Any, details: Any, info: Any, path: Any, result: Any, place: Any) -> Any:
        """Complete an object at once, and everything else as graphql-core does."""
        inner = kind.of_type if type(kind) is GraphQLNonNull else kind
        is_object = type(inner) is GraphQLObjectType and result is not None and result is not Undefined
        if self._planned is None or not is_object or isinstance(result, Exception):
            return super().complete_value(kind, details, info, path, result, place)
        if inner.is_type_of is not None and inner.is_type_of(result, info) is not True:
            return super().complete_value(kind, details, info, path, result, place)
        return self.collect_and_execute_subfields(inner, details, path, result, place)


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
