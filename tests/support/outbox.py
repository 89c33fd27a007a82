"""Reads the outbox, for tests."""

from typing import Any

from orchestrator_gql.storage import notifications
from orchestrator_gql.storage.notifications import Notification, NotificationFilter
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.types import NotificationStatus
from support.engine import Engine

KEY = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def hook(url: str, **options: Any) -> dict[str, Any]:
    """The setting of a webhook with that URL on this machine."""
    return {"url": url, "signature_key": KEY, "allow_private": True, **options}


async def outbox(engine: Engine, **conditions: Any) -> list[Notification]:
    """The notifications in the outbox, the oldest first."""
    page = await engine.read(lambda conn: notifications.page(conn, NotificationFilter(**conditions), PageArgs(200)))
    return [notification for _, notification in page.items][::-1]


async def reach(
    engine: Engine, status: NotificationStatus, count: int = 1, *, tries: int | None = None
) -> list[Notification]:
    """Wait until ``count`` notifications have the status, after ``tries`` tries; those notifications."""

    async def look() -> list[Notification] | None:
        stored = await outbox(engine, statuses=[status])
        reached = [notification for notification in stored if tries in (None, len(notification.log))]
        return reached if len(reached) >= count else None

    return await engine.until(look, awaited=f"{count} notifications to be {status} after {tries or 'any'} tries")
