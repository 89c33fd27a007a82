"""What people outside are told: what went out, what waits to, what was given up."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.common import After, Connection, First, Node, connection
from orchestrator_gql.graphql.types.filters import uuid_or_nowhere
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.reads import notifications as notification_reads
from orchestrator_gql.storage import notifications as rows
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.types import NotificationKind, NotificationStatus

if TYPE_CHECKING:
    from orchestrator_gql.graphql.types.input_requests import InputRequest
    from orchestrator_gql.graphql.types.processes import Process


@strawberry.type(description="One try to send a notification.")
class NotificationTry:
    at: datetime = strawberry.field(description="When it began.")
    status: int | None = strawberry.field(description="What was answered, by HTTP's or SMTP's code.")
    error: str | None = strawberry.field(description="What went wrong; null where it was taken.")


@strawberry.type(description="Something that one target outside is told.")
class Notification(Node):
    row: strawberry.Private[rows.Notification]
    target: str = strawberry.field(description="Who is told: `webhook:NAME`, or `mail:TEAM`.")
    kind: NotificationKind = strawberry.field(description="Of what.")
    status: NotificationStatus = strawberry.field(description="Whether it arrived.")
    payload: JSON = strawberry.field(description="What a webhook is sent and a mail is written from.")
    tries: int = strawberry.field(description="How often it was tried, one that is going on included.")
    last_error: str | None = strawberry.field(description="What went wrong the last time.")
    created_at: datetime = strawberry.field(description="Since when it is to be told.")
    sent_at: datetime | None = strawberry.field(description="When it was taken.")

    @classmethod
    def of(cls, row: rows.Notification) -> "Notification":
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            target=row.target,
            kind=row.kind,
            status=row.status,
            payload=row.payload,
            tries=row.tries,
            last_error=row.last_error,
            created_at=row.created_at,
            sent_at=row.sent_at,
        )

    @resolved(description="When it is tried next; null where it is not.")
    def due_at(self) -> datetime | None:
        return self.row.due_at if self.row.status is NotificationStatus.PENDING else None

    @resolved(description="The latest tries, the oldest first; at most 20.")
    def log(self) -> list[NotificationTry]:
        return [NotificationTry(at=entry.at, status=entry.status, error=entry.error) for entry in self.row.log]

    @resolved(description="The process that it is about.")
    async def process(
        self, info: Info
    ) -> Annotated["Process", strawberry.lazy("orchestrator_gql.graphql.types.processes")] | None:
        from orchestrator_gql.graphql.types.processes import Process

        found = await info.context.loaders.process.load(self.row.process_id)
        return Process.of(found) if found else None

    @resolved(description="The form that it is about; null where it is about the process.")
    async def input_request(
        self, info: Info
    ) -> Annotated["InputRequest", strawberry.lazy("orchestrator_gql.graphql.types.input_requests")] | None:
        from orchestrator_gql.graphql.types.input_requests import InputRequest

        id = self.row.input_request_id
        found = await info.context.loaders.request.load(id) if id is not None else None
        return InputRequest.of(found) if found else None


@strawberry.input(description="Which notifications.")
class NotificationFilter:
    statuses: list[NotificationStatus] | None = strawberry.field(default=None, description="In one of these statuses.")
    targets: list[str] | None = strawberry.field(default=None, description="To one of these targets.")
    process_id: strawberry.ID | None = strawberry.field(default=None, description="About this process.")

    def wanted(self) -> rows.NotificationFilter:
        return rows.NotificationFilter(
            statuses=self.statuses,
            targets=self.targets,
            process_id=uuid_or_nowhere(self.process_id) if self.process_id is not None else None,
        )


@strawberry.type
class NotificationQueries:
    """Joined into Query."""

    @resolved(description="What people outside are told, the newest first; it needs MANAGE_ENGINE.")
    async def notifications(
        self,
        info: Info,
        filter: Annotated[NotificationFilter | None, strawberry.argument(description="Which of them.")] = None,
        first: First = 50,
        after: After = None,
    ) -> Connection[Notification]:
        context, wanted = info.context, (filter or NotificationFilter()).wanted()
        page_args = PageArgs(first, after)
        page = await notification_reads.notification_page(context.reading, context.principal, wanted, page_args)

        async def total() -> int:
            return await notification_reads.notification_count(context.reading, context.principal, wanted)

        result: Connection[Notification] = connection(page, Notification.of, total)
        return result
