"""Stores the progress reports of remote services, under the lock of the process."""

from datetime import timedelta

from sqlalchemy import Connection

from orchestrator_gql.callbacks.progress import Report
from orchestrator_gql.callbacks.rules import Receipt, Rejected, judge_progress
from orchestrator_gql.engine.callbacks.deliveries import DRY_RUN, Address, lock_callback
from orchestrator_gql.engine.callbacks.service_auth import denied
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import callback_progress, callbacks, events, timers
from orchestrator_gql.storage.timers import TimerKind
from orchestrator_gql.types import Event, EventKind, Json
from orchestrator_gql.utils.errors import CallbackUnknown
from orchestrator_gql.utils.tokens import conceal


def report(conn: Connection, runtime: Runtime, address: Address, progress: Report) -> Receipt | Rejected:
    """Log the progress of the remote job and start the heartbeat timeout of the wait again."""
    now = runtime.clock.now()
    target = lock_callback(conn, address)
    if target is None:
        raise CallbackUnknown
    process, _, callback = target
    refused = denied(runtime, callback, address.proof, address.peer, now) or judge_progress(callback, now)
    if refused is not None:
        return refused
    if address.is_dry_run:
        return Receipt(DRY_RUN, now)
    # PostgreSQL cannot store NUL in a text
    message = conceal(progress.message.replace("\0", "\ufffd"), (address.token,)) if progress.message else None
    message = process.secrets.text(message) if message else None
    data = process.secrets.concealed(conceal(progress.data, (address.token,)))
    callback_progress.append(conn, callback.id, percent=progress.percent, message=message, data=data, now=now)
    due = now + timedelta(seconds=callback.heartbeat) if callback.heartbeat else None
    latest: dict[str, Json] = {
        "percent": progress.percent,
        "message": message,
        "data": data,
        "reported_at": now.isoformat(),
    }
    callbacks.reported(conn, callback.id, latest, due)
    if due is not None:
        timers.postpone(conn, TimerKind.HEARTBEAT, callback.id, due)
    payload = {"callback_id": str(callback.id), "progress": latest}
    events.append(conn, [Event(EventKind.CALLBACK_PROGRESSED, now, process.id, None, payload)])
    return Receipt(str(callback.id), now)
