"""Statements for PostgreSQL as text: templates with named parameters, and writes that become one statement."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, TypeAlias
from uuid import UUID

from orchestrator_gql.storage.database import row_arrays
from orchestrator_gql.storage.database.link import Parameters, Result

_WORD = re.compile(r"\w+")
_PARAMETER = re.compile(r"%\((\w+)\)s")

ROWS = 8
"""Rows of an insert that have parameters of their own: every number of rows is another statement to prepare. The rows
of a longer insert come from arrays."""

MOST_ROWS = 1_000
"""Rows of one write from arrays."""

Refusal: TypeAlias = type[Exception] | Exception

_TO_TEXT: dict[type, Callable[[Any], Any]] = {
    type(None): lambda value: value,
    str: lambda value: value,
    bytes: lambda value: value,
    int: str,
    bool: lambda value: "t" if value else "f",
    UUID: lambda value: value.hex,
    datetime: datetime.isoformat,
    float: repr,
}
"""Values as text: the types of a statement are then the same for all values, so that it is prepared only once."""


def as_text(value: Any) -> Any:
    """The value as PostgreSQL reads it from text."""
    convert = _TO_TEXT.get(type(value))
    return value if convert is None else convert(value)


@dataclass(frozen=True, eq=False)
class Template:
    """The SQL of a statement for one dialect; its parameters are written ``%(name)s``.

    ``table`` is the table that it writes, None for a read. Of a statement that ``only_adds`` rows, several become one;
    so do several with a different ``key``: the parameters that name the row which the statement writes.
    ``cascades`` are the other tables whose rows it may delete. ``casts`` are the types of parameters without a cast.
    """

    sql: str
    table: str | None = None
    only_adds: bool = False
    key: tuple[str, ...] = ()
    cascades: frozenset[str] = frozenset()
    casts: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the SQL; the names of its tables are among them."""
        return frozenset(_WORD.findall(self.sql))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters, in the order of the text."""
        return tuple(_PARAMETER.findall(self.sql))

    @cached_property
    def alone(self) -> str:
        """The SQL for one row; its parameters are the numbers from 1."""
        return self.numbered(1)

    def numbered(self, first: int, rows: int = 1) -> str:
        """The SQL for that number of rows; its parameters are the numbers from ``first``."""
        head, row, tail = self._parts if rows > 1 else (self.sql, "", "")
        number = first - 1

        def following(_: re.Match[str]) -> str:
            nonlocal number
            number += 1
            return f"${number}"

        text = head + ", ".join([row] * rows if row else []) + tail
        return _PARAMETER.sub(following, text).replace("%%", "%")

    @cached_property
    def columns(self) -> dict[str, int]:
        """The different parameters, and for each its first place in ``names``."""
        return {name: self.names.index(name) for name in self.names}

    @cached_property
    def is_insert(self) -> bool:
        """True for an insert of values."""
        return self.sql.startswith("INSERT") and " VALUES (" in self.sql

    def of_arrays(self, first: int) -> str:
        """The SQL for any number of rows; see `row_arrays`. Its parameters are one array for each of the columns."""
        columns = {name: self.casts.get(name, "") for name in self.columns}
        text = (
            row_arrays.insert_of(*self._parts, columns, first)
            if self.is_insert
            else row_arrays.change_of(self.sql, columns, first)
        )
        return text.replace("%%", "%")

    def key_of(self, row: Parameters) -> tuple[Any, ...]:
        """The values that name the row which the statement writes with these parameters."""
        return tuple(row[self.columns[name]] for name in self.key)

    @cached_property
    def _parts(self) -> tuple[str, str, str]:
        """The SQL before the row of an insert, the row, and the SQL behind it."""
        begin = self.sql.index(" VALUES (") + len(" VALUES ")
        depth = 0
        for end in range(begin, len(self.sql)):
            depth += {"(": 1, ")": -1}.get(self.sql[end], 0)
            if depth == 0:
                return self.sql[:begin], self.sql[begin : end + 1], self.sql[end + 1 :]
        raise ValueError(f"no insert of a row: {self.sql}")


@dataclass(slots=True)
class Write:
    """A write that waits; it raises ``refusal`` if it changes fewer rows than it has."""

    template: Template
    rows: list[Parameters]
    refusal: Refusal | None = None
    _keys: set[tuple[Any, ...]] = field(default_factory=set)
    _measured: int = 0
    _characters: int = 0

    @property
    def has_arrays(self) -> bool:
        """True if the values of the rows are sent as arrays."""
        return len(self.rows) > (ROWS if self.template.is_insert else 1)

    @property
    def values(self) -> list[Any]:
        """The parameters of the statement."""
        if not self.has_arrays:
            return [value for row in self.rows for value in row]
        return [row_arrays.array_of(row[place] for row in self.rows) for place in self.template.columns.values()]

    def takes(self, other: "Write") -> bool:
        """True if the rows of the other write were added to this statement."""
        template, number = self.template, len(self.rows) + len(other.rows)
        if template is not other.template or self.refusal is not other.refusal or number > MOST_ROWS:
            return False
        if template.only_adds and number <= ROWS:
            self.rows += other.rows
            return True
        if not (template.only_adds or template.key):
            return False
        self._measure()
        keys = set(map(template.key_of, other.rows))
        characters = self._characters + row_arrays.characters_of(other.rows)
        if characters > row_arrays.MOST_CHARACTERS or (template.key and not self._keys.isdisjoint(keys)):
            return False
        self.rows += other.rows
        self._keys |= keys
        self._measured, self._characters = number, characters
        return True

    def copy(self) -> "Write":
        """An equal write, to which other rows may be added."""
        return Write(self.template, list(self.rows), self.refusal, set(self._keys), self._measured, self._characters)

    def place_of(self, template: Template, key: tuple[Any, ...]) -> int | None:
        """The place among the rows of the row with that key, None if this writes no such row by the template."""
        if template is not self.template:
            return None
        return next((place for place, row in enumerate(self.rows) if template.key_of(row) == key), None)

    def _measure(self) -> None:
        new = self.rows[self._measured :]
        self._measured = len(self.rows)
        self._characters += row_arrays.characters_of(new)
        self._keys.update(map(self.template.key_of, new))


def combined(writes: Sequence[Write], *, raises: bool = False) -> tuple[str, Parameters]:
    """One statement for all the writes. Its result has, for each write with a refusal, the number of changed rows; with
    ``raises`` the statement fails if rows are missing: it divides by 0."""
    shape = tuple(
        (write.template, 0 if write.has_arrays else len(write.rows), write.refusal is not None) for write in writes
    )
    return _sql_of(shape, raises), [value for write in writes for value in write.values]


@lru_cache(maxsize=1024)
def _sql_of(shape: tuple[tuple[Template, int, bool], ...], raises: bool) -> str:
    """The SQL for writes with these numbers of rows; the rows come from arrays if the number is 0."""
    first, parts, counts = 1, [], []
    for place, (template, rows, is_counted) in enumerate(shape):
        sql = template.numbered(first, rows) if rows else template.of_arrays(first)
        if is_counted:
            sql += " RETURNING 1"
            count = f"(SELECT count(*) FROM w{place})"  # noqa: S608 - a number
            wanted = str(rows) if rows else f"cardinality(${first}::text[])"
            counts.append(f"1 / ({count} / {wanted})" if raises else count)
        parts.append(sql)
        first += len(template.names) * rows or len(template.columns)
    if len(parts) == 1 and not counts:
        return parts[0]
    names = ", ".join(f"w{place} AS ({sql})" for place, sql in enumerate(parts))
    return f"WITH {names} SELECT {', '.join(counts) or '1'}"


def demand_changes(result: Result, writes: Sequence[Write]) -> None:
    refusals = [(len(write.rows), write.refusal) for write in writes if write.refusal is not None]
    if not refusals:
        return
    for count, (rows, refusal) in zip(result.rows[0], refusals, strict=True):
        if count < rows:
            raise refusal
