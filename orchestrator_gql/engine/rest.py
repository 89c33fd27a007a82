"""The engine comes to rest: from pausing to paused, when the last step that still ran has ended."""

from datetime import datetime

from sqlalchemy import Connection

from orchestrator_gql.storage import engine_state, events, processes
from orchestrator_gql.types import EngineState, Event, EventKind


def look(conn: Connection, now: datetime) -> None:
    """Say that the engine is paused, where it was pausing and no living worker is in a step any more."""
    if processes.held(conn, now) or not engine_state.came_to_rest(conn):
        return
    reason = engine_state.load(conn).reason
    payload = {"state": EngineState.PAUSED, "reason": reason}
    events.append(conn, [Event(EventKind.ENGINE_STATE_CHANGED, now, None, None, payload)])
