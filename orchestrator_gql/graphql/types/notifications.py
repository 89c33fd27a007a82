"""The types of notifications and the query that lists them."""

from datetime import datetime
from typing import Annotated

import strawberry

from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.common import CONDITIONS, After, Connection, First, Node, connection_of
from orchestrator_gql.graphql.types.filters import uuid_if_given
from orchestrator_gql.graphql.types.input_requests import InputRequest
from orchestrator_gql.graphql.types.processes import Process
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.reads.notifications import notification_list
from orchestrator_gql.storage import notifications as rows
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.types import NotificationKind, NotificationStatus


@strawberry.type(description="One try to send a notification.")
class NotificationTry:
    at: datetime = strawberry.field(description="The time when the try began.")
    status: int | None = strawberry.field(
        description="The HTTP or SMTP status code of the answer; null if there was no answer."
    )
    error: str | None = strawberry.field(description="The error; null if the receiver accepted the notification.")


@strawberry.type(description="A notification to one target outside of this system.")
class Notification(Node):
    row: strawberry.Private[rows.Notification]
    target: str = strawberry.field(description="The target: `webhook:NAME` or `mail:TEAM`.")
    kind: NotificationKind = strawberry.field(description="The kind of change that the notification reports.")
    status: NotificationStatus = strawberry.field(description="The status of the notification.")
    payload: JSON = strawberry.field(description="The content: the body of a webhook request, or the data of a mail.")
    tries: int = strawberry.field(description="The number of tries, including a current one.")
    last_error: str | None = strawberry.field(description="The error of the last try; null if it had none.")
    created_at: datetime = strawberry.field(description="The time when the notification was created.")
    sent_at: datetime | None = strawberry.field(description="The time when the receiver accepted it; null before that.")

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

    @resolved(description="The time of the next try; null if none is planned.")
    def due_at(self) -> datetime | None:
        return self.row.due_at if self.row.status is NotificationStatus.PENDING else None

    @resolved(description="The last 20 tries, the oldest first.")
    def log(self) -> list[NotificationTry]:
        return [NotificationTry(at=entry.at, status=entry.status, error=entry.error) for entry in self.row.log]

    @resolved(description="The process that the notification is about; null if it no longer exists.")
    async def process(self, info: Info) -> Process | None:
        return await Process.by_id(info, self.row.process_id)

    @resolved(description="The input request that the notification is about; null if it is about the process.")
    async def input_request(self, info: Info) -> InputRequest | None:
        id = self.row.input_request_id
        row = await info.context.loaders.request.load(id) if id is not None else None
        return InputRequest.of(row) if row else None


@strawberry.input(description="The conditions that a notification must meet; all of them together.")
class NotificationFilter:
    statuses: list[NotificationStatus] | None = strawberry.field(
        default=None, description="The status is one of these; null does not filter."
    )
    targets: list[str] | None = strawberry.field(
        default=None, description="The target is one of these; null does not filter."
    )
    process_id: strawberry.ID | None = strawberry.field(
        default=None, description="The notification is about the process with this id; null does not filter."
    )

    def wanted(self) -> rows.NotificationFilter:
        return rows.NotificationFilter(
            statuses=self.statuses,
            targets=self.targets,
            process_id=uuid_if_given(self.process_id),
        )


@strawberry.type
class NotificationQueries:
    """The query of notifications, a part of `Query`."""

    @resolved(
        description="The notifications to people and systems outside, the newest first. It requires MANAGE_ENGINE."
    )
    async def notifications(
        self,
        info: Info,
        filter: Annotated[NotificationFilter | None, CONDITIONS] = None,
        first: First = 50,
        after: After = None,
    ) -> Connection[Notification] | None:
        wanted = (filter or NotificationFilter()).wanted()
        return await connection_of(info, notification_list, wanted, PageArgs(first, after), Notification.of)
