"""Checks that the engine is not paused, and reports changes of its state."""

from datetime import datetime

from sqlalchemy import Connection

from orchestrator_gql.security import display_name
from orchestrator_gql.storage import backlog, engine_state, events
from orchestrator_gql.storage.engine_state import EngineStatus
from orchestrator_gql.types import Event, EventKind
from orchestrator_gql.utils.errors import EnginePaused


def demand_running(conn: Connection) -> None:
    """Raise `EnginePaused` unless the engine starts new steps, on PostgreSQL perhaps only before the COMMIT.

    Call it in the transaction that starts the step. Otherwise a step could start after the pause was acknowledged.
    """

    def demand(status: EngineStatus) -> None:
        if (paused := pause_of(status)) is not None:
            raise paused

    engine_state.demand(conn, demand)


def pause_of(status: EngineStatus) -> EnginePaused | None:
    """The error for what a paused engine refuses; None if the engine starts new steps."""
    if not status.is_paused:
        return None
    assert status.changed_at is not None, "only a change pauses it, and a change has a time"
    by = f" by {display_name(status.changed_by)}" if status.changed_by else ""
    why = f" ({status.reason})" if status.reason else ""
    return EnginePaused(
        f"The engine was paused{by} at {status.changed_at:%Y-%m-%d %H:%M:%S} UTC{why}: "
        "nothing is started until it is resumed.",
        since=status.changed_at,
        by=status.changed_by,
    )


def state_changed(status: EngineStatus, actor: str | None, now: datetime) -> Event:
    """The event for the new state of the engine; ``actor`` is None if the engine reached the state by itself."""
    payload = {"state": status.state, "reason": status.reason}
    return Event(EventKind.ENGINE_STATE_CHANGED, now, None, actor, payload)


def finish_pausing(conn: Connection, now: datetime) -> None:
    """Change the state from pausing to paused if no living worker runs a step any more, and append the event."""
    if backlog.held(conn, now) or not engine_state.came_to_rest(conn):
        return
    events.append(conn, [state_changed(engine_state.load(conn), None, now)])
