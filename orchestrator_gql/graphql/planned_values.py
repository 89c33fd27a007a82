"""Read the arguments and the variables of a kept document, whose types and literals do not change.

graphql-core looks for the types again in each request, and reads each literal again. Here that is done once. What does
not fit is left to graphql-core, which makes the error of it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    ListValueNode,
    Node,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    get_nullable_type,
    is_leaf_type,
)

try:
    from graphql.execution.get_variable_signature import get_variable_signature
    from graphql.execution.values import VariableValues, VariableValueSource, input_is_nested_too_deeply
    from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal, coerce_input_value
except ImportError:  # another release: `libraries` knows that it was not tested
    VariableValues = VariableValueSource = input_is_nested_too_deeply = None  # type: ignore[assignment,misc]
    get_variable_signature = coerce_default_value = None  # type: ignore[assignment]
    coerce_input_literal = coerce_input_value = None  # type: ignore[assignment]

Read: TypeAlias = Callable[[Any], Any]
"""Makes a value from the `VariableValues`: `Undefined` if graphql-core must make an error, `_MISSING` for no value."""

_MISSING = object()


class _NotPlanned(Exception):
    """graphql-core reads the value in each request."""


def variables_reader(
    schema: GraphQLSchema, definitions: Iterable[VariableDefinitionNode]
) -> Callable[[Mapping[str, Any]], Any]:
    """A function that makes the `VariableValues` from what a request has sent; None if graphql-core must make them."""
    signatures = [get_variable_signature(schema, definition) for definition in definitions]
    known = [
        (each, _coercer(each.type), each.default is None and not isinstance(each.type, GraphQLNonNull))
        for each in signatures
        if not isinstance(each, GraphQLError)
    ]

    def read(sent: Mapping[str, Any]) -> Any:
        sources: dict[str, Any] = {}
        coerced: dict[str, Any] = {}
        for signature, coerce, is_optional in known:
            name = signature.name
            if name not in sent:
                if not is_optional:  # graphql-core keeps the value of a default for the request alone
                    return None
                sources[name] = VariableValueSource(signature)
                continue
            value = sent[name]
            found = coerce(value)
            if found is Undefined:
                return None
            sources[name], coerced[name] = VariableValueSource(signature, value), found
        return VariableValues(sources, coerced)

    return read if len(known) == len(signatures) else lambda _: None


def _coercer(kind: Any) -> Callable[[Any], Any]:
    inner = get_nullable_type(kind)
    null = None if inner is kind else Undefined
    if is_leaf_type(inner):
        coerce = inner.coerce_input_value

        def leaf(value: Any) -> Any:
            try:
                return null if value is None else coerce(value)
            except Exception:
                return Undefined

        return leaf

    def any_value(value: Any) -> Any:
        try:
            return Undefined if input_is_nested_too_deeply(value, kind) else coerce_input_value(value, kind)
        except RecursionError:
            return Undefined

    if not (isinstance(inner, GraphQLList) and is_leaf_type(get_nullable_type(inner.of_type))):
        return any_value
    item = _coercer(inner.of_type)

    def leaves(value: Any) -> Any:
        if type(value) is not list:
            return any_value(value)
        found = [item(each) for each in value]
        return Undefined if Undefined in found else found

    return leaves


def arguments_reader(field: GraphQLField, node: FieldNode) -> Read | None:
    """A function that makes the arguments of the field; it returns None if graphql-core must read them.

    None if no value of them can be read before.
    """
    sent = {argument.name.value: argument.value for argument in node.arguments or ()}
    try:
        reads = _members(sent, field.args)
    except _NotPlanned:
        return None
    return lambda values: _read_each(reads, values)


def _members(sent: Mapping[str, ValueNode], known: Mapping[str, Any]) -> list[tuple[str, Read]]:
    """The names in Python of arguments or of the fields of an input object, and what reads their values."""
    if any(name not in known for name in sent):
        raise _NotPlanned
    reads = [(each.out_name or name, _member(sent.get(name), each)) for name, each in known.items()]
    return [(name, read) for name, read in reads if read is not _no_value]


def _no_value(_: Any) -> Any:
    return _MISSING


def _read_each(reads: list[tuple[str, Read]], values: Any) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    for name, read in reads:
        value = read(values)
        if value is Undefined:
            return None
        if value is not _MISSING:
            found[name] = value
    return found


def _member(node: ValueNode | None, definition: Any) -> Read:
    """What reads the value of an argument or of an input object's field."""
    is_nullable = not isinstance(definition.type, GraphQLNonNull)
    try:
        default = coerce_default_value(definition)  # graphql-core keeps it with the definition
    except TypeError:
        raise _NotPlanned from None
    is_required = default is Undefined and not is_nullable
    if node is None:
        if is_required:
            raise _NotPlanned
        return _no_value if default is Undefined else lambda _: default
    if not isinstance(node, VariableNode):
        return _literal(node, definition.type)
    name, missing = node.name.value, default
    if default is Undefined and not is_required:
        missing = _MISSING

    def variable(values: Any) -> Any:
        value = values.coerced.get(name, Undefined)
        if value is Undefined:
            return missing
        return value if value is not None or is_nullable else Undefined

    return variable


def _literal(node: ValueNode, kind: Any) -> Read:
    """What reads a literal, of which only the parts with variables are read again in each request."""
    if not _has_variable(node):
        value = coerce_input_literal(node, kind)
        if value is Undefined:
            raise _NotPlanned
        return lambda _: _fresh(value)
    inner = get_nullable_type(kind)
    if isinstance(node, ObjectValueNode) and isinstance(inner, GraphQLInputObjectType) and not inner.is_one_of:
        reads = _members({field.name.value: field.value for field in node.fields}, inner.fields)
        make = inner.out_type

        def members(values: Any) -> Any:
            found = _read_each(reads, values)
            return Undefined if found is None else make(found)

        return members
    return lambda values: coerce_input_literal(node, kind, values)


def _fresh(value: Any) -> Any:
    """A copy of the lists and dicts: a resolver may change what it gets."""
    if type(value) is dict:
        return {name: _fresh(each) for name, each in value.items()}
    return [_fresh(each) for each in value] if type(value) is list else value


def _has_variable(node: Node) -> bool:
    if isinstance(node, VariableNode):
        return True
    if isinstance(node, ObjectValueNode):
        return any(_has_variable(field.value) for field in node.fields)
    return isinstance(node, ListValueNode) and any(map(_has_variable, node.values))
