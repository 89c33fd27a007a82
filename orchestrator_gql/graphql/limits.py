"""What an operation may cost: one linear pass over its document, before any resolver.

The costs of a fragment are found once and added wherever it is spread, so a document whose fragments double at every
level is weighed in the time it takes to read it. A document over a limit is not looked at by any further rule: some of
those take quadratic time.
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
    InlineFragmentNode,
    IntValueNode,
    Node,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)
from graphql.validation.validate import ValidationAbortedError
from strawberry.extensions import AddValidationRules, SchemaExtension

from orchestrator_gql.graphql.documents import KnownDocuments, operations, select

MAX_PAGE = 200
MAX_LEVELS = 60
"""Selections in selections, introspection's own included: the pass itself must not exhaust Python's stack."""

INTROSPECTION = frozenset({"__schema", "__type"})
"""Root fields exempt from the depth: the standard introspection is 15 deep, and cannot be nested without end."""
PAGE_ARGUMENTS = frozenset({"first", "last"})
OWN_PAGES = frozenset({"verifyAudit"})
"""Fields whose ``first`` counts rows to look at, not to return, and has a bound of its own."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that an operation may have; aliases, fields and directives count after expansion of the fragments."""

    depth: int = 12
    aliases: int = 30
    fields: int = 1_000
    root_fields: int = 20
    directives: int = 50
    fragments: int = 20

    def quartered(self) -> "Limits":
        """A quarter of each: for callers without a credential, where there is sign-in."""
        return Limits(**{limit.name: getattr(self, limit.name) // 4 for limit in fields(self)})


LIMITS = Limits()
STRANGERS_LIMITS = LIMITS.quartered()


@dataclass(frozen=True, slots=True)
class Cost:
    """What a selection amounts to: ``roots`` are the fields of its first level, ``fields`` those of all levels."""

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
        """A sentence for each limit that is passed."""
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
    # A number beyond a million came from doubling fragments; it can have more digits than anybody wants to read.
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
        """Weigh the whole document at its door; aborting keeps every other rule from walking through it."""
        fragments = [definition for definition in node.definitions if isinstance(definition, FragmentDefinitionNode)]
        limits = self.limits
        if len(fragments) > limits.fragments:
            raise ValidationAbortedError(_breach("fragments", len(fragments), limits.fragments), fragments[-1])
        scales = _Scales(limits, {fragment.name.value: fragment for fragment in fragments})
        for operation in operations(node):
            cost = scales.weigh(operation.selection_set, 1) + Cost(directives=len(operation.directives or ()))
            for sentence in cost.breaches(limits):
                raise ValidationAbortedError(sentence, operation)
        # The rules walk through fragments that no operation spreads, too.
        for name in scales.fragments:
            if (fields := scales.fragment(name, 1).fields) > limits.fields:
                raise ValidationAbortedError(_breach("fields", fields, limits.fields), scales.fragments[name])


class StrangersOperationCost(OperationCost):
    """Every operation of a caller without a credential stays within a quarter of the limits."""

    limits = STRANGERS_LIMITS


OperationCost.for_strangers = StrangersOperationCost


class PageSize(SchemaExtension):
    """No ``first`` or ``last`` is over 200, whether written out, given as a variable, or the variable's default."""

    def on_validate(self) -> Iterator[None]:
        """Look at the values, once the document itself is known to be valid."""
        context = self.execution_context
        document = context.graphql_document
        if not context.pre_execution_errors and document is not None:
            operation = select(document, context.operation_name)
            context.pre_execution_errors = [
                _page_too_large(argument)
                for argument in _page_arguments(document)
                if _is_over(argument.value, operation, context.variables or {})
            ]
        yield


def _page_too_large(argument: ArgumentNode) -> GraphQLError:
    message = f"A page holds at most {MAX_PAGE}: `{argument.name.value}` asks for more."
    return GraphQLError(message, argument, extensions={"code": "BAD_USER_INPUT"})


def _page_arguments(document: DocumentNode) -> Iterator[ArgumentNode]:
    nodes: list[Node] = list(document.definitions)
    while nodes:
        node = nodes.pop()
        if isinstance(node, FieldNode) and node.name.value not in OWN_PAGES:
            yield from (argument for argument in node.arguments or () if argument.name.value in PAGE_ARGUMENTS)
        selections = getattr(node, "selection_set", None)
        if selections is not None:
            nodes.extend(selections.selections)


def _is_over(value: ValueNode, operation: OperationDefinitionNode, variables: Mapping[str, object]) -> bool:
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
            return any(_is_over(default, operation, {}) for default in defaults if default is not None)
        case _:
            return False


def rules(*, is_development: bool) -> list[type[ASTValidationRule]]:
    """The rules beside the specification's own; introspection is for development."""
    return [OperationCost] if is_development else [OperationCost, NoSchemaIntrospectionCustomRule]


def default_extensions(*, is_development: bool) -> list[Callable[[], SchemaExtension]]:
    """What the schema is built with: ``Schema(extensions=default_extensions(is_development=…))``.

    The rule classes stand at module level, as a rule made per request would never be found in the memory of verdicts.
    """
    added = rules(is_development=is_development)
    return [lambda: AddValidationRules(added), KnownDocuments, PageSize]
