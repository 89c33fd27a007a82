"""Tells an outage of the database from an error of a statement."""

import sqlite3
from typing import TypeAlias

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError

Failure: TypeAlias = DBAPIError | PendingRollbackError

FAILURES = (DBAPIError, PendingRollbackError)
"""What SQLAlchemy raises if a statement fails, and for the next statements of a transaction whose connection is lost:
code that goes on after an error, such as that of a savepoint, meets the second."""

READ_ONLY = "25006"
"""The SQLSTATE if the server became a standby, or if its administrator stopped all writes."""


def is_connection_lost(error: Failure) -> bool:
    """True if the connection is gone, and with it everything that its transaction did."""
    return isinstance(error, PendingRollbackError) or error.connection_invalidated


def is_outage(error: BaseException) -> bool:
    """True if the database cannot be used now, so that the statement itself may be right."""
    if not isinstance(error, FAILURES):
        return isinstance(error, sqlite3.OperationalError)  # of a statement that went past SQLAlchemy
    is_unreachable = is_connection_lost(error) or isinstance(error, OperationalError | InterfaceError)
    return is_unreachable or sqlstate(error) == READ_ONLY


def sqlstate(error: Failure) -> str | None:
    """The code of PostgreSQL for the error, if it has one."""
    return getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
