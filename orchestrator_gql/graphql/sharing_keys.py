"""Which subscriptions are equal, so that one execution serves all of them."""

import hashlib
import json
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    visit,
)

from orchestrator_gql.graphql import documents
from orchestrator_gql.graphql.context import Context
from orchestrator_gql.graphql.transport.request import GraphQLRequest

FIELD, CURSOR = "processEvents", "after"
"""The subscription that is shared, and its argument in which equal subscriptions may differ."""

NUMBERS = "stats"
"""The subscription to the numbers, which are equal for all callers with equal rights."""


@dataclass(frozen=True, slots=True)
class Key:
    """Subscriptions with equal keys get equal responses to equal events.

    ``operation`` is the digest of the document, the name of its operation and the values of its variables. ``viewer``
    is all of the caller that a response can depend on.
    """

    operation: bytes
    locale: str
    viewer: Hashable


def key_of(request: GraphQLRequest, context: Context) -> Key | None:
    """The key of a valid subscription; None if it is executed alone."""
    document, fields = _selected(request)
    if {field.name.value for field in fields} != {FIELD}:
        return None
    cursors = _variables_of_cursor(document, fields)
    # Other fields may depend on the person: what it may decide, or what an author's rule allows it.
    return _key(request, context, cursors, _rights(context) if context.is_plain else context.principal)


def cursors_of(request: GraphQLRequest) -> dict[str, Any]:
    """The variables that are used only for the cursor of a subscription to events, and their values."""
    return {name: request.variables.get(name) for name in _variables_of_cursor(*_selected(request))}


def key_of_numbers(request: GraphQLRequest, context: Context) -> Key | None:
    """The key of a subscription to the numbers; None for other operations."""
    _, fields = _selected(request)
    if {field.name.value for field in fields} != {NUMBERS}:
        return None
    return _key(request, context, set(), _rights(context))


def _selected(request: GraphQLRequest) -> tuple[DocumentNode, list[FieldNode]]:
    """The document and the root fields of its operation.

    No fields if the document is so long that it is not kept: it would be parsed on the event loop again.
    """
    if len(request.query) > documents.KEPT_LENGTH:
        return DocumentNode(definitions=()), []
    document = documents.known(request.query, is_stranger=request.is_stranger).document
    return document, _root_fields(document, documents.select(document, request.operation_name).selection_set)


def _rights(context: Context) -> Hashable:
    return context.principal.permissions, context.principal.teams


def _key(request: GraphQLRequest, context: Context, without: set[str], viewer: Hashable) -> Key:
    values = {name: value for name, value in request.variables.items() if name not in without}
    text = text_of([request.query, request.operation_name, values])
    return Key(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest(), context.locale, viewer)


def text_of(value: Any) -> str:
    """A text that is equal for equal values only: as keys, 1 and true are equal, and a list is none."""
    return json.dumps(value, sort_keys=True)


def _root_fields(document: DocumentNode, selections: SelectionSetNode) -> list[FieldNode]:
    """Each root field once, even if its fragment is spread often."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    found: list[FieldNode] = []
    remaining: list[SelectionNode] = [*selections.selections]
    while remaining:
        match remaining.pop():
            case FieldNode() as field:
                found.append(field)
            case InlineFragmentNode() as inline:
                remaining += inline.selection_set.selections
            case FragmentSpreadNode() as spread:
                fragment = fragments.pop(spread.name.value, None)
                remaining += fragment.selection_set.selections if fragment is not None else ()
    return found


def _variables_of_cursor(document: DocumentNode, fields: list[FieldNode]) -> set[str]:
    """The variables that are used for the cursor of the subscription, and for nothing else."""
    uses = _Uses()
    visit(document, uses)
    cursors = Counter(
        argument.value.name.value
        for field in fields
        for argument in field.arguments or ()
        if argument.name.value == CURSOR and isinstance(argument.value, VariableNode)
    )
    return {name for name, count in cursors.items() if uses.counts[name] == count}


class _Uses(Visitor):
    """Counts the uses of each variable, without its definitions."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def enter_variable(self, node: VariableNode, _key: Any, parent: Any, *_: Any) -> None:
        if not isinstance(parent, VariableDefinitionNode):
            self.counts[node.name.value] += 1
