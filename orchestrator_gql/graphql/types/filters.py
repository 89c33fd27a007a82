"""What lists are filtered and ordered by."""

from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import strawberry

from orchestrator_gql.graphql.types.common import DateTimeRange
from orchestrator_gql.graphql.types.enums import OrderDirection, ProcessOrderField
from orchestrator_gql.reads import input_requests as input_request_reads
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Principal
from orchestrator_gql.storage import events, listing
from orchestrator_gql.targets import Target
from orchestrator_gql.types import CallbackStatus, EventKind, InputRequestStatus, ProcessStatus

T = TypeVar("T")

NOWHERE = UUID(int=0)
"""An id that nothing has: a filter by something that is no id finds nothing."""


@strawberry.input(description="Which workflows.")
class WorkflowFilter:
    names: list[str] | None = strawberry.field(default=None, description="With one of these names.")
    targets: list[Target] | None = strawberry.field(default=None, description="With one of these targets.")
    search: str | None = strawberry.field(default=None, description="With this in name or description.")


@strawberry.input(description="Which processes; conditions add up.")
class ProcessFilter:
    ids: list[strawberry.ID] | None = strawberry.field(default=None, description="With one of these ids.")
    statuses: list[ProcessStatus] | None = strawberry.field(default=None, description="In one of these statuses.")
    workflow_names: list[str] | None = strawberry.field(default=None, description="Of one of these workflows.")
    targets: list[Target] | None = strawberry.field(default=None, description="With one of these targets.")
    assignee_keys: list[str] | None = strawberry.field(default=None, description="Waiting for one of these teams.")
    product_subscription_id: strawberry.ID | None = strawberry.field(
        default=None, description="Working on this product subscription."
    )
    created_by: strawberry.ID | None = strawberry.field(default=None, description="Started by this user.")
    started_at: DateTimeRange | None = strawberry.field(default=None, description="Started in this time.")
    updated_at: DateTimeRange | None = strawberry.field(default=None, description="Last changed in this time.")
    search: str | None = strawberry.field(default=None, description="With this in workflow name, note or id.")

    def within(self, workflow_names: list[str] | None = None) -> listing.ProcessFilter:
        wanted = listing.ProcessFilter(
            ids=None if self.ids is None else [uuid_or_nowhere(id) for id in self.ids],
            statuses=self.statuses,
            workflow_names=self.workflow_names,
            targets=self.targets,
            assignee_keys=self.assignee_keys,
            product_subscription_id=uuid_or_nowhere(self.product_subscription_id)
            if self.product_subscription_id is not None
            else None,
            created_by=self.created_by,
            started_at=_span(self.started_at),
            updated_at=_span(self.updated_at),
            search=self.search,
        )
        return wanted if workflow_names is None else replace(wanted, workflow_names=workflow_names)


@strawberry.input(description="How processes are ordered.")
class ProcessOrder:
    field: ProcessOrderField = strawberry.field(description="By which instant.")
    direction: OrderDirection = strawberry.field(description="Which end first.")


@strawberry.input(description="Which input requests; conditions add up.")
class InputRequestFilter:
    statuses: list[InputRequestStatus] | None = strawberry.field(
        default_factory=lambda: [InputRequestStatus.OPEN], description="In one of these statuses; default: open ones."
    )
    assignee_keys: list[str] | None = strawberry.field(default=None, description="For one of these teams.")
    workflow_names: list[str] | None = strawberry.field(default=None, description="Of one of these workflows.")
    overdue: bool | None = strawberry.field(default=None, description="Past their due date, or not.")
    claimed_by: strawberry.ID | None = strawberry.field(default=None, description="Taken by this user.")
    mine: bool | None = strawberry.field(
        default=None, description="What the caller's teams, or everybody, should answer, and nobody else has taken."
    )

    def as_of(self, now: datetime, runtime: Runtime, principal: Principal) -> listing.InputRequestFilter:
        inbox = None if self.mine is None else input_request_reads.inbox(runtime, principal, is_mine=self.mine)
        return listing.InputRequestFilter(
            now, self.statuses, self.assignee_keys, self.workflow_names, self.overdue, self.claimed_by, inbox
        )


@strawberry.input(description="Which callbacks; conditions add up.")
class CallbackFilter:
    statuses: list[CallbackStatus] | None = strawberry.field(default=None, description="In one of these statuses.")
    process_id: strawberry.ID | None = strawberry.field(default=None, description="Of this process.")
    overdue: bool | None = strawberry.field(default=None, description="Past their deadline and still waiting, or not.")

    def as_of(self, now: datetime) -> listing.CallbackFilter:
        process_id = None if self.process_id is None else uuid_or_nowhere(self.process_id)
        return listing.CallbackFilter(now, self.statuses, process_id, self.overdue)


@strawberry.input(description="Which events; conditions add up.")
class EventFilter:
    process_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Of one of these processes.")
    workflow_names: list[str] | None = strawberry.field(default=None, description="Of one of these workflows.")
    kinds: list[EventKind] | None = strawberry.field(default=None, description="Of one of these kinds.")
    assignee_keys: list[str] | None = strawberry.field(
        default=None, description="Of processes that wait for one of these teams."
    )

    def read(self) -> events.EventFilter:
        return events.EventFilter(
            process_ids=None if self.process_ids is None else tuple(uuid_or_nowhere(id) for id in self.process_ids),
            workflow_names=_tuple(self.workflow_names),
            kinds=_tuple(self.kinds),
            assignee_keys=_tuple(self.assignee_keys),
        )


def uuid_or_nowhere(id: str) -> UUID:
    """The id as a UUID; what is none names nothing."""
    try:
        return UUID(id)
    except ValueError:
        return NOWHERE


def _span(range_: DateTimeRange | None) -> listing.Span:
    return listing.Span(range_.from_, range_.to) if range_ else listing.Span()


def _tuple(values: list[T] | None) -> tuple[T, ...] | None:
    return None if values is None else tuple(values)
