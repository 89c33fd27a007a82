"""Notifications: pending, sent and given up."""

from uuid import UUID

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import notifications
from orchestrator_gql.storage.notifications import Notification, NotificationFilter
from orchestrator_gql.storage.pagination import PageArgs, RowPage


async def notification_page(
    runtime: Runtime, principal: Principal, wanted: NotificationFilter, page_args: PageArgs
) -> RowPage[Notification]:
    """A page of the notifications, newest first."""
    principal.demand(Permission.MANAGE_ENGINE)
    return await runtime.database.read(lambda conn: notifications.page(conn, wanted, page_args))


async def notification_count(runtime: Runtime, principal: Principal, wanted: NotificationFilter) -> int:
    """The number of notifications that fit the filter."""
    principal.demand(Permission.MANAGE_ENGINE)
    return await runtime.database.read(lambda conn: notifications.count(conn, wanted))


async def notification(runtime: Runtime, principal: Principal, id: UUID) -> Notification | None:
    """The notification; None if it does not exist or the principal may not manage the engine."""
    if Permission.MANAGE_ENGINE not in principal.permissions:
        return None
    return await runtime.database.read(lambda conn: notifications.load(conn, id))
