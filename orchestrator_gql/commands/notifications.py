"""resendNotification: send a notification again that was given up, or that its receiver lost."""

from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine.audit_log import write_down
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import notifications, processes
from orchestrator_gql.storage.notifications import Notification
from orchestrator_gql.utils.errors import InvalidState, NotFound


async def resend_notification(runtime: Runtime, principal: Principal, *, notification_id: UUID) -> Notification:
    """Make the notification due now, under its id. Raises `NotFound`, and `InvalidState` if it is still to be sent."""
    principal.demand(Permission.MANAGE_ENGINE)

    def send_again(conn: Connection) -> Notification:
        notification = notifications.load(conn, notification_id)
        if notification is None:
            raise NotFound("notification", notification_id)
        processes.hold(conn, notification.process_id)  # its audit entry belongs to the chain of the process
        now = runtime.clock.now()
        if not notifications.send_again(conn, notification_id, now):
            raise InvalidState(
                "The notification is not given up: it will be sent without this.", process_id=notification.process_id
            )
        details = {"notification": str(notification_id), "target": notification.target}
        write_down(
            conn, runtime, notification.process_id, actor=principal.id, action="resendNotification", now=now, **details
        )
        due = notifications.load(conn, notification_id)
        assert due is not None
        return due

    notification = await runtime.database.transaction(send_again)
    runtime.outbox.set()
    return notification
