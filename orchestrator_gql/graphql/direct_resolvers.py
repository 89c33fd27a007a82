"""Call the methods of the schema's types directly, without the calls of Strawberry around each of them.

Strawberry looks at each call for the types of the arguments, for those of the fields of an input object, and for
extensions of the field. Here that is found out once. A field keeps Strawberry's resolver if it has extensions, or if a
value of an argument is converted in a way that is not known here.
"""

from collections.abc import Callable
from inspect import isfunction
from typing import Any

import strawberry
from graphql import GraphQLField, GraphQLObjectType
from strawberry.types.field import StrawberryField

from orchestrator_gql.graphql import libraries
from orchestrator_gql.graphql.input_values import Conversion, NotDirect, converter, is_converted

Resolve = Callable[..., Any]

Argument = tuple[str, Conversion | None]
"""The name in Python of an argument, and the conversion of its values other than null."""


def call_directly(schema: strawberry.Schema) -> None:
    """Give such a resolver to each field that can have one; to no field if the libraries were not tested."""
    if not libraries.are_tested() or schema.exception_handlers:
        return
    for kind in schema._schema.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for field in kind.fields.values():
                field.resolve = _direct(schema, field) or field.resolve


def _direct(schema: strawberry.Schema, field: GraphQLField) -> Resolve | None:
    definition = field.extensions.get("strawberry-definition")
    if not isinstance(definition, StrawberryField) or definition.base_resolver is None or field.subscribe is not None:
        return None
    resolver = definition.base_resolver
    has_self = resolver.self_parameter is not None and not (resolver.parent_parameter or resolver.root_parameter)
    if not has_self or definition.extensions or definition.permission_classes or not isfunction(resolver.wrapped_func):
        return None
    arguments: dict[str, Argument] = {}
    for argument in definition.arguments:
        name = schema.config.name_converter.from_argument(argument)
        if is_converted(argument.type):
            return None
        try:
            convert = converter(schema.config.name_converter, field.args[name].type)
        except NotDirect:
            return None
        arguments[name] = argument.python_name, convert
    info = resolver.info_parameter
    return _resolver(schema, definition, arguments, info.name if info else None)


def _resolver(
    schema: strawberry.Schema,
    definition: StrawberryField,
    known: dict[str, Argument],
    info_name: str | None,
) -> Resolve:
    resolver = definition.base_resolver
    assert resolver is not None, "only a field with a method comes here"
    method: Resolve = resolver.wrapped_func  # type: ignore[assignment]
    make_info = schema.config.info_class

    def resolve(source: Any, info: Any, **sent: Any) -> Any:
        arguments = {}
        for name, value in sent.items():
            python_name, convert = known[name]
            arguments[python_name] = value if convert is None or value is None else convert(value)
        if info_name is not None:
            arguments[info_name] = make_info(_raw_info=info, _field=definition)
        return method(source, **arguments)

    return resolve
