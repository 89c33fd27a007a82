"""Runs a unit whose COMMIT may be sent with its writes, and finds out what happened if its outcome is unknown."""

from sqlalchemy import Connection

from orchestrator_gql.storage.database import Database
from orchestrator_gql.storage.database.after_commit import CommitEffects, T, Unit, commit_effects
from orchestrator_gql.utils.errors import OutcomeUnknown, StorageUnavailable


async def transaction_or_find(database: Database, unit: Unit[T], find: Unit[T | None]) -> T:
    """Run the unit. If its outcome is unknown and it said that it is repeatable, look for what it stored: ``find``
    returns that, or None, and then the unit runs once more.

    ``find`` takes the lock that the unit took first: when it has the lock, the first transaction has ended.
    """
    effects: CommitEffects | None = None

    def first(conn: Connection) -> T:
        nonlocal effects
        effects = commit_effects(conn)
        return unit(conn)

    def second(conn: Connection) -> T:
        found = find(conn)
        return unit(conn) if found is None else found

    try:
        return await database.transaction(first)
    except OutcomeUnknown as unknown:
        if effects is None or not effects.is_repeatable:
            raise
        try:
            return await database.transaction(second)
        except StorageUnavailable:  # the first one may be stored
            raise unknown from None
