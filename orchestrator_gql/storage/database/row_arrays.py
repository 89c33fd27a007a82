"""The SQL of a write for any number of rows: each parameter is an array of texts with the values of all rows.

So PostgreSQL prepares the statement once for all numbers of rows, and reads some arrays instead of hundreds of
parameters. ``columns`` are the parameters, each with the type to which its texts are cast; the type is empty if the SQL
has a cast, or if the value is a text.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MOST_CHARACTERS = 1_000_000
"""Characters that the rows of one statement have at most, unless it has only one row."""

_PARAMETER = re.compile(r"%\((\w+)\)s")


def insert_of(head: str, row: str, tail: str, columns: Mapping[str, str], first: int) -> str:
    """The insert, in the order of the arrays; its parameters are the numbers from ``first``.

    ``head`` is the SQL before the values of a row, ``tail`` the SQL behind them.
    """
    before = head.removesuffix(" VALUES ")
    values = _named(row.removeprefix("(").removesuffix(")"), columns)
    source = f"FROM {_rows(columns, first)} ORDER BY each_row.place_of_row"
    return f"{before} SELECT {values} {source}{tail}"


def change_of(sql: str, columns: Mapping[str, str], first: int) -> str:
    """The UPDATE or DELETE; its parameters are the numbers from ``first``."""
    before, _, condition = _named(sql, columns).partition(" WHERE ")
    return f"{before} {'USING' if sql.startswith('DELETE') else 'FROM'} {_rows(columns, first)} WHERE {condition}"


def _named(sql: str, columns: Mapping[str, str]) -> str:
    def value(parameter: re.Match[str]) -> str:
        cast = columns[parameter[1]]
        return f'each_row."{parameter[1]}"' + (f"::{cast}" if cast else "")

    return _PARAMETER.sub(value, sql)


def _rows(columns: Mapping[str, str], first: int) -> str:
    arrays = ", ".join(f"${number}::text[]" for number in range(first, first + len(columns)))
    names = ", ".join(f'"{name}"' for name in (*columns, "place_of_row"))
    return f"unnest({arrays}) WITH ORDINALITY AS each_row ({names})"


def array_of(values: Iterable[str | bytes | None]) -> str:
    """The array as PostgreSQL reads it."""
    return f"{{{','.join(map(_cell, values))}}}"


def _cell(value: str | bytes | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        value = f"\\x{value.hex()}"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def characters_of(rows: Iterable[Sequence[Any]]) -> int:
    """The number of characters of all values; more than `MOST_CHARACTERS` if a value fits in no array."""
    characters = 0
    for row in rows:
        for value in row:
            if isinstance(value, str | bytes):
                characters += len(value)
            elif value is not None:
                return MOST_CHARACTERS + 1
    return characters
