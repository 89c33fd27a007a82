"""Make the responses of a subscription that selects only plain values, without the executor of graphql-core.

The executor needs 150 to 300 µs for an event; most of it finds out again what the document selects. Here that is found
out once for an operation, for each type of event. A selection of anything else than plain values has no projection: its
fields have resolvers, or their values are redacted. Then, and if a value is not what its type demands, graphql-core
executes the operation as ever. So it does for a batch with an event of a type of which more than plain values is
selected; the batches without such an event, which are most, need no executor.
"""

import logging
from dataclasses import dataclass
from typing import Any

from graphql import Executor, GraphQLObjectType, get_named_type

from orchestrator_gql.graphql import libraries
from orchestrator_gql.graphql.plain_fields import NotPlain, Write, plain_writer
from orchestrator_gql.graphql.weighing_executor import leaf_size

try:
    from graphql.execution.collect_fields import collect_fields, collect_subfields
except ImportError:  # another release: `libraries` knows that it was not tested
    collect_fields = collect_subfields = None  # type: ignore[assignment]

logger = logging.getLogger(__name__)

FIELD, ITEMS = "processEvents", "events"


@dataclass(frozen=True, slots=True)
class Projection:
    """The plain values that an operation selects, by the names in its response.

    ``item_fields`` has the types of events of which only plain values are selected; with ``is_whole`` it has all types.
    """

    name: str
    fields: dict[str, Write]
    items_name: str | None
    item_fields: dict[type, dict[str, Write]]
    is_whole: bool

    def data(self, batch: Any) -> tuple[dict[str, Any], int] | None:
        """The data of the response to a batch and its weight; None if the executor must make it."""
        if not self.is_whole and any(type(event) not in self.item_fields for event in batch.events):
            return None
        try:
            written: dict[str, Any] = {}
            size = 0
            for name, write in self.fields.items():
                if name == self.items_name:
                    items = [self._item(item) for item in batch.events]
                    written[name] = items
                    size += sum(leaf_size(value) for item in items for value in item.values() if value is not None)
                else:
                    written[name] = value = write(batch)
                    size += leaf_size(value)
            return {self.name: written}, size
        except Exception:  # the executor makes a proper error of it
            return None

    def _item(self, item: Any) -> dict[str, Any]:
        return {name: write(item) for name, write in self.item_fields[type(item)].items()}


def projection_of(executor: Executor[Any]) -> Projection | None:
    """The projection of a subscription to events; None if it selects plain values of no type of event."""
    if not libraries.are_tested():
        return None
    try:
        return _compiled(executor)
    except NotPlain:
        return None
    except Exception:
        logger.debug("a subscription has no projection", exc_info=True)
        return None


def _compiled(executor: Executor[Any]) -> Projection:
    schema = executor.schema
    root = schema.subscription_type
    if root is None:
        raise NotPlain
    arguments = (schema, executor.fragments, executor.variable_values)
    collected = collect_fields(*arguments, root, executor.operation, executor.hide_suggestions)
    ((name, details),) = _fields(collected).items()
    if _name(details) != FIELD:
        raise NotPlain

    def below(kind: GraphQLObjectType, parts: Any) -> dict[str, Any]:
        return _fields(collect_subfields(*arguments, executor.operation, kind, parts, executor.hide_suggestions))

    batch_type = get_named_type(root.fields[FIELD].type)
    item_type = get_named_type(batch_type.fields[ITEMS].type)
    fields: dict[str, Write] = {}
    items_name, item_fields, is_whole = None, {}, True
    for key, parts in below(batch_type, details).items():
        if _name(parts) != ITEMS:
            fields[key] = _writer(batch_type, parts)
            continue
        if items_name is not None:
            raise NotPlain
        items_name, fields[key] = key, _nothing
        for kind in schema.get_possible_types(item_type):
            selected = below(kind, parts)
            try:
                item_fields[_python_type(kind)] = {each: _writer(kind, found) for each, found in selected.items()}
            except NotPlain:
                is_whole = False
    if not (is_whole or item_fields):
        raise NotPlain
    return Projection(name, fields, items_name, item_fields, is_whole)


def _nothing(_: Any) -> None:
    """The items have fields of their own."""


def _fields(collected: Any) -> dict[str, Any]:
    if collected.new_defer_usages:
        raise NotPlain
    return dict(collected.grouped_field_set)


def _name(details: Any) -> str:
    name: str = details[0].node.name.value
    return name


def _python_type(kind: GraphQLObjectType) -> type:
    origin: type = kind.extensions["strawberry-definition"].origin
    return origin


def _writer(kind: GraphQLObjectType, details: Any) -> Write:
    write = plain_writer(kind, _name(details))
    if write is None:
        raise NotPlain
    return write
