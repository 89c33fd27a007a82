"""Claims a process in the transaction of PostgreSQL that makes it runnable, if a worker of this server is free.

A claim of its own would be one commit more, and a job in the queue. The unit must hold the process already: a wait for
a lock behind its first write would assign the number of the transaction too early for the event log (see
`storage.processes`). A claim that fails after it wrote something undoes the transaction, which runs again without it;
so no claim needs a savepoint. If the COMMIT is sent with the writes, the claim fails with the COMMIT.
"""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.storage.database.after_commit import Claim, CommitEffects, MakeClaim, begin_unit, restore_unit
from orchestrator_gql.storage.database.pipeline import demand_pipeline


class ClaimFailed(Exception):
    """The claim cannot be undone alone: the transaction must run again without a claim."""


def claim_woken(
    conn: Connection,
    effects: CommitEffects,
    claimer: Callable[[UUID], MakeClaim | None],
    claims: list[Claim],
) -> None:
    """Claim the process that the unit woke, if there is only one. The claim is added to ``claims`` at once: if the
    transaction fails, the caller drops it. Raises `ClaimFailed`."""
    if len(effects.woken) != 1 or not effects.shares_engine or not effects.woken <= effects.held:
        return
    (process_id,) = effects.woken
    make = claimer(process_id)
    if make is None:
        return
    pipeline = demand_pipeline(conn)
    of_claim = begin_unit(conn, known=effects.known)
    pipeline.protect()
    try:
        claim = make(conn)
        if claim is not None:
            claims.append(claim)
            if not effects.is_repeatable:  # else the writes are sent with the COMMIT
                pipeline.flush(conn)
    except Exception as error:
        if conn.invalidated:
            raise
        if claims or not pipeline.undo():
            raise ClaimFailed from error
        claim = None
    else:
        if claim is None and not pipeline.undo():
            raise ClaimFailed
    finally:
        restore_unit(conn, effects)
    if claim is not None:
        effects.woken.clear()
        effects.add(of_claim)
        effects.claims.append(claim)
