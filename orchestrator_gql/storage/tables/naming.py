"""The metadata of all tables: the names of constraints, and indexes of some of the rows."""

from typing import Any

from sqlalchemy import ColumnElement, Index, MetaData, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def partial_index(name: str, *columns: ColumnElement[Any], where: str, unique: bool = False) -> None:
    """Create an index of the rows for which the condition is true, on both dialects."""
    Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))
