"""Starts the notifications of a server, if any target is configured."""

from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from orchestrator_gql.notifications.recipients import targets_of
from orchestrator_gql.notifications.relay import OutboxRelay
from orchestrator_gql.notifications.sender import Sender
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import notifications, outbox_cursor

ABANDONED = timedelta(days=1)
"""A notification to an unknown target is given up after this time; until then, another server may know the target."""


async def start_notifications(runtime: Runtime) -> list[Coroutine[Any, Any, None]]:
    """The coroutines to run while the server runs; the cursor in the event log is loaded before this returns.

    Without any target, the stored cursor is deleted: a target that is configured later receives the events after that
    time, and no old ones.
    """
    targets = targets_of(runtime.settings)
    names = [target.name for target in targets]
    before = runtime.clock.now() - ABANDONED

    def tidy(conn: Connection) -> None:
        notifications.give_up_strangers(conn, names, due_before=before)
        if not targets:
            outbox_cursor.leave(conn)

    await runtime.database.transaction(tidy)
    if not targets:
        return []
    relay = OutboxRelay(runtime, targets)
    await relay.begin()
    return [relay.run(), _sending(runtime)]


async def _sending(runtime: Runtime) -> None:
    from orchestrator_gql.notifications.channels import Channels

    channels = Channels(runtime.settings)
    try:
        await Sender(runtime, channels.by_target).run()
    finally:
        channels.close()
