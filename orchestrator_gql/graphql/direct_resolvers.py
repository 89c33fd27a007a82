"""Call the methods of the schema's types directly, without the calls of Strawberry around each of them.

Strawberry converts the names and the values of the arguments at each call, and looks for extensions of the field. Here
that is found out once. A field keeps Strawberry's resolver if an argument needs a conversion, as the input of a
mutation does, or if the field has extensions.
"""

from collections.abc import Callable
from inspect import isfunction
from typing import Any

import strawberry
from graphql import GraphQLField, GraphQLList, GraphQLNonNull, GraphQLObjectType, is_leaf_type
from strawberry.relay import GlobalID
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryContainer, StrawberryMaybe
from strawberry.types.field import StrawberryField

from orchestrator_gql.graphql import libraries

Resolve = Callable[..., Any]


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
    names: dict[str, str] = {}
    lists: list[str] = []
    for argument in definition.arguments:
        name = schema.config.name_converter.from_argument(argument)
        kind = _nullable(field.args[name].type)
        if isinstance(kind, GraphQLList):  # Strawberry copies it, because a default is the same list for all requests
            lists.append(name)
            kind = _nullable(kind.of_type)
        if not is_leaf_type(kind) or _is_converted(argument):
            return None
        names[name] = argument.python_name
    info = resolver.info_parameter
    return _resolver(schema, definition, names, tuple(lists), info.name if info else None)


def _nullable(kind: Any) -> Any:
    return kind.of_type if isinstance(kind, GraphQLNonNull) else kind


def _is_converted(argument: StrawberryArgument) -> bool:
    """True if Strawberry makes another value of a value that graphql-core has read."""
    kind: Any = argument.type
    while isinstance(kind, StrawberryContainer):
        if isinstance(kind, StrawberryMaybe):
            return True
        kind = kind.of_type
    return kind is GlobalID


def _resolver(
    schema: strawberry.Schema,
    definition: StrawberryField,
    names: dict[str, str],
    lists: tuple[str, ...],
    info_name: str | None,
) -> Resolve:
    resolver = definition.base_resolver
    assert resolver is not None, "only a field with a method comes here"
    method: Resolve = resolver.wrapped_func  # type: ignore[assignment]
    make_info = schema.config.info_class

    def resolve(source: Any, info: Any, **sent: Any) -> Any:
        arguments = {names[name]: value for name, value in sent.items()}
        for name in lists:
            if (values := sent.get(name)) is not None:
                arguments[names[name]] = list(values)
        if info_name is not None:
            arguments[info_name] = make_info(_raw_info=info, _field=definition)
        return method(source, **arguments)

    return resolve
