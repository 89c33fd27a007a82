"""What a letter breaks of its contract: the places, as a remote team finds them in what it sent, and nothing else."""

import logging
from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AnyUrl, BaseModel, ConfigDict, Field, RootModel, field_validator, model_validator

from orchestrator_gql.callbacks.contract import schema, violations
from orchestrator_gql.types import Json

SECRET = "s3cr3t-passphrase"


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
def test_a_place_is_named_as_it_stands_in_the_letter_and_its_value_is_not(payload: Json, pointers: set[str]) -> None:
    found = violations(Report, payload)

    assert {one.pointer for one in found} == pointers
    for one in found:
        told = f"{one.message} {one.type} {one.context}"
        assert not [value for value in (SECRET, "ugh", "toolong") if value in told]


@given(st.recursive(st.none() | st.text(max_size=3), lambda inner: st.dictionaries(st.text(max_size=3), inner)))
def test_a_pointer_leads_to_a_place_in_the_letter_or_to_what_is_missing_there(payload: Json) -> None:
    class Nested(RootModel[dict[str, "int | Nested"]]):
        pass

    for one in violations(Nested, payload):
        place = payload
        for key in one.pointer.split("/")[1:]:
            place = place[key.replace("~1", "/").replace("~0", "~")]


def test_many_places_are_counted_and_some_named() -> None:
    class Lines(RootModel[list[int]]):
        pass

    few, many = violations(Lines, ["x"] * 60), violations(Lines, ["x"] * 20_000)

    assert [one.pointer for one in few] == [*(f"/{n}" for n in range(50)), ""]
    assert few[-1].message == "and 10 more places"
    assert [(one.pointer, one.message) for one in many] == [("", "breaks the contract in 20000 places")]


def test_a_name_of_a_megabyte_is_cut() -> None:
    class Counts(RootModel[dict[str, int]]):
        pass

    (found,) = violations(Counts, {"k" * 1_000_000: "x"})

    assert len(found.pointer) == 201


@pytest.mark.parametrize("bug", [lambda said: said["rc"], lambda said: said.get("rc"), lambda said: 1 / 0])
def test_a_contract_that_fails_refuses_and_says_so_in_the_log(
    bug: Callable[[Any], Any], caplog: pytest.LogCaptureFixture
) -> None:
    class Careless(BaseModel):
        @model_validator(mode="before")
        @classmethod
        def look(cls, said: Any) -> Any:
            return bug(said)

    (found,) = violations(Careless, [SECRET])

    assert (found.pointer, found.type) == ("", "contract-failed")
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert SECRET not in caplog.text


def test_a_schema_may_stand_within_another_document() -> None:
    told = schema(Report, "#/components/schemas/a.b/$defs/{model}")

    assert set(told["$defs"]) == {"Cat", "Dog", "Host"}
    assert "#/components/schemas/a.b/$defs/Host" in str(told)
    assert "'#/$defs" not in str(told)


def test_without_a_contract_anything_fits() -> None:
    assert violations(None, {"rc": 0}) == ()
    assert violations(Report, {}) == ()
