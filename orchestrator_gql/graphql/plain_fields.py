"""Write the fields whose values are attributes of their objects, without the executor of graphql-core."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeAlias

from graphql import (
    GraphQLField,
    GraphQLLeafType,
    GraphQLNonNull,
    GraphQLObjectType,
    Undefined,
    get_named_type,
    is_leaf_type,
    is_list_type,
)

Write: TypeAlias = Callable[[Any], Any]
"""Makes the value of a field from an object of the schema."""

JSON_SCALAR = "JSON"
"""The scalar whose values are redacted before they are written."""

_WRITERS = "plain-writers"
"""The key of the writers in the extensions of a type."""


class NotPlain(Exception):
    """The selection or a value needs the executor."""


def plain_writer(kind: GraphQLObjectType, name: str) -> Write | None:
    """The writer of a field of the type, or of `__typename`; None if the field is not plain.

    The writer raises an exception for a value that the type of the field refuses. Each field has one writer.
    """
    writers: dict[str, Write | None] = kind.extensions.setdefault(_WRITERS, {})
    if name not in writers:
        writers[name] = _writer(kind, name)
    return writers[name]


def _writer(kind: GraphQLObjectType, name: str) -> Write | None:
    if name == "__typename":
        type_name = kind.name
        return lambda _: type_name
    field = kind.fields.get(name)
    if field is None or not _is_plain(field):
        return None
    is_required = isinstance(field.type, GraphQLNonNull)
    leaf: GraphQLLeafType = get_named_type(field.type)
    read, coerce = attrgetter(field.extensions["strawberry-definition"].python_name), leaf.coerce_output_value

    def write(source: Any) -> Any:
        value = read(source)
        if value is None and not is_required:
            return None
        if value is None or value is Undefined:  # a scalar might write it as text
            raise NotPlain
        written = coerce(value)
        if written is None or written is Undefined:
            raise NotPlain
        return written

    return write


def _is_plain(field: GraphQLField) -> bool:
    """True if the value is an attribute of its object, and only its scalar or enum writes it."""
    named = get_named_type(field.type)
    inner = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    definition = field.extensions.get("strawberry-definition")
    return (
        is_leaf_type(named)
        and named.name != JSON_SCALAR
        and not is_list_type(inner)
        and not field.args
        and definition is not None
        and definition.is_basic_field
        and not definition.permission_classes
        and not definition.extensions
    )
