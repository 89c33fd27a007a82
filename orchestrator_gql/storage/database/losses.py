"""Tells an outage of the database from an error of a statement."""

import sqlite3
from typing import TypeAlias

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.event import listen
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError

from orchestrator_gql.utils.errors import StorageUnavailable

Failure: TypeAlias = DBAPIError | PendingRollbackError

FAILURES = (DBAPIError, PendingRollbackError)
"""What SQLAlchemy raises if a statement fails, and for the next statements of a transaction whose connection is lost:
code that goes on after an error, such as that of a savepoint, meets the second."""

UNUSABLE = frozenset({"25006", "42501", "42P01", "42703", "3F000"})
"""The SQLSTATEs if the server became a standby, or if its administrator stopped all writes; if a right is missing; and
if a table, a column or the schema is missing, as during a restore. Our statements are right: it is the database that
is not as they need it, and it will be again. SQLite calls all of these an operational error."""

CHANGED = "0A000"
"""The SQLSTATE if a migration changed the columns that a prepared statement returns; other errors have it, too."""

CHECK = "RevalidateCachedQuery"
"""The function of PostgreSQL that finds this. The text of the message depends on the language of the server."""

FORGOTTEN = frozenset({"26000", "42P05"})
"""The SQLSTATE if a prepared statement does not exist, or exists already: a pooler lent the session to others."""


def is_stale(error: BaseException | None) -> bool:
    """True if the statements that the connection prepared are not valid any more. Nothing was executed."""
    code = getattr(error, "sqlstate", None)
    return code in FORGOTTEN or (code == CHANGED and getattr(error, "diag").source_function == CHECK)  # noqa: B009


def renew_stale_connections(engine: Engine) -> None:
    """Take such an error for a loss of all connections of the pool: the unit is repeated on a new connection.

    Otherwise the statement would fail on each old connection until the server is started again.
    """
    listen(engine, "handle_error", _renew)


def _renew(context: ExceptionContext) -> None:
    if is_stale(context.original_exception):
        context.is_disconnect = True


def is_connection_lost(error: Failure) -> bool:
    """True if the connection is gone, and with it everything that its transaction did."""
    return isinstance(error, PendingRollbackError) or error.connection_invalidated


def is_outage(error: BaseException) -> bool:
    """True if the database cannot be used now, so that the statement itself may be right."""
    if not isinstance(error, FAILURES):
        return isinstance(error, sqlite3.OperationalError)  # of a statement that went past SQLAlchemy
    is_unreachable = is_connection_lost(error) or isinstance(error, OperationalError | InterfaceError)
    return is_unreachable or sqlstate(error) in UNUSABLE


def sqlstate(error: Failure) -> str | None:
    """The code of PostgreSQL for the error, if it has one."""
    return getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None


def translated(error: Failure) -> Exception:
    """The error to raise: `StorageUnavailable` for an outage."""
    return StorageUnavailable() if is_outage(error) else error
