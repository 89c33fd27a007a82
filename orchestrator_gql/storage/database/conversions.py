"""Functions from values to parameters and from rows to values, written once for each statement.

A loop over the parameters, with a call for each conversion, takes longer than SQLite needs for the row. So the loop is
unrolled, as `dataclasses` does for ``__init__``, and the conversions of ids and enums are written into the function.
NULL is None on both sides and is never converted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias
from uuid import UUID

from orchestrator_gql.storage.database.writes import as_text

Values: TypeAlias = Mapping[str, Any]
Convert: TypeAlias = Callable[[Any], Any]


def hex_of(value: UUID) -> str:
    """The id as SQLite stores it."""
    return f"{value.int:032x}"


@dataclass(frozen=True, slots=True)
class EnumText:
    """The conversion of the members of the enum to their values; ``convert`` is that of all other values."""

    kind: type[Enum]
    convert: Convert

    def __call__(self, value: Any) -> Any:
        return value._value_ if type(value) is self.kind else self.convert(value)


Converts: TypeAlias = Mapping[str, Convert | None]


def to_parameters(names: Sequence[str], converts: Converts, constants: Values) -> Callable[[Values], tuple[Any, ...]]:
    """The function from values to the parameters with the names; ``constants`` are the values that may be missing."""
    writer = _Writer(converts, constants)
    return writer.function("(" + "".join(f"{writer.converted(name)}, " for name in names) + ")")


def to_texts(names: Sequence[str], converts: Converts, constants: Values) -> Callable[[Values], list[Any]]:
    """As `to_parameters`, for PostgreSQL: each parameter is a text or bytes."""
    writer = _Writer(converts, constants)
    return writer.function("[" + ", ".join(writer.text(name) for name in names) + "]")


def to_row(reads: Converts) -> Callable[[Sequence[Any]], dict[str, Any]]:
    """The function from a row to its values by the names of its columns."""
    writer = _Writer({}, {})
    cells = (f"{name!r}: {writer.read(place, read)}" for place, (name, read) in enumerate(reads.items()))
    return writer.function("{" + ", ".join(cells) + "}")


class _Writer:
    """Writes the expressions of a function of ``_given``, and collects the objects that they name."""

    def __init__(self, converts: Converts, constants: Values) -> None:
        self._converts = converts
        self._constants = constants
        self._objects: dict[str, Any] = {"_as_text": as_text}

    def function(self, expression: str) -> Callable[[Any], Any]:
        """The function whose result is the expression."""
        return eval(f"lambda _given: {expression}", self._objects)  # type: ignore[no-any-return]  # noqa: S307 - ours

    def converted(self, name: str) -> str:
        """The converted value with the name."""
        value, convert = self._value(name), self._converts[name]
        return value if convert is None else self._unless_null(value, convert)

    def text(self, name: str) -> str:
        """The text of the converted value with the name."""
        value = self.converted(name)
        text = f"(_t if (_t := {value}) is None or type(_t) is str else _as_text(_t))"
        if name not in self._constants:
            return text
        constant = self.function(text)({})
        return f"({self._named(constant)} if {name!r} not in _given else {text})"

    def read(self, place: int, convert: Convert | None) -> str:
        """The converted cell of a row."""
        return f"_given[{place}]" if convert is None else self._unless_null(f"_given[{place}]", convert)

    def _value(self, name: str) -> str:
        if name not in self._constants:
            return f"_given[{name!r}]"
        return f"({self._named(self._constants[name])} if {name!r} not in _given else _given[{name!r}])"

    def _unless_null(self, value: str, convert: Convert) -> str:
        return f"(None if (_v := {value}) is None else {self._call(convert)})"

    def _call(self, convert: Convert) -> str:
        """The conversion of ``_v``."""
        if convert is hex_of:
            return '"%032x" % _v.int'
        if isinstance(convert, EnumText):
            other = self._named(convert.convert)
            return f"_v._value_ if type(_v) is {self._named(convert.kind)} else {other}(_v)"
        return f"{self._named(convert)}(_v)"

    def _named(self, thing: Any) -> str:
        name = f"_{len(self._objects)}"
        self._objects[name] = thing
        return name
