"""The page as a client sees it: schema, hints, initial values, button and digest."""

from datetime import date
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_forms.types import AcceptData, AcceptItemType, FormMeta, SummaryData
from pydantic_forms.validators import (
    Accept,
    Button,
    ButtonsConfig,
    Choice,
    Divider,
    Hidden,
    Label,
    Layout,
    LongText,
    callout,
    choice_list,
    markdown,
    migration_summary,
    read_only_field,
    timestamp,
)

from orchestrator_gql.forms import FormPage, NextPage, Page, ReadOnly, SubmitFormPage, turn
from orchestrator_gql.forms.schemas import page_schema
from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.utils.json.secrets import Found

TABLE: SummaryData = {"headers": ["a"], "labels": ["b"], "columns": [["c"]]}


class Colour(Choice):
    RED = ("red", "Bright red")
    BLUE = ("blue", "Deep blue")


class Port(BaseModel):
    name: str = "eth0"
    note: LongText = ""


class Tree(BaseModel):
    name: str = ""
    branches: list["Tree"] = []


async def shown(page: type[BaseModel]) -> Page:
    outcome = await turn(lambda state: page, {}, [])
    assert isinstance(outcome, NextPage)
    return outcome.page


async def test_read_only_fields_are_marked_for_schema_and_renderer() -> None:
    class ResultPage(SubmitFormPage):
        result: ReadOnly[str] = "ok"

    page = await shown(ResultPage)

    assert page.schema["properties"]["result"] == {
        "default": "ok",
        "readOnly": True,
        "title": "Result",
        "type": "string",
    }
    assert page.ui_schema == {"ui:order": ["result"], "result": {"ui:readonly": True}}
    assert page.initial_data == {"result": "ok"}


async def test_a_page_with_nothing_to_fill_in_is_a_confirmation() -> None:
    class Confirm(FormPage):
        hint: Label = "Sure?"
        line: Divider
        result: ReadOnly[str] = "ok"

    page = await shown(Confirm)

    assert page.is_confirmation
    assert page.submit_label == "Confirm"


class Next(FormPage):
    site: str


class Last(SubmitFormPage):
    site: str


class Named(FormPage):
    submit_label: ClassVar[str | None] = "Book it"
    site: str


class Buttoned(FormPage):
    buttons: ButtonsConfig = ButtonsConfig(next=Button(text="Go"))
    site: str


class Meta(FormPage):
    meta__: ClassVar[FormMeta | None] = {"hasNext": False, "customButtons": {"next": {"text": "Send"}}}
    site: str


@pytest.mark.parametrize(
    ("page", "label", "has_next"),
    [
        (Next, "Next", True),
        (Last, "Submit", False),
        (Named, "Book it", True),
        (Buttoned, "Go", True),
        (Meta, "Send", False),
    ],
)
async def test_the_button_has_the_label_of_its_action(page: type[FormPage], label: str, has_next: bool) -> None:
    shown_page = await shown(page)

    assert (shown_page.submit_label, shown_page.has_next) == (label, has_next)


async def test_a_page_without_a_title_is_named_after_its_class() -> None:
    class L2VPNSettingsPage(FormPage):
        """Where the circuit ends."""

    page = await shown(L2VPNSettingsPage)

    assert page.key == "l2-vpn-settings-page"
    assert page.title == page.schema["title"] == "L2 vpn settings page"
    assert page.description == "Where the circuit ends."


async def test_a_page_without_a_docstring_has_no_description() -> None:
    page = await shown(Next)

    assert page.description == ""


async def test_choices_are_shown_by_their_labels() -> None:
    class ColourPage(FormPage):
        one: Colour
        maybe: Colour | None = None
        some: choice_list(Colour) = Field([Colour.RED])  # type: ignore[valid-type]
        several: choice_list(Colour, unique_items=True) = Field([])  # type: ignore[valid-type]

    page = await shown(ColourPage)

    names = ["Bright red", "Deep blue"]
    assert page.ui_schema["one"] == {"ui:enumNames": names}
    assert page.ui_schema["maybe"] == {"ui:enumNames": [*names, ""]}
    assert page.ui_schema["some"] == {"items": {"ui:enumNames": names}}
    assert page.ui_schema["several"] == {"ui:widget": "checkboxes", "ui:enumNames": names}
    assert page.schema["properties"]["maybe"]["enum"] == ["red", "blue", None]
    assert page.initial_data == {"maybe": None, "some": ["red"], "several": []}


async def test_fields_that_only_show_content_keep_their_own_schema() -> None:
    class ShowPage(FormPage):
        label: Label = "Ports"
        line: Divider
        secret: Hidden = "x"
        box: callout(header="Mind", message="the gap")  # type: ignore[valid-type]
        text: markdown(content="# Hi")  # type: ignore[valid-type]
        table: migration_summary(TABLE)  # type: ignore[valid-type]

    page = await shown(ShowPage)

    types = {key: field["type"] for key, field in page.schema["properties"].items()}
    assert [types[key] for key in ("label", "line", "secret")] == [["string", "null"]] * 3
    assert [types[key] for key in ("box", "text", "table")] == [["object", "null"]] * 3
    assert page.initial_data["label"] == "Ports"
    assert page.initial_data["box"]["message"] == "the gap"
    assert page.ui_schema["secret"] == {"ui:widget": "hidden", "ui:readonly": True}
    looks = {key: page.ui_schema[key]["ui:field"] for key in ("label", "line", "box", "text", "table")}
    assert looks == {"label": "label", "line": "divider", "box": "callout", "text": "markdown", "table": "summary"}
    assert page.ui_schema["table"]["ui:options"] == {"data": TABLE}


async def test_the_librarys_extra_properties_become_options() -> None:
    class Tasks(Accept):
        data: ClassVar[AcceptData | None] = [("Read it", AcceptItemType.LABEL)]

    class ExtraPage(FormPage):
        when: timestamp(min=1, max=9)  # type: ignore[valid-type]
        fixed: read_only_field("v")  # type: ignore[valid-type]
        tasks: Tasks
        half: Annotated[str, Layout(span=6)]
        password: SecretStr

    page = await shown(ExtraPage)

    assert page.ui_schema["when"] == {
        "ui:field": "timestamp",
        "ui:options": {"showTimeSelect": True, "min": 1, "max": 9},
    }
    assert page.ui_schema["fixed"] == {"ui:readonly": True, "ui:disabled": True}
    assert page.ui_schema["tasks"]["ui:options"] == {"data": [["Read it", "label"]]}
    assert page.ui_schema["half"] == {"ui:options": {"layout": {"span": 6}}}
    assert page.ui_schema["password"] == {"ui:widget": "password"}


def test_a_secret_with_an_alias_within_an_initial_value_is_taken_as_shown() -> None:
    class Lock(BaseModel):
        pin: SecretStr = Field(validation_alias="pinCode")
        doors: list[int] = Field(default=[1], serialization_alias="doorNumbers")

    class LockPage(FormPage):
        lock: Lock = Lock(pinCode="4711-0815")
        spare: list[Lock] = Field(default_factory=lambda: [Lock(pinCode="4711-0816")])

    found = Found()
    defaults = {name: field["default"] for name, field in page_schema(LockPage, found)["properties"].items()}

    assert defaults == {
        "lock": {"pinCode": "4711-0815", "doors": [1]},
        "spare": [{"pinCode": "4711-0816", "doors": [1]}],
    }
    assert sorted(found.values) == ["4711-0815", "4711-0816"]


async def test_hints_follow_nested_models_lists_and_optional_models() -> None:
    class PortsPage(FormPage):
        main: Port = Port()
        spare: Port | None = None
        ports: list[Port] = Field(default_factory=lambda: [Port(name="eth1")])
        tree: Tree = Tree()

    page = await shown(PortsPage)

    port: dict[str, Any] = {
        "ui:order": ["name", "note"],
        "note": {"ui:widget": "textarea", "ui:options": {"rows": 10}},
    }
    assert page.ui_schema["main"] == page.ui_schema["spare"] == port
    assert page.ui_schema["ports"] == {"items": port}
    assert page.ui_schema["tree"] == {"ui:order": ["name", "branches"]}
    assert page.schema["$defs"].keys() == {"Port", "Tree"}
    assert page.initial_data["ports"] == [{"name": "eth1", "note": ""}]


async def test_optional_fields_have_one_schema_of_two_types() -> None:
    class OptionalPage(FormPage):
        day: date | None = None
        either: int | str | None = None
        only: Literal["a"] | None = None

    page = await shown(OptionalPage)

    day = page.schema["properties"]["day"]
    assert day == {"default": None, "format": "date", "title": "Day", "type": ["string", "null"]}
    assert len(page.schema["properties"]["either"]["anyOf"]) == 3
    assert page.schema["properties"]["only"]["anyOf"] == [{"const": "a", "type": "string"}, {"type": "null"}]


async def test_an_initial_value_that_looks_like_a_schema_is_shown_unchanged() -> None:
    lookalike = {"anyOf": [{"type": "string"}, {"type": "null"}], "$ref": "#/$defs/Port"}

    class LookalikePage(FormPage):
        port: Port = Port()
        result: ReadOnly[dict[str, Any]] = lookalike

    page = await shown(LookalikePage)

    assert page.initial_data["result"] == lookalike
    assert page.schema["properties"]["result"]["default"] == lookalike


async def test_the_digest_is_equal_only_for_equal_pages() -> None:
    def page(status: str, title: str = "Done") -> type[FormPage]:
        class Confirm(FormPage):
            model_config = ConfigDict(title=title)
            status_shown: ReadOnly[str] = status

        return Confirm

    first, same, other, titled = [
        (await shown(page_class)).digest for page_class in (page("ok"), page("ok"), page("bad"), page("ok", "Ready"))
    ]

    assert first == same
    assert len({first, other, titled}) == 3
    assert len(bytes.fromhex(first)) == 32


async def test_a_number_beyond_the_canonical_range_has_a_digest_too() -> None:
    class BigPage(FormPage):
        serial: ReadOnly[int] = 2**60

    class BiggerPage(BigPage):
        serial: ReadOnly[int] = 2**60 + 1

    digests = {(await shown(page)).digest for page in (BigPage, BiggerPage)}

    assert len(digests) == 2


async def test_a_set_of_initial_values_is_shown_in_one_order_on_every_replica() -> None:
    class TagsPage(FormPage):
        tags: set[str] = Field({"delta", "alpha", "charlie", "bravo", "echo"})
        made: set[str] = Field(default_factory=lambda: {"delta", "alpha", "charlie", "bravo", "echo"})

    page = await shown(TagsPage)

    assert page.initial_data["tags"] == page.initial_data["made"] == ["alpha", "bravo", "charlie", "delta", "echo"]


async def test_a_read_only_field_without_a_value_is_an_error_of_the_author() -> None:
    class EmptyPage(FormPage):
        result: ReadOnly[str]

    with pytest.raises(StepError, match=r"EmptyPage\.result is read-only and has no value"):
        await shown(EmptyPage)
