"""The mutation that sends a notification again."""

from typing import Annotated

import strawberry

from orchestrator_gql.commands.notifications import resend_notification
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.errors import ConflictError, ForbiddenError, NotFoundError, result_or_error
from orchestrator_gql.graphql.types.filters import uuid_or_nowhere
from orchestrator_gql.graphql.types.notifications import Notification
from orchestrator_gql.graphql.types.resolving import mutation
from orchestrator_gql.storage import notifications as rows


@strawberry.input(description="The input of `resendNotification`.")
class ResendNotificationInput:
    notification_id: strawberry.ID = strawberry.field(
        description="The id of a notification whose status is SENT or DEAD."
    )


@strawberry.type(description="The notification is sent again at once, with the same id.")
class ResendNotificationSuccess:
    notification: Notification = strawberry.field(description="The notification, which is due now.")

    @classmethod
    def of(cls, row: rows.Notification) -> "ResendNotificationSuccess":
        return cls(notification=Notification.of(row))


ResendNotificationResult = Annotated[
    ResendNotificationSuccess | NotFoundError | ForbiddenError | ConflictError,
    strawberry.union("ResendNotificationResult", description="The result of `resendNotification`."),
]


@strawberry.type
class NotificationMutations:
    """The mutation of notifications, a part of `Mutation`."""

    @mutation(
        description="Send a notification again that was given up, or that the receiver accepted and lost. Its id "
        "stays the same, so a receiver can recognize it. It refuses an unknown notification (NotFoundError), a "
        "missing permission (ForbiddenError) and a notification that still waits to be sent (ConflictError)."
    )
    async def resend_notification(
        self,
        info: Info,
        input: Annotated[ResendNotificationInput, strawberry.argument(description="The notification to send again.")],
    ) -> ResendNotificationResult:
        context = info.context
        id = uuid_or_nowhere(input.notification_id)
        command = resend_notification(context.runtime, context.principal, notification_id=id)
        return await result_or_error(command, ResendNotificationSuccess.of, input.notification_id)
