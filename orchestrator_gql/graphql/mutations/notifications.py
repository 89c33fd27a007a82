"""Mutations on what people outside are told."""

from typing import Annotated

import strawberry

from orchestrator_gql.commands.notifications import resend_notification
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.errors import ConflictError, ForbiddenError, NotFoundError, typed
from orchestrator_gql.graphql.types.filters import uuid_or_nowhere
from orchestrator_gql.graphql.types.notifications import Notification
from orchestrator_gql.graphql.types.resolving import mutation
from orchestrator_gql.utils.errors import OrchestratorError


@strawberry.input(description="Which notification to send again.")
class ResendNotificationInput:
    notification_id: strawberry.ID = strawberry.field(description="One that was sent or given up.")


@strawberry.type(description="It is sent again at once, under its old id.")
class ResendNotificationSuccess:
    notification: Notification = strawberry.field(description="It, due now.")


ResendNotificationResult = Annotated[
    ResendNotificationSuccess | NotFoundError | ForbiddenError | ConflictError,
    strawberry.union("ResendNotificationResult", description="What came of asking for it."),
]


@strawberry.type
class NotificationMutations:
    """Joined into Mutation."""

    @mutation(
        description="Send again what was given up, or what was sent and got lost behind the receiver's door. A "
        "receiver knows it by its id, which stays."
    )
    async def resend_notification(
        self, info: Info, input: Annotated[ResendNotificationInput, strawberry.argument(description="Which one.")]
    ) -> ResendNotificationResult:
        context = info.context
        id = uuid_or_nowhere(input.notification_id)
        try:
            row = await resend_notification(context.runtime, context.principal, notification_id=id)
        except OrchestratorError as error:
            return typed(error)  # type: ignore[return-value]
        return ResendNotificationSuccess(notification=Notification.of(row))
