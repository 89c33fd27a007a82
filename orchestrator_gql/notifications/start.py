"""What a server does so that people outside are told: nothing, where nobody is configured to be."""

from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from orchestrator_gql.notifications.recipients import targets_of
from orchestrator_gql.notifications.relay import Follower
from orchestrator_gql.notifications.sender import Sender
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import notifications, outbox_cursor

ABANDONED = timedelta(days=1)
"""What has been due for so long to a target that is not configured is given up; another server may know it sooner."""


async def begin_to_tell(runtime: Runtime) -> list[Coroutine[Any, Any, None]]:
    """What has to run meanwhile; the place in the event log is taken before any of it does.

    Where nobody is to be told, the place is forgotten: whoever is configured later is told of what comes then, and not
    of what was long before.
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
    follower = Follower(runtime, targets)
    await follower.begin()
    return [follower.run(), _sending(runtime)]


async def _sending(runtime: Runtime) -> None:
    from orchestrator_gql.notifications.channels import Ways

    ways = Ways(runtime.settings)
    try:
        await Sender(runtime, ways.to).run()
    finally:
        ways.close()
