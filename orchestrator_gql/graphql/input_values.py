"""Make the objects of the schema's input types, as Strawberry makes them, from what graphql-core has read."""

from collections.abc import Callable
from dataclasses import MISSING
from typing import Any, TypeAlias

from graphql import GraphQLInputObjectType, GraphQLList, GraphQLNonNull, is_leaf_type
from strawberry.relay import GlobalID
from strawberry.schema.name_converter import NameConverter
from strawberry.types.base import StrawberryContainer, StrawberryMaybe, StrawberryObjectDefinition

Conversion: TypeAlias = Callable[[Any], Any]
"""Makes the value for a resolver from a value other than null."""


class NotDirect(Exception):
    """Only Strawberry can convert the values."""


def converter(names: NameConverter, kind: Any, made: dict[str, Conversion] | None = None) -> Conversion | None:
    """The conversion of values of the type; None if they stay as they are. Raises `NotDirect`.

    ``made`` has the conversions of the input objects around it, because an input object may have fields of its own
    type.
    """
    made = {} if made is None else made
    if isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
    if isinstance(kind, GraphQLList):
        item = converter(names, kind.of_type, made)
        # Strawberry copies the list, because a default is the same list for all requests.
        return list if item is None else lambda values: [None if each is None else item(each) for each in values]
    if is_leaf_type(kind):
        return None
    assert isinstance(kind, GraphQLInputObjectType), "an argument has no other types"
    return made.get(kind.name) or _input_object(names, kind, made)


def _input_object(names: NameConverter, kind: GraphQLInputObjectType, made: dict[str, Conversion]) -> Conversion:
    definition = kind.extensions.get("strawberry-definition")
    if not isinstance(definition, StrawberryObjectDefinition) or definition.from_input or not definition.is_input:
        raise NotDirect
    make: Any = definition.origin
    nulls = {
        field.python_name: None
        for field in definition.fields
        if field.default_value is MISSING and field.default_factory is MISSING
    }
    fields: list[tuple[str, str, Conversion | None]] = []

    def convert(values: dict[str, Any]) -> Any:
        given: dict[str, Any] = {**nulls}
        for name, python_name, convert_field in fields:
            if name in values:
                value = values[name]
                given[python_name] = value if convert_field is None or value is None else convert_field(value)
        return make(**given)

    made[kind.name] = convert
    for field in definition.fields:
        if is_converted(field.resolve_type(type_definition=definition)):
            raise NotDirect
        name = names.from_field(field)
        fields.append((name, field.python_name, converter(names, kind.fields[name].type, made)))
    return convert


def is_converted(kind: Any) -> bool:
    """True if Strawberry makes another value of a leaf that graphql-core has read."""
    while isinstance(kind, StrawberryContainer):
        if isinstance(kind, StrawberryMaybe):
            return True
        kind = kind.of_type
    return kind is GlobalID
