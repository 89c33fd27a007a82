"""The metadata of all tables: the names of constraints, and indexes of some of the rows."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Index, MetaData, event, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_WHERE = "where"


def partial_index(
    name: str, *columns: ColumnElement[Any], where: str | ColumnElement[bool], unique: bool = False
) -> None:
    """Create an index of the rows for which the condition is true, on both dialects."""
    Index(name, *columns, unique=unique, info={_WHERE: text(where) if isinstance(where, str) else where})


@event.listens_for(metadata, "before_create")
def _add_conditions(_: MetaData, conn: Connection, **__: Any) -> None:
    """Tell the dialect the conditions of the indexes. `Index` itself would import the dialect at once, and both."""
    for table in metadata.tables.values():
        for index in table.indexes:
            if _WHERE in index.info:
                index.dialect_kwargs[f"{conn.dialect.name}_where"] = index.info[_WHERE]
