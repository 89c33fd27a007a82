"""The SQL of a write for any number of rows: each parameter is an array of texts with the values of all rows.

So PostgreSQL prepares the statement once for all numbers of rows, and reads some arrays instead of hundreds of
parameters. An array has its values as text, so a value must be a text or None.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

MOST_CHARACTERS = 1_000_000
"""Characters that the rows of one statement have at most, unless it has only one row."""

_PARAMETER = re.compile(r"%\((\w+)\)s")


def insert_of(head: str, row: str, tail: str, columns: Sequence[str], first: int) -> str:
    """The insert, in the order of the arrays; its parameters are the numbers from ``first``.

    ``head`` is the SQL before the values of a row, ``tail`` the SQL behind them.
    """
    before = head.removesuffix(" VALUES ")
    values = _PARAMETER.sub(r'each_row."\1"', row.removeprefix("(").removesuffix(")"))
    source = f"FROM {_rows(columns, first)} ORDER BY each_row.place_of_row"
    return f"{before} SELECT {values} {source}{tail}"


def change_of(sql: str, columns: Sequence[str], first: int) -> str:
    """The UPDATE or DELETE; its parameters are the numbers from ``first``."""
    before, _, condition = _PARAMETER.sub(r'each_row."\1"', sql).partition(" WHERE ")
    return f"{before} {'USING' if sql.startswith('DELETE') else 'FROM'} {_rows(columns, first)} WHERE {condition}"


def _rows(columns: Sequence[str], first: int) -> str:
    arrays = ", ".join(f"${number}::text[]" for number in range(first, first + len(columns)))
    names = ", ".join(f'"{name}"' for name in (*columns, "place_of_row"))
    return f"unnest({arrays}) WITH ORDINALITY AS each_row ({names})"


def array_of(values: Iterable[str | None]) -> str:
    """The array as PostgreSQL reads it."""
    return f"{{{','.join(map(_cell, values))}}}"


def _cell(value: str | None) -> str:
    if value is None:
        return "NULL"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def characters_of(rows: Iterable[Sequence[Any]]) -> int:
    """The number of characters of all values; more than `MOST_CHARACTERS` if a value fits in no array."""
    characters = 0
    for row in rows:
        for value in row:
            if type(value) is str:
                characters += len(value)
            elif value is not None:
                return MOST_CHARACTERS + 1
    return characters
