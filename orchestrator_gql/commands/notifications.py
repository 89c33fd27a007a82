"""resendNotification: send again what was given up, or what arrived and got lost there."""

from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine.audit_log import write_down
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import notifications, processes
from orchestrator_gql.storage.notifications import Notification
from orchestrator_gql.utils.errors import InvalidState, NotFound


async def resend_notification(runtime: Runtime, principal: Principal, *, notification_id: UUID) -> Notification:
    """Make it due at once, under its old id. Raises `NotFound`, and `InvalidState` where it waits to be sent anyway."""
    principal.demand(Permission.MANAGE_ENGINE)

    def send_again(conn: Connection) -> Notification:
        found = notifications.load(conn, notification_id)
        if found is None:
            raise NotFound("notification", notification_id)
        processes.hold(conn, found.process_id)  # the chain of the audit log is its process's
        now = runtime.clock.now()
        if not notifications.send_again(conn, notification_id, now):
            raise InvalidState("It is going to be sent anyway.", process_id=found.process_id)
        told = {"notification": str(notification_id), "target": found.target}
        write_down(conn, runtime, found.process_id, actor=principal.id, action="resendNotification", now=now, **told)
        again = notifications.load(conn, notification_id)
        assert again is not None
        return again

    made = await runtime.database.transaction(send_again)
    runtime.outbox.set()
    return made
