"""The event log, as a stream and in pages."""

from collections.abc import AsyncGenerator

from sqlalchemy import Connection

from orchestrator_gql.events.stream import Batch, follow
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import events
from orchestrator_gql.storage.events import BEGINNING, EventFilter, Page


def followed(
    runtime: Runtime, principal: Principal, *, after: str | None, wanted: EventFilter
) -> AsyncGenerator[Batch, None]:
    """An endless stream of batches: the events after the cursor that fit the filter."""
    principal.demand(Permission.READ)
    return follow(runtime.database, runtime.notifier, after=after, wanted=wanted)


async def event_page(
    runtime: Runtime, principal: Principal, *, after: str | None, wanted: EventFilter, first: int
) -> tuple[Page, bool]:
    """At most ``first`` events after the cursor, or from the beginning, and whether the log lost events before them."""
    principal.demand(Permission.READ)

    def read(conn: Connection) -> tuple[Page, bool]:
        is_reset = after is not None and events.is_forgotten(conn, after)
        return events.after(conn, BEGINNING if after is None else after, wanted, first), is_reset

    return await runtime.database.read(read)
