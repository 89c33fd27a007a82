"""Notifications: pending, sent and given up."""

from uuid import UUID

from orchestrator_gql.reads.lists import RowList
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import notifications
from orchestrator_gql.storage.notifications import Notification

notification_list = RowList(notifications.page, notifications.count, Permission.MANAGE_ENGINE)
"""The notifications, newest first."""


async def notification(runtime: Runtime, principal: Principal, id: UUID) -> Notification | None:
    """The notification; None if it does not exist or the principal may not manage the engine."""
    if Permission.MANAGE_ENGINE not in principal.permissions:
        return None
    return await runtime.database.read(lambda conn: notifications.load(conn, id))
