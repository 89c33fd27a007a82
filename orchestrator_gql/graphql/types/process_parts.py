"""Finds out which rows of a process an operation selects, so that they are read together with the process."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, SelectionNode

from orchestrator_gql.graphql.context import Info
from orchestrator_gql.reads.processes import Part

_PARTS: Mapping[str, tuple[Part, ...]] = {
    "steps": (Part.EXECUTIONS,),
    "callbacks": (Part.CALLBACKS,),
    "pendingCallbacks": (Part.CALLBACKS,),
    "whyWaiting": (Part.CALLBACKS, Part.REQUESTS),
    "openInputRequest": (Part.REQUESTS,),
}
_OF_FORM = frozenset({"form", "fieldText"})
"""The fields of an input request that run its form, which needs the state of the process."""


def parts_of(info: Info) -> tuple[Part, ...]:
    """The parts of the process that the fields of the current field need; each field still loads what is missing."""
    raw = info._raw_info
    fields = list(_selected(raw.field_nodes, raw.fragments))
    parts = dict.fromkeys(part for node in fields for part in _PARTS.get(node.name.value, ()))
    requests = [node for node in fields if node.name.value == "openInputRequest"]
    if any(node.name.value in _OF_FORM for node in _selected(requests, raw.fragments)):
        parts[Part.FORM] = None
    return tuple(parts)


def _selected(nodes: Iterable[FieldNode], fragments: Mapping[str, FragmentDefinitionNode]) -> Iterator[FieldNode]:
    """The fields that the nodes select, also through fragments. Fields with a directive may be skipped: they do not
    count. Each fragment counts once, so that the work is never more than the document is long."""
    left: list[SelectionNode] = [selection for node in nodes for selection in _selections(node)]
    seen: set[str] = set()
    while left:
        selection = left.pop()
        if selection.directives:
            continue
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            left += _selections(selection)
        elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
            seen.add(selection.name.value)
            left += _selections(fragments[selection.name.value])


def _selections(node: Any) -> tuple[SelectionNode, ...]:
    return tuple(node.selection_set.selections) if node.selection_set else ()
