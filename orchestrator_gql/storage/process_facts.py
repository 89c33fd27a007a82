"""The facts of processes as terms of their segments: a list by facts reads only segments that have them.

A term is a kind of fact and its value, such as the product. With a status before it, it says that a process of the
segment was at rest in this status with this fact: so a team and a status that never meet are in no segment together.
"""

from collections.abc import Iterable, Sequence
from itertools import product as pairs_of
from typing import Any
from uuid import UUID

from orchestrator_gql.storage.process_filters import ProcessFilter
from orchestrator_gql.targets import Target
from orchestrator_gql.types import ProcessStatus

MOVING = frozenset({ProcessStatus.CREATED, ProcessStatus.RUNNING})
"""Statuses without terms: the processes in them are few, and each transition would have to be looked at."""

LONGEST = 500
"""Characters of a term: a longer one does not fit into an index of PostgreSQL."""

MOST = 40
"""Terms that are looked for if a filter allows several values."""


def terms_of_facts(
    product_ids: Iterable[UUID],
    status: ProcessStatus,
    workflow_name: str,
    target: Target,
    assignee: str | None,
    created_by: str | None,
) -> set[str]:
    """The terms of the facts of a process; also one of all facts but the products, by which a trigger knows them."""
    lasting = [("workflow", workflow_name), ("target", target.value), ("starter", created_by)]
    lasting += [("product", id.hex) for id in product_ids]
    terms = [_term("", kind, value) for kind, value in lasting if value is not None]
    if status not in MOVING:
        of_rest = [*lasting, ("team", assignee), ("", "")]
        terms += [_term(status, kind, value) for kind, value in of_rest if value is not None]
        named = (f"={each}" if each is not None else "" for each in (assignee, created_by))
        terms.append("\n".join(("*", status, workflow_name, target, *named)))
    return {term for term in terms if len(term) <= LONGEST}


def terms_to_find(filters: ProcessFilter, product_ids: Sequence[UUID] | None) -> list[list[str]]:
    """For each filter by facts the terms of which a segment has one at least, if processes of it match."""
    is_at_rest = filters.statuses is not None and MOVING.isdisjoint(filters.statuses)
    statuses = [each.value for each in filters.statuses or ()] if is_at_rest else [""]
    values: dict[str, Iterable[Any] | None] = {
        "workflow": filters.workflow_names,
        "target": filters.targets,
        "starter": None if filters.created_by is None else [filters.created_by],
        "team": filters.assignee_keys if is_at_rest else None,  # the team of a process that runs changes
        "product": None if product_ids is None else [id.hex for id in product_ids],
    }
    wanted = {kind: list(each) for kind, each in values.items() if each is not None}
    if is_at_rest and not wanted:
        wanted = {"": [""]}
    groups = [[_term(*parts) for parts in _parts(statuses, kind, each)] for kind, each in wanted.items()]
    return [group for group in groups if len(group) <= MOST and all(len(term) <= LONGEST for term in group)]


def _parts(statuses: Sequence[str], kind: str, values: Sequence[str]) -> Iterable[tuple[str, str, str]]:
    return ((status, kind, value) for status, value in pairs_of(statuses, values))


def _term(status: str, kind: str, value: str) -> str:
    return f"{status}\n{kind}\n{value}"
