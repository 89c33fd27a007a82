"""The engine comes to rest: from pausing to paused, when the last step that still ran has ended."""

from datetime import datetime

from sqlalchemy import Connection

from orchestrator_gql.engine.paused import state_changed
from orchestrator_gql.storage import events
from orchestrator_gql.storage.figures import backlog
from orchestrator_gql.storage.work import engine_state


def look(conn: Connection, now: datetime) -> None:
    """Say that the engine is paused, where it was pausing and no living worker is in a step any more."""
    if backlog.held(conn, now) or not engine_state.came_to_rest(conn):
        return
    events.append(conn, [state_changed(engine_state.load(conn), None, now)])
