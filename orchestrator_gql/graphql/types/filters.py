"""The inputs that filter and order lists."""

from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import strawberry

from orchestrator_gql.audit.free_text import demand_short
from orchestrator_gql.graphql.types.common import DateTimeRange
from orchestrator_gql.graphql.types.enums import OrderDirection, ProcessOrderField
from orchestrator_gql.reads import input_requests as input_request_reads
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Principal
from orchestrator_gql.storage import events, listing, process_filters
from orchestrator_gql.targets import Target
from orchestrator_gql.types import CallbackStatus, EventKind, InputRequestStatus, ProcessStatus
from orchestrator_gql.workflows.registry import Registry

T = TypeVar("T")

NOWHERE = UUID(int=0)
"""An id that no object has: a filter by an invalid id finds nothing."""

LONGEST_SEARCH = 200
"""The most characters of a search in processes: PostgreSQL makes small letters of all of them again for each row."""


@strawberry.input(description="The conditions that a workflow must meet; all of them together.")
class WorkflowFilter:
    names: list[str] | None = strawberry.field(
        default=None, description="The name is one of these; null does not filter."
    )
    targets: list[Target] | None = strawberry.field(
        default=None, description="The target is one of these; null does not filter."
    )
    search: str | None = strawberry.field(
        default=None,
        description="The name or the description contains this text, in upper or lower case; null does not filter.",
    )


@strawberry.input(description="The conditions that a process must meet; all of them together.")
class ProcessFilter:
    ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The id is one of these; null does not filter."
    )
    statuses: list[ProcessStatus] | None = strawberry.field(
        default=None, description="The status is one of these; null does not filter."
    )
    workflow_names: list[str] | None = strawberry.field(
        default=None, description="The workflow has one of these names; null does not filter."
    )
    targets: list[Target] | None = strawberry.field(
        default=None, description="The target is one of these; null does not filter."
    )
    assignee_keys: list[str] | None = strawberry.field(
        default=None, description="The process waits for one of these teams, given by their keys; null does not filter."
    )
    product_subscription_id: strawberry.ID | None = strawberry.field(
        default=None, description="The process works on the product subscription with this id; null does not filter."
    )
    created_by: strawberry.ID | None = strawberry.field(
        default=None, description="The user with this id started the process; null does not filter."
    )
    started_at: DateTimeRange | None = strawberry.field(
        default=None, description="The process was started in this period; null does not filter."
    )
    updated_at: DateTimeRange | None = strawberry.field(
        default=None, description="The last change of the process was in this period; null does not filter."
    )
    search: str | None = strawberry.field(
        default=None,
        description="The subject, the name or the description of the workflow, the note or (from 4 digits on) the id "
        "contains this text, in upper or lower case; null does not filter.",
    )
    products: list[str] | None = strawberry.field(
        default=None,
        description="The process works on a product subscription to one of these products, given by their names; null "
        "does not filter.",
    )
    failure_codes: list[str] | None = strawberry.field(
        default=None, description="The process is FAILED with one of these failure codes; null does not filter."
    )

    def within(self, registry: Registry, workflow_names: list[str] | None = None) -> process_filters.ProcessFilter:
        wanted = process_filters.ProcessFilter(
            ids=None if self.ids is None else [uuid_or_nowhere(id) for id in self.ids],
            statuses=self.statuses,
            workflow_names=self.workflow_names,
            targets=self.targets,
            assignee_keys=self.assignee_keys,
            product_subscription_id=uuid_if_given(self.product_subscription_id),
            created_by=self.created_by,
            started_at=_span(self.started_at),
            updated_at=_span(self.updated_at),
            search=_searched(self.search),
            found_workflows=registry.described(self.search) if self.search else (),
            products=self.products,
            failure_codes=self.failure_codes,
        )
        return wanted if workflow_names is None else replace(wanted, workflow_names=workflow_names)


@strawberry.input(description="The order of a list of processes.")
class ProcessOrder:
    field: ProcessOrderField = strawberry.field(description="The time by which the processes are ordered.")
    direction: OrderDirection = strawberry.field(description="The direction of the order.")


@strawberry.input(description="The conditions that an input request must meet; all of them together.")
class InputRequestFilter:
    statuses: list[InputRequestStatus] | None = strawberry.field(
        default_factory=lambda: [InputRequestStatus.OPEN],
        description="The status is one of these. Default: OPEN. Null does not filter.",
    )
    assignee_keys: list[str] | None = strawberry.field(
        default=None, description="The assignee is one of these teams, given by their keys; null does not filter."
    )
    workflow_names: list[str] | None = strawberry.field(
        default=None, description="The workflow has one of these names; null does not filter."
    )
    overdue: bool | None = strawberry.field(
        default=None, description="True: only those after their due date. False: only the others. Null does not filter."
    )
    claimed_by: strawberry.ID | None = strawberry.field(
        default=None, description="The user with this id has claimed the input request; null does not filter."
    )
    claimed: bool | None = strawberry.field(
        default=None,
        description="True: only those that somebody has claimed. False: only the others. Null does not filter.",
    )
    mine: bool | None = strawberry.field(
        default=None,
        description="True: only those that wait for the caller: assigned to the caller's teams or to everybody, not "
        "claimed by anybody else, not decided by the caller, and no approval of the caller's own change where that is "
        "forbidden. False: only the others. Null does not filter.",
    )
    search: str | None = strawberry.field(
        default=None,
        description="The subject, the name or the description of the workflow, the note or (from 4 digits on) the id "
        "of the process contains this text, in upper or lower case; null does not filter.",
    )
    products: list[str] | None = strawberry.field(
        default=None,
        description="The process works on a product subscription to one of these products, given by their names; null "
        "does not filter.",
    )
    created_by: strawberry.ID | None = strawberry.field(
        default=None, description="The user with this id started the process; null does not filter."
    )

    def as_of(self, now: datetime, runtime: Runtime, principal: Principal) -> listing.InputRequestFilter:
        inbox = None if self.mine is None else input_request_reads.inbox(runtime, principal, is_mine=self.mine)
        process = process_filters.ProcessFilter(
            workflow_names=self.workflow_names,
            search=_searched(self.search),
            found_workflows=runtime.registry.described(self.search) if self.search else (),
            products=self.products,
            created_by=self.created_by,
        )
        return listing.InputRequestFilter(
            now, self.statuses, self.assignee_keys, self.overdue, self.claimed, self.claimed_by, inbox, process
        )


@strawberry.input(description="The conditions that a callback must meet; all of them together.")
class CallbackFilter:
    statuses: list[CallbackStatus] | None = strawberry.field(
        default=None, description="The status is one of these; null does not filter."
    )
    process_id: strawberry.ID | None = strawberry.field(
        default=None, description="The callback belongs to the process with this id; null does not filter."
    )
    overdue: bool | None = strawberry.field(
        default=None,
        description="True: only those that are still open after their deadline. False: only the others. Null does not "
        "filter.",
    )

    def as_of(self, now: datetime) -> listing.CallbackFilter:
        return listing.CallbackFilter(now, self.statuses, uuid_if_given(self.process_id), self.overdue)


@strawberry.input(description="The conditions that an event must meet; all of them together.")
class EventFilter:
    process_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The event is about one of these processes, given by their ids; null does not filter."
    )
    workflow_names: list[str] | None = strawberry.field(
        default=None, description="The workflow has one of these names; null does not filter."
    )
    kinds: list[EventKind] | None = strawberry.field(
        default=None, description="The kind is one of these; null does not filter."
    )
    assignee_keys: list[str] | None = strawberry.field(
        default=None,
        description="The event is about a process that waits for one of these teams, given by their keys; null does "
        "not filter.",
    )

    def read(self) -> events.EventFilter:
        return events.EventFilter(
            process_ids=None if self.process_ids is None else tuple(uuid_or_nowhere(id) for id in self.process_ids),
            workflow_names=_tuple(self.workflow_names),
            kinds=_tuple(self.kinds),
            assignee_keys=_tuple(self.assignee_keys),
        )


def uuid_or_nowhere(id: str) -> UUID:
    """The id as a UUID; `NOWHERE` if it is not one."""
    try:
        return UUID(id)
    except ValueError:
        return NOWHERE


def uuid_if_given(id: str | None) -> UUID | None:
    """The same; None without an id, which does not filter."""
    return None if id is None else uuid_or_nowhere(id)


def _searched(text: str | None) -> str | None:
    """The text of a search. Raises `PayloadInvalid` for a long one: the database compares it with each row."""
    demand_short("search", text, LONGEST_SEARCH)
    return text


def _span(range_: DateTimeRange | None) -> process_filters.Span:
    return process_filters.Span(range_.from_, range_.to) if range_ else process_filters.Span()


def _tuple(values: list[T] | None) -> tuple[T, ...] | None:
    return None if values is None else tuple(values)
