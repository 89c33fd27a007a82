"""Limit the cost of an operation with one linear pass over its document, before any resolver runs.

The cost of a fragment is computed once and added for each spread. So the pass takes linear time even if the fragments
double the fields at every level. No other rule reads a document over a limit: some rules take quadratic time.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from graphql import (
    ArgumentNode,
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    InlineFragmentNode,
    IntValueNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    type_from_ast,
)
from graphql.validation.validate import ValidationAbortedError
from strawberry.extensions import AddValidationRules, SchemaExtension

from orchestrator_gql.graphql.documents import KnownDocuments, operations, select

MAX_PAGE = 200
MAX_LEVELS = 60
"""Nested selections, including introspection: the pass itself must not exhaust the stack of Python."""

MOST_VALUES = 1_000
"""Values of one list in the variables: more than any page has."""
_LIST_TOO_LONG = f"A list holds at most {MOST_VALUES:,} values, and a list in `${{name}}` holds more."
_CODE = {"code": "BAD_USER_INPUT"}

INTROSPECTION = frozenset({"__schema", "__type"})
"""Root fields whose depth does not count: the standard introspection is 15 deep and cannot nest without end."""
INTROSPECTION_IS_OFF = (
    "Introspection is off at this server; ORCHESTRATOR_IS_DEVELOPMENT=true turns it on. The command `orchestrator-gql "
    "schema` prints the schema."
)
PAGE_ARGUMENTS = frozenset({"first", "last"})
OWN_PAGES = frozenset({"verifyAudit"})
"""Fields whose ``first`` counts rows to read, not to return; it has its own limit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of an operation; aliases, fields and directives count after the expansion of fragments."""

    depth: int = 12
    aliases: int = 30
    fields: int = 1_000
    root_fields: int = 20
    directives: int = 50
    fragments: int = 20

    def quartered(self) -> "Limits":
        """A quarter of each limit: for callers without a credential, if there is sign-in."""
        return Limits(**{limit.name: getattr(self, limit.name) // 4 for limit in fields(self)})


LIMITS = Limits()
STRANGERS_LIMITS = LIMITS.quartered()


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a selection: ``roots`` counts the fields of its first level, ``fields`` those of all levels."""

    roots: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    depth: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.roots + other.roots,
            self.fields + other.fields,
            self.aliases + other.aliases,
            self.directives + other.directives,
            max(self.depth, other.depth),
        )

    def breaches(self, limits: Limits) -> Iterator[str]:
        """One sentence for each exceeded limit."""
        for noun, found, limit in (
            ("levels", self.depth, limits.depth),
            ("aliases", self.aliases, limits.aliases),
            ("fields", self.fields, limits.fields),
            ("root fields", self.roots, limits.root_fields),
            ("directives", self.directives, limits.directives),
        ):
            if found > limit:
                yield _breach(noun, found, limit)


def _breach(noun: str, found: int, limit: int) -> str:
    # Fragments that double the fields give numbers with very many digits, so larger numbers are not written out.
    return f"The operation has {found if found < 1_000_000 else 'millions of'} {noun}; the limit is {limit}."


@dataclass(frozen=True, slots=True)
class _Scales:
    limits: Limits
    fragments: Mapping[str, FragmentDefinitionNode]
    known: dict[str, Cost] = field(default_factory=dict)

    def weigh(self, selections: SelectionSetNode | None, level: int) -> Cost:
        if level > MAX_LEVELS:
            message = f"The operation has more than {MAX_LEVELS} levels; the limit is {self.limits.depth}."
            raise ValidationAbortedError(message, selections)
        total = Cost()
        for selection in selections.selections if selections else ():
            total += Cost(directives=len(selection.directives or ()))
            match selection:
                case FieldNode():
                    total += self.field(selection, level)
                case InlineFragmentNode():
                    total += self.weigh(selection.selection_set, level + 1)
                case FragmentSpreadNode():
                    total += self.fragment(selection.name.value, level)
        return total

    def field(self, node: FieldNode, level: int) -> Cost:
        below = self.weigh(node.selection_set, level + 1)
        depth = 0 if node.name.value in INTROSPECTION else below.depth
        return Cost(1, below.fields + 1, below.aliases + bool(node.alias), below.directives, depth + 1)

    def fragment(self, name: str, level: int) -> Cost:
        if name not in self.known:
            self.known[name] = Cost()  # a fragment that spreads itself adds nothing; another rule refuses it
            definition = self.fragments.get(name)
            self.known[name] = self.weigh(definition.selection_set if definition else None, level + 1)
        return self.known[name]


class OperationCost(ASTValidationRule):
    """Every operation of a document stays within the limits."""

    limits: ClassVar[Limits] = LIMITS
    for_strangers: ClassVar[type[ASTValidationRule]]

    def enter_document(self, node: DocumentNode, *_: Any) -> None:
        """Compute the cost first. An abort keeps every other rule from reading the document."""
        fragments = [definition for definition in node.definitions if isinstance(definition, FragmentDefinitionNode)]
        limits = self.limits
        if len(fragments) > limits.fragments:
            raise ValidationAbortedError(_breach("fragments", len(fragments), limits.fragments), fragments[-1])
        scales = _Scales(limits, {fragment.name.value: fragment for fragment in fragments})
        for operation in operations(node):
            cost = scales.weigh(operation.selection_set, 1) + Cost(directives=len(operation.directives or ()))
            for sentence in cost.breaches(limits):
                raise ValidationAbortedError(sentence, operation)
        # Other rules also read fragments that no operation spreads, so these have the limit, too.
        for name in scales.fragments:
            if (fields := scales.fragment(name, 1).fields) > limits.fields:
                raise ValidationAbortedError(_breach("fields", fields, limits.fields), scales.fragments[name])


class StrangersOperationCost(OperationCost):
    """Every operation of a caller without a credential stays within a quarter of the limits."""

    limits = STRANGERS_LIMITS


OperationCost.for_strangers = StrangersOperationCost


class NoIntrospection(ASTValidationRule):
    """No operation asks for the schema; `__typename` is no introspection."""

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Refuse the fields from which all introspection begins."""
        if node.name.value in INTROSPECTION:
            self.report_error(GraphQLError(INTROSPECTION_IS_OFF, node))


class ListSize(SchemaExtension):
    """Refuse a variable with a list over 1,000 values, at any depth; a JSON value has its own limits.

    Each value is coerced and becomes a parameter of a statement, without a pause for other requests. A list in a
    document needs no such check: the tokens are limited.
    """

    def on_validate(self) -> Iterator[None]:
        """Check the values after the document has passed the validation."""
        context = self.execution_context
        document = context.graphql_document
        if not context.pre_execution_errors and document is not None and context.variables:
            definitions = select(document, context.operation_name).variable_definitions or ()
            schema = context.schema._schema
            context.pre_execution_errors = [
                GraphQLError(_LIST_TOO_LONG.format(name=definition.variable.name.value), definition, extensions=_CODE)
                for definition in definitions
                if has_long_list(
                    context.variables.get(definition.variable.name.value), type_from_ast(schema, definition.type)
                )
            ]
        yield


def has_long_list(value: object, kind: object) -> bool:
    """True if the value of this type of input contains a list with too many values."""
    remaining: list[tuple[object, object]] = [(value, kind)]
    while remaining:
        value, kind = remaining.pop()
        if isinstance(kind, GraphQLNonNull):
            remaining.append((value, kind.of_type))
        elif isinstance(kind, GraphQLList):
            values = value if isinstance(value, list) else [value]  # a single value is coerced to a list of it
            if len(values) > MOST_VALUES:
                return True
            remaining += ((each, kind.of_type) for each in values)
        elif isinstance(kind, GraphQLInputObjectType) and isinstance(value, Mapping):
            remaining += ((value[name], field.type) for name, field in kind.fields.items() if name in value)
    return False


class PageSize(SchemaExtension):
    """Refuse a ``first`` or ``last`` over 200, as a literal, as a variable or as the default of a variable."""

    def on_validate(self) -> Iterator[None]:
        """Check the values after the document has passed the validation."""
        context = self.execution_context
        document = context.graphql_document
        if not context.pre_execution_errors and document is not None:
            operation = select(document, context.operation_name)
            context.pre_execution_errors = [
                _page_too_large(argument)
                for argument in page_arguments(document)
                if is_page_too_large(argument.value, operation, context.variables or {})
            ]
        yield


def _page_too_large(argument: ArgumentNode) -> GraphQLError:
    message = f"A page holds at most {MAX_PAGE}: `{argument.name.value}` asks for more."
    return GraphQLError(message, argument, extensions=_CODE)


def page_arguments(document: DocumentNode) -> Iterator[ArgumentNode]:
    """The arguments with the sizes of pages."""
    nodes: list[Node] = list(document.definitions)
    while nodes:
        node = nodes.pop()
        if isinstance(node, FieldNode) and node.name.value not in OWN_PAGES:
            yield from (argument for argument in node.arguments or () if argument.name.value in PAGE_ARGUMENTS)
        selections = getattr(node, "selection_set", None)
        if selections is not None:
            nodes.extend(selections.selections)


def is_page_too_large(value: ValueNode, operation: OperationDefinitionNode, variables: Mapping[str, object]) -> bool:
    """True if the size of a page is over the limit."""
    match value:
        case IntValueNode():
            return len(value.value) > len(str(MAX_PAGE)) or int(value.value) > MAX_PAGE
        case VariableNode():
            name = value.name.value
            if name in variables:
                size = variables[name]
                return isinstance(size, int | float) and size > MAX_PAGE
            definitions = operation.variable_definitions or ()
            defaults = (
                definition.default_value for definition in definitions if definition.variable.name.value == name
            )
            return any(is_page_too_large(default, operation, {}) for default in defaults if default is not None)
        case _:
            return False


def rules(*, is_development: bool) -> list[type[ASTValidationRule]]:
    """The validation rules in addition to the specification's rules; introspection is only for development."""
    return [OperationCost] if is_development else [OperationCost, NoIntrospection]


def default_extensions(*, is_development: bool) -> list[Callable[[], SchemaExtension]]:
    """The extensions of the schema: ``Schema(extensions=default_extensions(is_development=…))``.

    The rule classes are defined at module level. The kept validation results have the rules as their key, so a class
    made for each request would never find a result.
    """
    added = rules(is_development=is_development)
    return [lambda: AddValidationRules(added), KnownDocuments, PageSize, ListSize]
