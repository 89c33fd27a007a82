"""GraphQL documents: parsed and validated once for all who send the same text, and which operation of one is meant.

A document that is sent again costs neither parsing nor validation. What is kept is bounded twice: in number, and in
length, so that a thousand documents padded with a megabyte of comments each cannot fill the memory.
"""

from collections.abc import Collection, Iterator
from functools import lru_cache

import graphql
from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    StringValueNode,
)
from graphql import OperationType as Kind
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

from orchestrator_gql.utils.json import preview

__all__ = ["Kind", "KnownDocuments", "asks_only", "declares", "operations", "parse", "select"]

MAX_TOKENS = 2_000
KEPT_DOCUMENTS = 1_000
KEPT_LENGTH = 32_768
"""Characters; a longer document is parsed and validated each time it comes."""


def parse(query: str) -> DocumentNode:
    """The document of ``query``; raises `GraphQLSyntaxError`, also for more than 2,000 tokens or 200 levels."""
    return _kept(query) if len(query) <= KEPT_LENGTH else _parsed(query)


def _parsed(query: str) -> DocumentNode:
    document = graphql.parse(query, max_tokens=MAX_TOKENS)
    if "\\u" in query or "\0" in query:  # escaped, or, in the address of a GET, as it is
        graphql.visit(document, _NoNul())
    return document


class _NoNul(graphql.Visitor):
    """Refuses a string with a NUL, as the values of variables are refused that hold one: no database keeps it."""

    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        if "\0" in node.value and node.loc is not None:
            raise GraphQLSyntaxError(node.loc.source, node.loc.start, "A string holds a NUL character.")


_kept = lru_cache(KEPT_DOCUMENTS)(_parsed)


def select(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation that is meant (GraphQL specification, section 6.1, GetOperation); raises `GraphQLError`."""
    known = operations(document)
    if name is None and len(known) == 1:
        return known[0]
    for operation in known:
        if name is not None and operation.name is not None and operation.name.value == name:
            return operation
    raise GraphQLError(_ambiguity(len(known), name), extensions={"code": "OPERATION_RESOLUTION_FAILURE"})


def operations(document: DocumentNode) -> list[OperationDefinitionNode]:
    """The operations of the document, fragments left out."""
    return [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]


def _ambiguity(count: int, name: str | None) -> str:
    if name is not None:
        return f"The document has no operation named {preview(name, 80)!r}."
    return f"The document has {count} operations: name one in operationName."


def asks_only(operation: OperationDefinitionNode, fields: Collection[str]) -> bool:
    """Whether the operation is a mutation whose every root field is one of ``fields``, without fragments."""
    return operation.operation is Kind.MUTATION and all(
        isinstance(selection, FieldNode) and selection.name.value in fields
        for selection in operation.selection_set.selections
    )


def declares(operation: OperationDefinitionNode, variable: str) -> bool:
    """Whether the operation has a variable of this name."""
    return any(one.variable.name.value == variable for one in operation.variable_definitions or ())


_Rules = tuple[type[ASTValidationRule], ...]


def _validated(schema: GraphQLSchema, query: str, rules: _Rules) -> tuple[GraphQLError, ...]:
    errors = validate_document(schema, parse(query), rules)
    for error in errors:
        # Later nothing tells them from errors about variables, which are found by the execution.
        error.extensions = {"code": "GRAPHQL_VALIDATION_FAILED", **(error.extensions or {})}
    return tuple(errors)


_kept_verdicts = lru_cache(KEPT_DOCUMENTS)(_validated)


class KnownDocuments(SchemaExtension):
    """Parse and validate through the memory of this room."""

    def on_parse(self) -> Iterator[None]:
        """Hand over the document that is known for this text."""
        self.execution_context.graphql_document = parse(self.execution_context.query or "")
        yield

    def on_validate(self) -> Iterator[None]:
        """Hand over what is known to be wrong with it."""
        context = self.execution_context
        query = context.query or ""
        validate = _kept_verdicts if len(query) <= KEPT_LENGTH else _validated
        context.pre_execution_errors = list(validate(context.schema._schema, query, context.validation_rules))
        yield
