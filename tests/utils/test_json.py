"""JSON in request bodies, in storage and in the results of steps."""

import doctest
import importlib
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from ipaddress import IPv4Address, IPv6Network
from math import inf, nan
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, HttpUrl, PostgresDsn, TypeAdapter
from pydantic_core import Url, core_schema

from orchestrator_gql.utils.errors import FieldError, NotJson, PayloadInvalid, StepError
from orchestrator_gql.utils.json import canonical, decode, encode, preview, read, read_lenient, to_json

scalars = st.none() | st.booleans() | st.integers(-(10**39), 10**39) | st.floats(allow_nan=False, allow_infinity=False)
text = st.text(st.characters(exclude_characters="\0", codec="utf-8"))
values = st.recursive(scalars | text, lambda inner: st.lists(inner) | st.dictionaries(text, inner), max_leaves=20)


def nested(levels: int, *, inner: str = "") -> bytes:
    return ("[" * levels + inner + "]" * levels).encode()


def refused(body: bytes) -> PayloadInvalid:
    with pytest.raises(PayloadInvalid) as caught:
        read(body)
    return caught.value


@given(values)
def test_ordinary_json_is_read_exactly_and_survives_storage(value: Any) -> None:
    stored = encode(value)

    assert decode(stored) == value
    assert read(stored.encode()) == value


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The body is not JSON: Expecting value at line 1, column 1."),
        (b'{"a": 1,}', "The body is not JSON: Expecting property name enclosed in double quotes at line 1, column 9."),
        (b'{\n"a" 1}', "The body is not JSON: Expecting ':' delimiter at line 2, column 5."),
        (b'"a\tb"', "The body is not JSON: Invalid control character at line 1, column 3."),
        (b'["a\xff"]', "The body is not UTF-8: byte 0xff at offset 3."),
        (b'["\xed\xa0\x80"]', "The body is not UTF-8: byte 0xed at offset 2."),
        ('{"a": 1}'.encode("utf-16"), "The body is not UTF-8: byte 0xff at offset 0."),
        (b"[" * 200_000, "The body is not JSON: its brackets do not match."),
        (b'[NaN, "a"', "The body is not JSON: Expecting ',' delimiter at line 1, column 10."),
    ],
)
def test_a_body_that_is_not_json_is_refused_with_the_place(body: bytes, message: str) -> None:
    with pytest.raises(NotJson) as caught:
        read(body)

    assert caught.value.message == message


@pytest.mark.parametrize(
    ("body", "pointer", "kind", "lenient", "note"),
    [
        (b'{"a": [NaN]}', "/a/0", "not-finite", {"a": [None]}, "is not a finite number; it became null"),
        (b"[-Infinity]", "/0", "not-finite", [None], "is not a finite number; it became null"),
        (b"[1e999]", "/0", "not-finite", [None], "is not a finite number; it became null"),
        (b"[-1E+0400]", "/0", "not-finite", [None], "is not a finite number; it became null"),
        (b"1" * 41, "", "integer-too-long", "1" * 41, "is an integer of more than 40 digits; it became a string of"),
        (b"-" + b"1" * 41, "", "integer-too-long", "-" + "1" * 41, "is an integer of more than 40 digits; it became"),
        (b'{"a":"x\\u0000"}', "/a", "nul-character", {"a": "x\ufffd"}, "holds a NUL character; it became U+FFFD"),
        (b'{"x\\u0000":1}', "/x\ufffd", "nul-character", {"x\ufffd": 1}, "holds a NUL character; it became U+FFFD"),
        (b'["\\ud800"]', "/0", "lone-surrogate", ["\ufffd"], "holds half a surrogate pair; it became U+FFFD"),
        (b'["\\uDFFFx"]', "/0", "lone-surrogate", ["\ufffdx"], "holds half a surrogate pair; it became U+FFFD"),
        (b'["\\ud83d\\ude00\\ude00"]', "/0", "lone-surrogate", ["😀\ufffd"], "holds half a surrogate pair"),
        (b'{"\\ud800": 1}', "/\ufffd", "lone-surrogate", {"\ufffd": 1}, "holds half a surrogate pair"),
        (b'[{"a": 1, "a": 2}]', "/0/a", "duplicate-key", [{"a": 2}], "is given more than once; the last one was taken"),
        (b"\xef\xbb\xbf[1]", "", "byte-order-mark", [1], "begins with a byte order mark; it was dropped"),
    ],
)
def test_forbidden_content_is_refused_with_the_place_and_can_still_be_adopted(
    body: bytes, pointer: str, kind: str, lenient: Any, note: str
) -> None:
    error = refused(body)

    value, notes = read_lenient(body)

    assert not isinstance(error, NotJson)
    assert [(error.pointer, error.type) for error in error.errors] == [(pointer, kind)]
    assert error.message.startswith(f"Refused JSON: {pointer or 'the body'} ")
    assert value == lenient
    assert len(notes) == 1
    assert notes[0].startswith(f"{pointer or 'the body'} {note}")


@pytest.mark.parametrize(
    "body",
    [
        b'["\\\\u0000", "\\\\ud800", "NaN", "line123", "e+123", "[[[["]',
        b'["\\ud83d\\ude00", "' + "😀".encode() + b'"]',
        b"[" + b"9" * 40 + b", 1e99, 1.5E-400, -0.0]",
        b'["' + b"[{" * 500 + b'\\"\\\\", "' + b"1" * 500 + b'"]',
        nested(64),
    ],
)
def test_content_that_only_looks_forbidden_is_read_unchanged(body: bytes) -> None:
    assert read(body) == decode(body.decode())


def test_a_level_too_many_is_refused_with_line_and_column() -> None:
    body = b'{"a": "[[",\n "b": ' + nested(64, inner="1") + b"}"

    error = refused(body)

    where = "is nested too deep: more than 64 levels at line 2, column 70"
    assert error.errors == (FieldError((), where, "too-deep"),)
    assert read_lenient(body)[1] == (f"the body {where}; what lies deeper became null",)


def test_the_number_of_levels_can_be_lowered() -> None:
    assert read(b"[[1]]", max_depth=2) == [[1]]

    with pytest.raises(PayloadInvalid, match="more than 2 levels at line 1, column 3"):
        read(b"[[[1]]]", max_depth=2)


@pytest.mark.parametrize("body", [nested(200_000), b'{"a":' * 200_000 + b"1" + b"}" * 200_000])
def test_200_000_levels_exhaust_nothing(body: bytes) -> None:
    error = refused(body)

    value, notes = read_lenient(body)

    assert error.errors[0].type == "too-deep"
    for _ in range(64):
        value = value[0] if isinstance(value, list) else value["a"]
    assert value is None
    assert len(notes) == 1


def test_the_lenient_reader_keeps_the_values_beside_a_value_too_deep() -> None:
    body = b"[" * 63 + b'[[[2]], "]", [[{}], 1], 3]' + b"]" * 63

    value, notes = read_lenient(body)

    for _ in range(63):
        value = value[0]
    assert value == [None, "]", None, 3]
    assert len(notes) == 2


@pytest.mark.parametrize("body", [b"", b"\xff", b"[" * 100, b"[NaN", nested(65) + b"]", b"\\" + nested(65)])
def test_the_lenient_reader_refuses_a_body_that_is_not_json(body: bytes) -> None:
    with pytest.raises(NotJson):
        read_lenient(body)


@pytest.mark.parametrize("tail", [b"a" * 1_000_000, b'"' + b'\\"' * 1_000_000, b'"' * 1_000_001])
def test_a_hostile_tail_behind_deep_brackets_is_read_in_one_pass(tail: bytes) -> None:
    with pytest.raises(NotJson):
        read_lenient(nested(65) + tail)


def test_an_odd_backslash_before_deep_brackets_is_no_json() -> None:
    with pytest.raises(NotJson):
        read(b'\\"' + nested(65))


def test_an_object_may_have_10_000_keys_and_no_more() -> None:
    full = {f"k{number}": number for number in range(10_000)}

    assert read(encode(full).encode()) == full
    error = refused(encode({"a": {**full, "more": 1}}).encode())
    assert [(error.pointer, error.type) for error in error.errors] == [("/a", "too-many-keys")]


def test_all_flaws_are_counted_and_only_the_first_are_named() -> None:
    error = refused(b"[" + b"NaN," * 99 + b"NaN]")

    value, notes = read_lenient(b"[" + b"NaN," * 99 + b"NaN]")

    assert len(error.errors) == 50
    assert error.message.endswith("/2 is not a finite number, and 97 more.")
    assert value == [None] * 100
    assert notes[50:] == ("and 50 more",)


def test_a_long_key_is_cut_in_the_text_of_a_flaw() -> None:
    error = refused(b'{"' + b"k" * 1000 + b'": NaN}')

    assert len(error.errors[0].path[0]) == 80


def test_an_integer_of_a_million_digits_is_not_converted() -> None:
    error = refused(b"[" + b"7" * 1_000_000 + b"]")

    assert error.errors[0].type == "integer-too-long"


def test_equal_bodies_have_equal_canonical_bytes() -> None:
    first = read(b'{"b": 1.0, "a": "\\u00e9", "c": [1e2]}')
    second = read('{"c":[100],"a":"é","b":1}'.encode())

    assert canonical(first) == canonical(second) == '{"a":"é","b":1,"c":[100]}'.encode()


def test_integers_that_are_equal_in_javascript_stay_different() -> None:
    small, large = ({"\U00010000": [2**53 + more, True, (-(2**80),)], "\uffff": {"x": 1.0}} for more in (0, 1))

    assert canonical(small) != canonical(large)
    expected = '{"\U00010000":[9007199254740992,true,[-1208925819614629174706176]],"\uffff":{"x":1}}'
    assert canonical(small) == expected.encode()


@given(values)
def test_the_canonical_form_does_not_depend_on_the_form_of_the_body(value: Any) -> None:
    rewritten = decode(canonical(value).decode())

    assert canonical(rewritten) == canonical(value)


def test_storage_keeps_values_that_do_not_fit_64_bits_or_utf_8() -> None:
    value = {"serial": 10**39, "half": "\ud800", "nul": "a\0b", "ok": None}

    stored = encode(value)

    assert decode(stored) == value
    assert stored.isascii()


@pytest.mark.parametrize("value", [nan, [inf], {"a": [{"b": -inf}, None]}, ([nan],), [10**30, nan]])
def test_a_number_that_is_not_finite_is_never_stored(value: Any) -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode(value)


@pytest.mark.parametrize("value", [object(), {"at": datetime(2024, 1, 1, tzinfo=UTC)}])
def test_only_plain_json_is_stored(value: Any) -> None:
    with pytest.raises(TypeError):
        encode(value)


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Port(BaseModel):
    vlan: int
    address: IPv4Address


@dataclass
class Site:
    name: str
    ports: list[Port]


class Mac:
    """A type of an author that pydantic can write, if its text is one."""

    def __init__(self, text: Any) -> None:
        self.text = text

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> core_schema.CoreSchema:
        writing = core_schema.plain_serializer_function_ser_schema(lambda mac: mac.text)
        return core_schema.no_info_plain_validator_function(cls, serialization=writing)


ID = UUID(int=7)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        (True, True),
        ("a\0b", "a\0b"),
        ((1, 2.5), [1, 2.5]),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset({"b", "a"}), ["a", "b"]),
        ({1, "a", None}, ["a", 1, None]),
        ({ID: 1, 2: 2, Colour.RED: 3, "x": 4}, {str(ID): 1, "2": 2, "red": 3, "x": 4}),
        (ID, str(ID)),
        (Colour.RED, "red"),
        (Level.HIGH, 3),
        (datetime(2024, 5, 6, 7, 8, tzinfo=UTC), "2024-05-06T07:08:00+00:00"),
        (date(2024, 5, 6), "2024-05-06"),
        (time(7, 8), "07:08:00"),
        (timedelta(minutes=1.5), 90.0),
        (Decimal("1.10"), "1.10"),
        (PurePosixPath("a/b"), "a/b"),
        (IPv4Address("10.0.0.1"), "10.0.0.1"),
        (IPv6Network("2001:db8::/32"), "2001:db8::/32"),
        (HttpUrl("http://ams-1/a"), "http://ams-1/a"),
        ([PostgresDsn("postgresql://ams-1/a")], ["postgresql://ams-1/a"]),
        (Url("http://ams-1"), "http://ams-1/"),
        (Mac("0a"), "0a"),
        (Mac({"ports": {2, 1}}), {"ports": [1, 2]}),
        (Site("ams", [Port(vlan=1, address=IPv4Address("10.0.0.1"))]), None),
    ],
)
def test_the_result_of_a_step_becomes_plain_json(value: Any, plain: Any) -> None:
    expected = {"name": "ams", "ports": [{"vlan": 1, "address": "10.0.0.1"}]} if isinstance(value, Site) else plain

    plain_result = to_json(value, where="result")

    assert plain_result == expected
    assert type(plain_result) is type(expected)
    assert decode(encode(plain_result)) == expected


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (1, "1"),
        (Colour.RED, Colour.RED.value),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (date(2024, 5, 6), "2024-05-06"),
        (datetime(2024, 5, 6, tzinfo=UTC), "2024-05-06T00:00:00+00:00"),
        (time(7, 8), "07:08:00"),
        (Decimal("1.10"), "1.10"),
        (PurePosixPath("a/b"), "a/b"),
        (IPv4Address("10.0.0.1"), "10.0.0.1"),
        (IPv6Network("2001:db8::/32"), "2001:db8::/32"),
        (Url("http://ams-1"), "http://ams-1/"),
    ],
)
def test_a_key_is_written_as_its_value_and_read_again(key: Any, text: str) -> None:
    plain = to_json({key: "ams"}, where="result")

    assert plain == {text: "ams"}
    kind: Any = type(key)
    assert TypeAdapter(dict[kind, str]).validate_python(plain) == {key: "ams"}


class Holder(BaseModel):
    any: Any


def holding_itself() -> list[Any]:
    value: list[Any] = []
    value.append({"again": value})
    return value


def deep(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: {"items": [1, 2, 3, object()]}, r"`result\.items\[3\]` is a `object`, which is not JSON; return text"),
        (lambda: {"a b": {1, object}}, r"`result\['a b'\]\[[01]\]` is a `type`"),
        (lambda: {"raw": b"x"}, "`result.raw` is bytes, which is not JSON; decode them"),
        (lambda: socket.SocketType, "`result` is a `type`, which is not JSON"),
        (lambda: Site, "`result` is a `type`, which is not JSON"),
        (lambda: UUID, "`result` is a `type`, which is not JSON"),
        (lambda: [nan], r"`result\[0\]` is nan, which is not JSON; return None"),
        (lambda: -(10**40), "`result` is an integer of more than 40 digits"),
        (lambda: {"a": "\ud800"}, "`result.a` holds half a surrogate pair"),
        (lambda: {"\udfff": 1}, "`result` holds half a surrogate pair"),
        (lambda: {None: 1}, "`result` has the key None; JSON's keys are text"),
        (lambda: {True: 1}, "`result` has the key True; JSON's keys are text"),
        (lambda: {"1": 1, 1: 2}, "`result` has two keys that are the same text"),
        (lambda: {"a": Holder(any=object())}, "`result.a` is a `.*Holder` that pydantic cannot dump"),
        (lambda: {"a": [Mac(object())]}, r"`result\.a\[0\]` is a `.*Mac` that pydantic cannot dump"),
        (holding_itself, "holds more than 66 levels, or itself"),
        (lambda: deep(67), r"`result\[0\]\[0\]\[0\]` holds more than 66 levels, or itself"),
    ],
)
def test_a_value_that_is_not_json_is_refused_with_its_key(make: Callable[[], Any], message: str) -> None:
    value = make()

    with pytest.raises(StepError) as caught:
        to_json(value, where="result")

    assert caught.value.failure_code == "not-json"
    assert re.search(message, caught.value.message)


def test_the_deepest_result_passes_the_boundary_under_its_key_and_its_name() -> None:
    returned = {"callback_result": {"ams-1": read(encode(deep(64)).encode())}}

    assert to_json(returned, where="result") == returned


def test_a_preview_is_never_longer_than_its_limit() -> None:
    assert preview("abcdef", 6) == "abcdef"
    assert preview("abcdefg", 6) == "abcde…"


@pytest.mark.parametrize("module_name", ["boundary", "depth", "reading", "text"])
def test_the_examples_in_the_docs_of_json_hold(module_name: str) -> None:
    module = importlib.import_module(f"orchestrator_gql.utils.json.{module_name}")

    assert doctest.testmod(module).failed == 0
