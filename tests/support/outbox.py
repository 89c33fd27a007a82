"""The outbox as tests look into it."""

from typing import Any

from orchestrator_gql.storage import notifications
from orchestrator_gql.storage.notifications import Notification, NotificationFilter
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.types import NotificationStatus
from support.engine import Engine

KEY = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def hook(url: str, **given: Any) -> dict[str, Any]:
    """The setting of a webhook at that receiver of this machine."""
    return {"url": url, "signature_key": KEY, "allow_private": True, **given}


async def outbox(engine: Engine, **wanted: Any) -> list[Notification]:
    """What is in the outbox, the oldest first."""
    page = await engine.read(lambda conn: notifications.page(conn, NotificationFilter(**wanted), PageArgs(200)))
    return [one for _, one in page.items][::-1]


async def reach(
    engine: Engine, status: NotificationStatus, count: int = 1, *, tries: int | None = None
) -> list[Notification]:
    """The notifications that stand so, once there are so many, after so many tries."""

    async def look() -> list[Notification] | None:
        found = [one for one in await outbox(engine, statuses=[status]) if tries in (None, len(one.log))]
        return found if len(found) >= count else None

    return await engine.until(look, told=f"{count} notifications to be {status} after {tries or 'any'} tries")
