"""updateProcessNote: what people write beside a process."""

import hashlib
from dataclasses import replace
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine.audited import write_down
from orchestrator_gql.engine.commit import clean_note, lock_process
from orchestrator_gql.process import Process
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import events, processes
from orchestrator_gql.types import Event, EventKind
from orchestrator_gql.utils.errors import FieldError, PayloadInvalid

LONGEST = 10_000


async def update_process_note(
    runtime: Runtime, principal: Principal, *, process_id: UUID, note: str | None, expected_version: int | None = None
) -> Process:
    """Write, change or (None) remove the note; at most 10,000 characters. Raises `NotFound` and `StaleVersion`."""
    principal.demand(Permission.READ)
    if note is not None and len(note) > LONGEST:
        error = FieldError(("note",), f"A note has at most {LONGEST} characters.", "string_too_long")
        raise PayloadInvalid("The note is too long.", [error])

    note = clean_note(note)

    def write(conn: Connection) -> Process:
        process = lock_process(conn, process_id, expected_version)
        now = runtime.clock.now()
        kept: str | None = process.secrets.concealed(note)
        write_down(
            conn, runtime, process_id, actor=principal.id, action="updateProcessNote", now=now, digest=_digest(kept)
        )
        processes.set_note(conn, process, kept, now)
        events.append(conn, [Event(EventKind.PROCESS_NOTE_CHANGED, now, process_id, principal.id, {"note": kept})])
        return replace(process, note=kept, version=process.version + 1, updated_at=now)

    return await runtime.database.transaction(write)


def _digest(note: str | None) -> str | None:
    """What the audit log keeps of the note: enough to tell later what it said, and not the words."""
    return hashlib.sha256(note.encode()).hexdigest() if note else None
