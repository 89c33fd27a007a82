"""Parse and validate GraphQL documents, keep the results for equal documents, and select the operation to execute.

A document that was sent before costs neither parsing nor validation. The memory is bounded by the tokens and the
characters of the documents, not by their number: a document of 2,000 tokens takes a megabyte, a usual query 50 KB.
Callers without a credential have a small memory of their own, so they cannot push out the documents of other callers.
"""

from collections import OrderedDict
from collections.abc import AsyncIterator, Collection, Hashable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import graphql
from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
)
from graphql import OperationType as Kind
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

from orchestrator_gql.graphql.context import Context
from orchestrator_gql.graphql.document_queue import DocumentQueue
from orchestrator_gql.utils.json import preview

__all__ = [
    "CALLBACK_MUTATIONS",
    "STRANGER",
    "Kind",
    "KnownDocument",
    "KnownDocuments",
    "asks_only",
    "brings_results",
    "known",
    "known_in_turn",
    "operations",
    "select",
]

MAX_TOKENS = 2_000
STRANGERS_TOKENS = MAX_TOKENS // 4
"""The limit for a document of a caller without a credential, if there is sign-in."""

KEPT_TOKENS = 32_000
"""A token costs 190 to 620 bytes with its node, its place and its links (measured): at most 20 MB in total."""
KEPT_CHARACTERS = 512 * 1024
"""A character costs at most 4 bytes, and the characters of names and values are stored twice: 4 MB in total."""
KEPT_LENGTH = 32_768
"""Characters. A longer document or list of errors is not kept: a few of them would push out all others."""
STRANGERS_SHARE = 8
"""The memory for strangers is an eighth of the memory for other callers."""
STRANGERS_KEPT_TOKENS = 250
STRANGERS_KEPT_CHARACTERS = 4_096
"""The largest document of a stranger that is kept: many times the size of a mutation for a callback."""
ERROR_TOKENS = 4
"""The memory that a validation error takes besides its message, in tokens."""
KEPT_VERDICTS = 4
"""Validation results of one document, one for each pair of schema and rules; a server has two pairs."""

CALLBACK_MUTATIONS = frozenset({"receiveCallback", "reportCallbackProgress", "failCallback"})
"""The mutations that remote services send; their values may be large."""

STRANGER = "isStranger"
"""The key in ``operation_extensions`` that tells `KnownDocuments` that the caller has no credential."""

_Rules = tuple[type[ASTValidationRule], ...]


@dataclass(slots=True)
class KnownDocument:
    """A parsed document and its validation errors; ``tokens`` and ``characters`` are its weight.

    ``plans`` keeps the `OperationPlan` of each operation that was executed.
    """

    document: DocumentNode
    tokens: int
    characters: int
    verdicts: dict[tuple[GraphQLSchema, _Rules], tuple[GraphQLError, ...]] = field(default_factory=dict)
    plans: dict[Hashable, Any] = field(default_factory=dict)


class DocumentMemory:
    """The most recently used documents, with at most ``tokens`` tokens and ``characters`` characters in total."""

    def __init__(self, tokens: int, characters: int) -> None:
        self.most_tokens, self.most_characters = tokens, characters
        self.tokens = self.characters = 0
        self._documents: OrderedDict[str, KnownDocument] = OrderedDict()

    def __len__(self) -> int:
        return len(self._documents)

    def find(self, query: str) -> KnownDocument | None:
        """The document with this text, if it is kept; it becomes the most recently used one."""
        found = self._documents.get(query)
        if found is not None:
            self._documents.move_to_end(query)
        return found

    def keep(self, query: str, document: KnownDocument) -> None:
        """Keep the document and drop the least recently used ones if there is no room."""
        replaced = self._documents.pop(query, None)  # a thread may have read the same document meanwhile
        if replaced is not None:
            self.tokens -= replaced.tokens
            self.characters -= replaced.characters
        self._documents[query] = document
        self._add(document.tokens, document.characters)

    def add_weight(self, query: str, document: KnownDocument, tokens: int, characters: int) -> None:
        """Add to the weight of a document, if it is still kept."""
        if self._documents.get(query) is document:
            document.tokens += tokens
            document.characters += characters
            self._add(tokens, characters)

    def _add(self, tokens: int, characters: int) -> None:
        self.tokens += tokens
        self.characters += characters
        while self._documents and (self.tokens > self.most_tokens or self.characters > self.most_characters):
            _, dropped = self._documents.popitem(last=False)
            self.tokens -= dropped.tokens
            self.characters -= dropped.characters

    def clear(self) -> None:
        """Drop all documents."""
        self._documents.clear()
        self.tokens = self.characters = 0


MEMORY = DocumentMemory(KEPT_TOKENS, KEPT_CHARACTERS)
STRANGERS_MEMORY = DocumentMemory(KEPT_TOKENS // STRANGERS_SHARE, KEPT_CHARACTERS // STRANGERS_SHARE)


def known(query: str, *, is_stranger: bool = False) -> KnownDocument:
    """The document of ``query``. Raises `GraphQLSyntaxError`, also for too many tokens or 200 levels.

    The document of a stranger is kept only if it is small and has only mutations of callbacks: nothing else that a
    stranger sends is ever executed.
    """
    found = find(query, is_stranger=is_stranger)
    return found if found is not None else keep(query, read(query, is_stranger=is_stranger), is_stranger=is_stranger)


async def known_in_turn(query: str, *, is_stranger: bool, queue: DocumentQueue, client: Hashable) -> KnownDocument:
    """The same; an unknown document waits in the queue. Raises `ServerBusy`, too."""

    def keep_it(found: KnownDocument) -> None:
        keep(query, found, is_stranger=is_stranger)

    find_it = partial(find, query, is_stranger=is_stranger)
    return await queue.read(client, len(query), find_it, partial(read, query, is_stranger=is_stranger), keep_it)


def find(query: str, *, is_stranger: bool) -> KnownDocument | None:
    """The document of ``query`` if it is kept."""
    return (STRANGERS_MEMORY if is_stranger else MEMORY).find(query)


def read(query: str, *, is_stranger: bool) -> KnownDocument:
    """The document of ``query``, which is not kept; any thread may call this."""
    document = _parsed(query, STRANGERS_TOKENS if is_stranger else MAX_TOKENS)
    return KnownDocument(document, document.token_count, len(query))


def keep(query: str, found: KnownDocument, *, is_stranger: bool) -> KnownDocument:
    """The same document, which is kept if it is small enough."""
    if found.characters <= KEPT_LENGTH and (not is_stranger or _is_small(found)):
        (STRANGERS_MEMORY if is_stranger else MEMORY).keep(query, found)
    return found


def add_weight(query: str, found: KnownDocument, *, is_stranger: bool) -> None:
    """Count what is kept of an execution as much as the document itself."""
    (STRANGERS_MEMORY if is_stranger else MEMORY).add_weight(query, found, found.document.token_count, 0)


def _is_small(found: KnownDocument) -> bool:
    is_light = found.tokens <= STRANGERS_KEPT_TOKENS and found.characters <= STRANGERS_KEPT_CHARACTERS
    return is_light and brings_results(found.document)


def _parsed(query: str, most: int) -> DocumentNode:
    document = graphql.parse(query, max_tokens=most)
    if "\\u" in query or "\0" in query:  # as an escape sequence, or directly in the URL of a GET
        graphql.visit(document, _NoNul())
    # The tokens are linked in both directions. Without the backward links a document is freed as soon as it is dropped.
    # With them it is a reference cycle, which waits for the garbage collector: thousands of documents may come first.
    token = document.loc.start_token if document.loc else None
    while token is not None:
        token.prev = None
        token = token.next
    return document


class _NoNul(graphql.Visitor):
    """Refuse a string with a NUL character, which no database stores; the values of variables have the same check."""

    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        if "\0" in node.value and node.loc is not None:
            raise GraphQLSyntaxError(node.loc.source, node.loc.start, "A string holds a NUL character.")


def select(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation to execute (GraphQL specification, section 6.1, GetOperation). Raises `GraphQLError`."""
    known = operations(document)
    if name is None and len(known) == 1:
        return known[0]
    for operation in known:
        if name is not None and operation.name is not None and operation.name.value == name:
            return operation
    raise GraphQLError(_ambiguity(len(known), name), extensions={"code": "OPERATION_RESOLUTION_FAILURE"})


def operations(document: DocumentNode) -> list[OperationDefinitionNode]:
    """The operations of the document, without the fragments."""
    return [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]


def _ambiguity(count: int, name: str | None) -> str:
    if name is not None:
        return f"The document has no operation named {preview(name, 80)!r}."
    if count == 0:
        return "The document has no operation, only fragments: send the query, mutation or subscription with them."
    return f"The document has {count} operations: name one in operationName."


def asks_only(operation: OperationDefinitionNode, fields: Collection[str]) -> bool:
    """True if the operation is a mutation, and each root selection is a field in ``fields`` and not a fragment."""
    return operation.operation is Kind.MUTATION and all(
        isinstance(selection, FieldNode) and selection.name.value in fields
        for selection in operation.selection_set.selections
    )


def brings_results(document: DocumentNode) -> bool:
    """True if the document has operations and each of them has only mutations of callbacks."""
    definitions = operations(document)
    return bool(definitions) and all(asks_only(operation, CALLBACK_MUTATIONS) for operation in definitions)


def _validated(schema: GraphQLSchema, document: DocumentNode, rules: _Rules) -> tuple[GraphQLError, ...]:
    errors = validate_document(schema, document, rules)
    for error in errors:
        # Without the code they could not be distinguished later from errors about variables, which execution finds.
        error.extensions = {"code": "GRAPHQL_VALIDATION_FAILED", **(error.extensions or {})}
    return tuple(errors)


def rules_for(rules: _Rules, *, is_stranger: bool) -> _Rules:
    """The validation rules for a document of such a caller."""
    return tuple(getattr(rule, "for_strangers", rule) for rule in rules) if is_stranger else rules


class KnownDocuments(SchemaExtension):
    """Parse and validate with the memories of this module."""

    async def on_parse(self) -> AsyncIterator[None]:
        """Use the kept document of this text."""
        query = self.execution_context.query or ""
        context: Context = self.execution_context.context
        self._known = await known_in_turn(
            query, is_stranger=self._is_stranger, queue=context.documents, client=context.client
        )
        self.execution_context.graphql_document = self._known.document
        yield

    async def on_validate(self) -> AsyncIterator[None]:
        """Use the kept validation errors of the document."""
        context = self.execution_context
        context.pre_execution_errors = list(await self._verdict(context.schema._schema, context.validation_rules))
        yield

    @property
    def _is_stranger(self) -> bool:
        return bool((self.execution_context.operation_extensions or {}).get(STRANGER))

    async def _verdict(self, schema: GraphQLSchema, rules: _Rules) -> tuple[GraphQLError, ...]:
        rules = rules_for(rules, is_stranger=self._is_stranger)
        find_again = partial(self._known.verdicts.get, (schema, rules))
        found = find_again()
        if found is not None:
            return found
        context: Context = self.execution_context.context
        validate = partial(_validated, schema, self._known.document, rules)
        keep_it = partial(self._keep_verdict, (schema, rules))
        verdict: tuple[GraphQLError, ...] = await context.documents.read(
            context.client, self._known.characters, find_again, validate, keep_it
        )
        await context.documents.pause(context.client)
        return verdict

    def _keep_verdict(self, rules: tuple[GraphQLSchema, _Rules], found: tuple[GraphQLError, ...]) -> None:
        characters = sum(len(error.message) for error in found)
        if characters > KEPT_LENGTH:
            return
        if len(self._known.verdicts) >= KEPT_VERDICTS:
            self._known.verdicts.clear()
        self._known.verdicts[rules] = found
        memory = STRANGERS_MEMORY if self._is_stranger else MEMORY
        memory.add_weight(self.execution_context.query or "", self._known, len(found) * ERROR_TOKENS, characters)


def selected_names(parts: Iterable[Node]) -> frozenset[str]:
    """The names of all fields that are selected anywhere in the operations and fragments."""
    found: set[str] = set()
    remaining: list[Node] = [*parts]
    while remaining:
        part = remaining.pop()
        if isinstance(part, FieldNode):
            found.add(part.name.value)
        inner = getattr(part, "selection_set", None)
        if isinstance(inner, SelectionSetNode):
            remaining += inner.selections
    return frozenset(found)
