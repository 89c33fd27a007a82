"""Convert the Python values that authors' functions return to plain JSON."""

import dataclasses
import re
from collections.abc import Callable, Iterable
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from math import isfinite
from pathlib import PurePath
from types import CodeType
from typing import Any
from uuid import UUID

from pydantic import BaseModel, PydanticUserError, TypeAdapter
from pydantic_core import MultiHostUrl, PydanticSerializationError, Url

from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.utils.json import secrets
from orchestrator_gql.utils.json.flaws import MAX_DEPTH, MAX_DIGITS, RETURNED_DEPTH
from orchestrator_gql.utils.json.plain import copied_if_plain
from orchestrator_gql.utils.json.redaction import MASK
from orchestrator_gql.utils.json.text import Json, encode, preview
from orchestrator_gql.utils.wrappers import is_wrapper

_ADVICE = "return text, numbers, lists, dicts or a pydantic model of these instead"
_SURROGATE = re.compile("[\ud800-\udfff]")
_Place = tuple[str | int, ...]

_ADDRESSES = (IPv4Address, IPv6Address, IPv4Network, IPv6Network, IPv4Interface, IPv6Interface)
_WRITTEN: tuple[tuple[tuple[type, ...], Callable[[Any], Json]], ...] = (
    ((UUID, Decimal, PurePath, Url, MultiHostUrl, *_ADDRESSES), str),
    ((date, time), lambda moment: moment.isoformat()),
    ((timedelta,), timedelta.total_seconds),
)
"""How the values of simple types are written as JSON."""

_WRITTEN_KEYS = _WRITTEN[:2]
"""How the keys of an object are written: as their values, if these are text."""

_PLAIN = frozenset({type(None), bool, int, float, str, list, tuple, set, frozenset, dict})
"""Types without a method ``unwrap``; a subclass may have one."""


def to_json(value: Any, *, where: str, found: secrets.Found | None = None) -> Json:
    """Return plain JSON for a value that an author's function returned; ``where`` is its name in errors.

    Times become ISO 8601 text, a timedelta its seconds, sets lists, enums their values; UUIDs, decimals, paths, URLs
    and IP addresses text; pydantic models and dataclasses objects; other types of pydantic what it writes for them. A
    value with a method ``unwrap`` is written as the value that this returns. A secret (such as `SecretStr`) is written
    in clear text, and its place is added to ``found``; if ``found`` is None, a mask is written instead.

    Raises ``StepError("not-json")`` with the place for any other type, NaN, lone surrogates, integers over 40 digits
    and more than 66 levels.

    >>> from uuid import UUID
    >>> to_json({"vlans": {20, 10}, "node": UUID(int=1)}, where="result")
    {'vlans': [10, 20], 'node': '00000000-0000-0000-0000-000000000001'}
    >>> to_json({"sites": [b"ams"]}, where="result")
    Traceback (most recent call last):
    orchestrator_gql.utils.errors.StepError: `result.sites[0]` is bytes, which is not JSON; decode them to text first.
    """
    if type(value) in (dict, list) and (plain := copied_if_plain(value)) is not None:
        return plain[0]
    return _Boundary(where, found).plain(value, ())


@dataclasses.dataclass(frozen=True, slots=True)
class _Boundary:
    """The conversion of one value; ``place`` holds the keys and indexes from the root."""

    where: str
    found: secrets.Found | None = None

    def plain(self, value: Any, place: _Place) -> Json:
        if type(value) not in _PLAIN and is_wrapper(value):
            value = self.unwrapped(value, place)
        match value:
            case None | bool():
                return value
            case Enum():
                return self.plain(value.value, place)
            case str():
                return self.text(value, place)
            case int():
                return self.integer(value, place)
            case float():
                return self.real(value, place)
            case list() | tuple():
                return self.items(value, place)
            case set() | frozenset():
                return _in_order(self.items(value, place))
            case dict():
                return self.object(value, place)
            case _:
                return self.written(value, place)

    def unwrapped(self, value: Any, place: _Place) -> Any:
        for _ in range(MAX_DEPTH):
            value = value.unwrap()
            if not is_wrapper(value):
                return value
        raise self.refusal(place, f"is wrapped in more than {MAX_DEPTH} wrappers, or in itself")

    def written(self, value: Any, place: _Place) -> Json:
        for types, write in _WRITTEN:
            if isinstance(value, types):
                return write(value)
        if secrets.is_secret(value):
            return self.secret(value, place)
        if isinstance(value, BaseModel):
            return self.model(value, place)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self.object({field.name: getattr(value, field.name) for field in dataclasses.fields(value)}, place)
        if hasattr(type(value), "__get_pydantic_core_schema__"):
            return self.plain(self.dumped(value, place), place)
        if isinstance(value, bytes | bytearray | memoryview):
            raise self.refusal(place, "is bytes, which is not JSON; decode them to text first")
        raise self.refusal(place, f"is a `{_type_name(value)}`, which is not JSON; {_ADVICE}")

    def text(self, value: str, place: _Place) -> str:
        if not value.isascii() and _SURROGATE.search(value):
            raise self.refusal(place, "holds half a surrogate pair, which no UTF-8 can carry")
        return str(value)

    def integer(self, value: int, place: _Place) -> int:
        if abs(value) >= 10**MAX_DIGITS:
            raise self.refusal(place, f"is an integer of more than {MAX_DIGITS} digits; return it as text")
        return int(value)

    def real(self, value: float, place: _Place) -> float:
        if not isfinite(value):
            raise self.refusal(place, f"is {value}, which is not JSON; return None or text instead")
        return float(value)

    def enter(self, place: _Place) -> None:
        # A value that contains itself has no end: this limit must stop it before Python's recursion limit does.
        if len(place) >= RETURNED_DEPTH:
            raise self.refusal(place[:3], f"holds more than {RETURNED_DEPTH} levels, or itself")

    def items(self, values: Iterable[Any], place: _Place) -> list[Json]:
        self.enter(place)
        return [self.plain(item, (*place, index)) for index, item in enumerate(values)]

    def object(self, value: dict[Any, Any], place: _Place) -> dict[str, Json]:
        self.enter(place)
        plain: dict[str, Json] = {}
        for name, item in value.items():
            key = self.name(name, place)
            plain[key] = self.plain(item, (*place, key))
        if len(plain) != len(value):
            raise self.refusal(place, "has two keys that are the same text")
        return plain

    def name(self, name: Any, place: _Place) -> str:
        match name:
            case Enum():
                return self.name(name.value, place)
            case str():
                return self.text(name, place)
            case int() if not isinstance(name, bool):
                return str(name)
            case _:
                for types, write in _WRITTEN_KEYS:
                    if isinstance(name, types):
                        return str(write(name))
                raise self.refusal(place, f"has the key {preview(repr(name), 80)}; JSON's keys are text")

    def model(self, value: BaseModel, place: _Place) -> Json:
        try:
            if self.found is not None:  # a secret in an excluded field can still appear in the text of a failure
                for secret in secrets.secrets_within(value):
                    self.found.know(secrets.texts_of(secret))
            return self.plain(secrets.dumped(value), place)
        except ValueError as problem:
            if problem.__cause__ is not None:  # the author's serializer raised it
                raise problem.__cause__ from None
            if _raised_in(problem) is not BaseModel.model_dump.__code__:
                raise  # a computed field of the author raised it
            raise self.undumped(value, place, problem) from problem

    def dumped(self, value: Any, place: _Place) -> Any:
        """What pydantic writes for a value of a type that it knows, and that is no model, such as `HttpUrl`."""
        try:
            return TypeAdapter(type(value)).dump_python(value, mode="json")
        except PydanticSerializationError as problem:
            if problem.__cause__ is not None:  # the author's serializer raised it
                raise problem.__cause__ from None
            raise self.undumped(value, place, problem) from problem
        except PydanticUserError as problem:
            raise self.undumped(value, place, problem) from problem

    def undumped(self, value: Any, place: _Place, problem: Exception) -> StepError:
        shown = preview(str(problem), 300)
        return self.refusal(place, f"is a `{_type_name(value)}` that pydantic cannot dump: {shown}")

    def secret(self, value: Any, place: _Place) -> Json:
        if self.found is None:
            return MASK
        try:
            clear = secrets.clear_value(value)
        except UnicodeDecodeError as problem:
            raise self.refusal(place, "is a secret of bytes that are no UTF-8 text; encode them first") from problem
        plain = self.plain(clear, place)
        self.found.add(place, plain)
        return plain

    def refusal(self, place: _Place, what: str) -> StepError:
        path = "".join(map(_step_of, place))
        return StepError(f"`{self.where}{path}` {what}.", code="not-json")


def _raised_in(error: BaseException) -> CodeType | None:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code if trace is not None else None


def _step_of(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if key.isidentifier() else f"[{preview(key, 80)!r}]"


def _type_name(value: object) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _in_order(items: list[Json]) -> list[Json]:
    try:
        return sorted(items)
    except TypeError:
        return sorted(items, key=encode)
