"""Pages with the unusual types and configurations of pydantic: each is shown as JSON, filled in, and sent again."""
# ruff: noqa: RUF012 - pydantic copies the defaults

import enum
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    SecretStr,
    Strict,
    computed_field,
    model_serializer,
    model_validator,
)
from pydantic.alias_generators import to_camel

from orchestrator_gql.forms import Complete, FormPage, NextPage, PageInvalid, ReadOnly, turn
from orchestrator_gql.forms.schemas import page_schema
from orchestrator_gql.types import Json, State
from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.utils.json import decode, encode

NAN = float("nan")


class Size(enum.Enum):
    SMALL = 1


class Port(BaseModel):
    port_name: str = Field("eth0", alias="portName")


class AliasedBelow(FormPage):
    port: Port = Port()
    spare: list[Port] = []


class Camel(FormPage):
    model_config = ConfigDict(alias_generator=to_camel)
    port_name: str = "eth0"
    the_port: Port = Port()


class CamelDumped(Camel):
    model_config = ConfigDict(serialize_by_alias=True)


class TwoAliases(FormPage):
    port_name: str = Field("eth0", validation_alias="portName", serialization_alias="port-name")
    other: int = 1


class StrictPage(FormPage):
    model_config = ConfigDict(strict=True)
    day: date = date(2026, 1, 2)
    took: timedelta = timedelta(hours=1)
    id: UUID
    size: Size = Size.SMALL
    hops: tuple[int, int] = (1, 2)
    price: Decimal = Decimal("1.10")
    tags: set[str] = {"a"}
    password: SecretStr = SecretStr("old")


class StrictField(FormPage):
    day: Annotated[date, Strict()]


class OfClasses(FormPage):
    path: PurePosixPath = PurePosixPath("/etc")


class Labelled(BaseModel):
    model_config = ConfigDict(extra="forbid")
    vlan: int = Field(validation_alias=AliasChoices("vlanId", "tag"), serialization_alias="vlan-id")
    unit: int = Field(0, serialization_alias="Unit")
    password: SecretStr = SecretStr("old")

    @computed_field
    def label(self) -> str:
        return f"{self.vlan}.{self.unit}"

    @computed_field(alias="the-note")
    def note(self) -> str | None:
        return None


@dataclass
class Data:
    held: Labelled


class LabelledBelow(FormPage):
    """What a class computes, and the names of its dump, are not what it reads."""

    one: Labelled = Labelled(vlanId=1)
    several: list[Labelled] = [Labelled(vlanId=2), Labelled(vlanId=3, unit=4)]
    pair: tuple[Labelled, int] = (Labelled(vlanId=2), 1)
    by_name: dict[str, Labelled] = {"a": Labelled(vlanId=5)}
    rooted: RootModel[list[Labelled]] = RootModel[list[Labelled]]([Labelled(vlanId=6)])
    perhaps: Labelled | None = Labelled(vlanId=7)
    data: Data = Data(Labelled(vlanId=8))
    shown: ReadOnly[Labelled] = Labelled(vlanId=9)
    left_out: Labelled


class Written(FormPage):
    count: int = 1

    @model_serializer
    def written(self) -> dict[str, Json]:
        return {"number": self.count}


KINDS: list[tuple[type[FormPage], dict[str, Json]]] = [
    (AliasedBelow, {"port": {"portName": "eth1"}, "spare": [{"portName": "eth2"}]}),
    (Camel, {"portName": "eth1", "thePort": {"portName": "eth2"}}),
    (CamelDumped, {"portName": "eth1", "thePort": {"portName": "eth2"}}),
    (TwoAliases, {"portName": "eth1"}),
    (StrictPage, {"id": "12345678-1234-4234-8234-123456789abc", "day": "2026-11-30", "tags": ["b"], "password": "new"}),
    (StrictField, {"day": "2026-11-30"}),
    (OfClasses, {"path": "/tmp"}),
    (LabelledBelow, {"left_out": {"vlanId": 11, "unit": 0, "password": "new"}}),
]


def form_of(page: type[FormPage]) -> Any:
    def form(state: State) -> Any:
        answer = yield page
        return answer.model_dump()

    return form


@pytest.mark.parametrize(("page", "answers"), KINDS, ids=lambda part: getattr(part, "__name__", ""))
async def test_a_page_is_shown_as_json_filled_in_and_its_accepted_page_sent_again(
    page: type[FormPage], answers: dict[str, Json]
) -> None:
    form = form_of(page)
    shown = await turn(form, {}, [])
    assert isinstance(shown, NextPage)
    assert decode(encode([shown.page.schema, shown.page.initial_data])) == [shown.page.schema, shown.page.initial_data]

    complete = await turn(form, {}, [shown.page.initial_data | answers])

    assert isinstance(complete, Complete)
    assert answers.items() <= complete.pages[0].items()
    again = await turn(form, {}, complete.pages)
    assert isinstance(again, Complete)
    assert (again.data, again.pages) == (complete.data, complete.pages)


async def test_a_page_that_comes_back_as_it_was_shown_changes_nothing() -> None:
    form = form_of(LabelledBelow)
    shown = await turn(form, {}, [])
    assert isinstance(shown, NextPage)
    answers = {"left_out": {"vlanId": 11}}

    untouched = await turn(form, {}, [answers])
    sent_back = await turn(form, {}, [shown.page.initial_data | answers])

    assert untouched == sent_back
    assert isinstance(untouched, Complete)
    assert [port["label"] for port in untouched.data["several"]] == ["2.0", "3.4"]


async def test_what_a_client_sends_for_a_computed_field_is_ignored() -> None:
    sent = {"left_out": {"vlanId": 11, "label": "forged", "the-note": "forged"}}
    complete = await turn(form_of(LabelledBelow), {}, [sent])

    assert isinstance(complete, Complete)
    assert complete.data["left_out"]["label"] == "11.0"
    refused = await turn(form_of(LabelledBelow), {}, [{"left_out": {"vlanId": 11, "labels": ""}}])
    assert isinstance(refused, PageInvalid)
    assert [error.path for error in refused.errors] == [("left_out", "labels")]


@pytest.mark.parametrize("made", [None, {"count": 2}, 5])
@pytest.mark.parametrize("mode", ["after", "wrap"])
async def test_a_validator_that_returns_no_page_is_an_error_of_the_author(mode: str, made: Any) -> None:
    class After(FormPage):
        count: int

        @model_validator(mode="after")
        def check(self) -> Any:
            return made

    class Wrap(FormPage):
        count: int

        @model_validator(mode="wrap")
        @classmethod
        def check(cls, values: Any, read: Any) -> Any:
            read(values)
            return made

    page = {"after": After, "wrap": Wrap}[mode]
    with pytest.raises(StepError, match=f"of {page.__name__} returned {type(made).__name__}.* `return self`"):
        await turn(form_of(page), {}, [{"count": 1}])


async def test_a_page_that_its_author_writes_in_another_way_is_accepted() -> None:
    assert await turn(form_of(Written), {}, [{"count": 2}]) == await turn(form_of(Written), {}, [{"count": 2}])
    complete = await turn(form_of(Written), {}, [{"count": 2}])
    assert isinstance(complete, Complete)
    assert complete.data == {"number": 2}


@pytest.mark.parametrize("number", [NAN, float("inf"), -float("inf")])
async def test_an_initial_number_that_is_no_json_is_not_shown_and_must_be_typed_in(number: float) -> None:
    class Measured(FormPage):
        loss: float = number
        made: float = Field(default_factory=lambda: number)
        several: list[float] = [1.0, number]
        before: ReadOnly[float] = number

    form = form_of(Measured)
    shown = await turn(form, {}, [])

    assert isinstance(shown, NextPage)
    assert decode(encode(shown.page.schema)) == shown.page.schema
    assert shown.page.initial_data == {"several": [1.0, None]}
    refused = await turn(form, {}, [{}])
    assert isinstance(refused, PageInvalid)
    assert {error.path[0] for error in refused.errors} == {"loss", "made", "several"}
    assert isinstance(await turn(form, {}, [{"loss": 0.5, "made": 0.5, "several": []}]), Complete)


@pytest.mark.parametrize(
    ("added", "shown"),
    [
        ({"worst": NAN}, {"worst": None}),
        ({"steps": [Decimal("0.1"), float("inf")]}, {"steps": ["0.1", None]}),
        ({"first": date(2026, 1, 2)}, {"first": "2026-01-02"}),
    ],
)
def test_what_an_author_adds_to_a_schema_becomes_json(added: dict[str, Any], shown: dict[str, Json]) -> None:
    class Extended(FormPage):
        loss: float = Field(0.5, json_schema_extra=added)

    schema = page_schema(Extended)

    assert decode(encode(schema)) == schema
    assert shown.items() <= schema["properties"]["loss"].items()
