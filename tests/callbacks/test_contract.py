"""Violations of a contract name the places in the payload as the remote team sent them, and no values."""

import enum
import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AnyUrl,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    Strict,
    StrictInt,
    computed_field,
    create_model,
    field_validator,
    model_validator,
)

from orchestrator_gql.callbacks.contract import schema, violations
from orchestrator_gql.types import Json
from orchestrator_gql.utils.json import decode, encode

SECRET = "s3cr3t-passphrase"


class Outcome(enum.Enum):
    OK = "ok"


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]


class Host(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(alias="host/name~")]
    vlan: int | bool = 1
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None


class Report(BaseModel):
    hosts: dict[str, list[Host]] = {}
    counts: dict[int, int] = {}
    job_id: UUID | None = None
    see: AnyUrl | None = None
    note: Annotated[str, Field(max_length=5)] = ""

    @field_validator("note")
    @classmethod
    def is_polite(cls, note: str) -> str:
        if note.startswith("!"):
            raise ValueError(f"{note} is not polite")
        assert not note.startswith("?"), note
        return note


@pytest.mark.parametrize(
    ("payload", "pointers"),
    [
        ([], {""}),
        ({"hosts": {"a/b": [{"host/name~": "x"}, {}]}}, {"/hosts/a~1b/1/host~1name~0"}),
        ({"hosts": {"": [{"host/name~": 1}]}}, {"/hosts//0/host~1name~0"}),
        ({"hosts": {"~": [{"host/name~": "x", "~0/": 1}]}}, {"/hosts/~0/0/~00~1"}),
        ({"hosts": {"a": [{"host/name~": "x", "vlan": SECRET}]}}, {"/hosts/a/0/vlan"}),
        ({"hosts": {"a": [{"host/name~": "x", "pet": {"kind": "cat"}}]}}, {"/hosts/a/0/pet/lives"}),
        ({"hosts": {"a": [{"host/name~": "x", "pet": {"kind": SECRET}}]}}, {"/hosts/a/0/pet"}),
        ({"counts": {SECRET[:3]: 1}}, {f"/counts/{SECRET[:3]}"}),
        ({"job_id": SECRET}, {"/job_id"}),
        ({"see": SECRET}, {"/see"}),
        ({"note": "!ugh"}, {"/note"}),
        ({"note": "?ugh"}, {"/note"}),
        ({"note": "toolong"}, {"/note"}),
    ],
)
def test_a_violation_names_the_place_in_the_payload_and_never_the_value(payload: Json, pointers: set[str]) -> None:
    errors = violations(Report, payload)

    assert {error.pointer for error in errors} == pointers
    for error in errors:
        text = f"{error.message} {error.type} {error.context}"
        assert not [value for value in (SECRET, "ugh", "toolong") if value in text]


def has_leaf(value: Json) -> bool:
    """True if the value holds anything but objects in objects."""
    return not isinstance(value, dict) or any(map(has_leaf, value.values()))


@given(st.recursive(st.none() | st.text(max_size=3), lambda inner: st.dictionaries(st.text(max_size=3), inner)))
def test_a_pointer_leads_to_a_place_in_the_payload_or_to_a_missing_key(payload: Json) -> None:
    class Nested(RootModel[dict[str, "StrictInt | Nested"]]):
        pass

    errors = violations(Nested, payload)

    assert bool(errors) == has_leaf(payload)
    for error in errors:
        place = payload
        for key in error.pointer.split("/")[1:]:
            place = place[key.replace("~1", "/").replace("~0", "~")]


def test_of_many_places_fifty_are_named_and_the_others_counted() -> None:
    class Lines(RootModel[list[int]]):
        pass

    few, many = violations(Lines, ["x"] * 60), violations(Lines, ["x"] * 20_000)

    assert [error.pointer for error in few] == [*(f"/{index}" for index in range(50)), ""]
    assert few[-1].message == "and 10 more places"
    assert [(error.pointer, error.message) for error in many] == [("", "breaks the contract in 20000 places")]


def test_a_key_of_a_megabyte_is_cut() -> None:
    class Counts(RootModel[dict[str, int]]):
        pass

    (error,) = violations(Counts, {"k" * 1_000_000: "x"})

    assert len(error.pointer) == 201


@pytest.mark.parametrize(
    "author_code", [lambda payload: payload["rc"], lambda payload: payload.get("rc"), lambda payload: 1 / 0]
)
def test_a_contract_that_raises_refuses_the_payload_and_logs_an_error(
    author_code: Callable[[Any], Any], caplog: pytest.LogCaptureFixture
) -> None:
    class Careless(BaseModel):
        @model_validator(mode="before")
        @classmethod
        def look(cls, payload: Any) -> Any:
            return author_code(payload)

    (error,) = violations(Careless, [SECRET])

    assert (error.pointer, error.type) == ("", "contract-failed")
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert SECRET not in caplog.text


def test_a_schema_can_be_part_of_another_document() -> None:
    json_schema = schema(Report, "#/components/schemas/a.b/$defs/{model}")

    assert set(json_schema["$defs"]) == {"Cat", "Dog", "Host"}
    assert "#/components/schemas/a.b/$defs/Host" in str(json_schema)
    assert "'#/$defs" not in str(json_schema)


@pytest.mark.parametrize(
    ("field", "fits", "breaks"),
    [
        (datetime, "2026-11-30T20:36:00Z", "tomorrow"),
        (date, "2026-11-30", 5),
        (timedelta, "PT1S", "soon"),
        (UUID, "12345678-1234-4234-8234-123456789abc", "1"),
        (Decimal, "1.10", "much"),
        (tuple[int, str], [1, "a"], [1]),
        (set[int], [1, 2], ["x"]),
        (Outcome, "ok", "good"),
        (int, 5, "5"),
        (list[date], ["2026-11-30"], ["never"]),
    ],
)
@pytest.mark.parametrize("place", ["model", "field", "below"])
def test_a_strict_contract_takes_the_json_of_its_types(field: Any, fits: Json, breaks: Json, place: str) -> None:
    strict: type[BaseModel] = create_model("Strictly", __config__=ConfigDict(strict=True), value=(field, ...))
    contracts: dict[str, type[BaseModel]] = {
        "model": strict,
        "field": create_model("Holder", value=(Annotated[field, Strict()], ...)),
        "below": create_model("Outer", inner=(strict, ...)),
    }
    contract = contracts[place]

    def around(value: Json) -> Json:
        return {"inner": {"value": value}} if place == "below" else {"value": value}

    assert violations(contract, around(fits)) == ()
    assert violations(contract, around(breaks)) != ()


EXAMPLES: Any = [{"loss": Decimal("0.5"), "day": date(2026, 1, 2)}]


def test_a_computed_field_is_no_part_of_a_contract() -> None:
    class Computing(BaseModel, extra="forbid"):
        name: str

        @computed_field
        def label(self) -> str:
            return self.name.upper()

    assert schema(Computing)["properties"].keys() == {"name"}
    assert [violation.pointer for violation in violations(Computing, {"name": "a", "label": "A"})] == ["/label"]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_a_schema_is_json_whatever_its_author_gave_as_default_or_example(number: float) -> None:
    class Measured(BaseModel):
        loss: float = number
        several: list[float] = [1.0, number]
        seen: float = Field(0.5, examples=[number], json_schema_extra={"worst": number})
        model_config = ConfigDict(json_schema_extra={"examples": EXAMPLES})

    json_schema = schema(Measured)

    assert decode(encode(json_schema)) == json_schema
    assert "default" not in json_schema["properties"]["loss"]
    assert json_schema["properties"]["seen"] | {"worst": None, "examples": [None]} == json_schema["properties"]["seen"]
    assert json_schema["examples"] == [{"loss": "0.5", "day": "2026-01-02"}]


def test_without_a_contract_every_payload_fits() -> None:
    assert violations(None, {"rc": 0}) == ()
    assert violations(Report, {}) == ()
