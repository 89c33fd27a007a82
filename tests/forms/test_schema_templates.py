"""A kept template never shows anything of another page: each page has the JSON Schema that pydantic makes for it."""

import json
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, SecretStr, create_model, field_validator
from pydantic_forms.validators import Divider, Label, LongText

from orchestrator_gql.forms import FormPage, ReadOnly, SubmitFormPage
from orchestrator_gql.forms.schema_templates import LONGEST, MOST, SchemaTemplates
from orchestrator_gql.forms.schemas import _generated, page_schema

TYPES: tuple[Any, ...] = (
    str, int, bool, str | None, int | None, int | str, list[str], list[int] | None, Literal["a", "b"], LongText,
    dict[str, int], Annotated[str, Field(max_length=3)], Annotated[int, Field(ge=1)], Annotated[int, Field(ge=True)],
)  # fmt: skip
DEFAULTS: tuple[Any, ...] = (..., "", "a", "é𝄞", "\ud800", 0, 1, True, False, None, 2**70, 1.5, [], ["a"])

REPLACED = {"title": "T", "json_schema_extra": {"title": "T", "properties": {"a": {"default": "a"}}}}
fields = st.tuples(
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(TYPES),
    st.sampled_from(DEFAULTS),
    st.fixed_dictionaries(
        {},
        optional={
            "frozen": st.booleans(),
            "title": st.sampled_from(["T", "U"]),
            "description": st.sampled_from(["D", "E"]),
            "examples": st.sampled_from([[1], [True], ["x"]]),
            "json_schema_extra": st.sampled_from(
                [{"secret": True}, {"secret": 1}, {"format": "long"}, {"default": "a"}]
            ),
            "alias": st.sampled_from(["x", "a", "b"]),
            "deprecated": st.booleans(),
        },
    ),
)
pages = st.tuples(
    st.sampled_from([FormPage, SubmitFormPage, BaseModel]),
    st.lists(fields, max_size=3, unique_by=lambda field: field[0]),
    st.sampled_from([None, "One.", "Two."]),
    st.sampled_from(
        [{}, {"title": "T"}, {"title": "U"}, {"extra": "allow"}, {"json_schema_extra": {"a": 1}}, REPLACED]
    ),
)
kept = SchemaTemplates()
"""One for all examples, so that each page meets the templates of many others."""


def made(base: type[BaseModel], fields: list[Any], doc: str | None, config: Any) -> type[BaseModel]:
    definitions: dict[str, Any] = {
        name: (annotation, Field(default, **extra)) for name, annotation, default, extra in fields
    }
    parent = type("Page", (base,), {"model_config": config, "__doc__": doc, "__module__": __name__})
    page: type[BaseModel] = create_model("Page", __base__=parent, __doc__=doc, **definitions)
    return page


def exact(value: object) -> str:
    """The value with its types and its order."""
    return json.dumps(value)


@given(pages)
def test_every_page_has_the_schema_that_pydantic_makes_for_it(parts: Any) -> None:
    page = made(*parts)

    for _ in range(2):  # the first may make the template, the second finds it
        assert exact(kept.schema(page, lambda page: _generated(page, None))) == exact(_generated(page, None))


def of_field(annotation: Any, field: Any, *, name: str = "Page", base: type[BaseModel] = FormPage) -> type[BaseModel]:
    page: type[BaseModel] = create_model(name, __base__=base, a=(annotation, field))
    return page


def made_read_only() -> type[BaseModel]:
    page = of_field(str, "x")
    page.model_fields["a"].frozen = True
    return page


def titled(title: str, replaced_by: str) -> type[BaseModel]:
    class Page(FormPage):
        model_config = ConfigDict(title=title, json_schema_extra={"title": replaced_by})
        a: str = "x"

    return Page


def replaced(default: str) -> type[BaseModel]:
    class Page(FormPage):
        model_config = ConfigDict(json_schema_extra={"properties": {"a": {"default": "x"}}})
        a: str = default

    return Page


def crossed(first: str, second: str) -> type[BaseModel]:
    class Page(FormPage):
        a: str = Field(first, alias="b")
        b: str = Field(second, alias="a")

    return Page


ALMOST_EQUAL = {
    "a value of another type": (
        of_field(str, Field("x", json_schema_extra={"a": True})),
        of_field(str, Field("x", json_schema_extra={"a": 1})),
    ),
    "values in another order": (
        of_field(str, Field("x", json_schema_extra={"a": {"b": 1, "c": 2}})),
        of_field(str, Field("x", json_schema_extra={"a": {"c": 2, "b": 1}})),
    ),
    "an empty list and an empty object": (
        of_field(str, Field("x", json_schema_extra={"a": []})),
        of_field(str, Field("x", json_schema_extra={"a": {}})),
    ),
    "no default and None": (of_field(str | None, ...), of_field(str | None, None)),
    "a default that pydantic leaves out": (of_field(str, "x"), of_field(str, "\ud800")),
    "a default of another type": (of_field(int | bool, 1), of_field(int | bool, True)),
    "another title from the name": (
        of_field(str, "x", name="One", base=BaseModel),
        of_field(str, "x", name="Two", base=BaseModel),
    ),
    "a title and none": (
        of_field(str, "x", base=type("T", (BaseModel,), {"model_config": {"title": "T"}, "__module__": __name__})),
        of_field(str, "x", base=BaseModel),
    ),
    "a title that is replaced": (titled("T", "Z"), titled("U", "Z")),
    "a title that is replaced by itself": (titled("Z", "Z"), titled("U", "Z")),
    "a default that is replaced by itself": (
        of_field(str, Field("x", json_schema_extra={"default": "x"})),
        of_field(str, Field("y", json_schema_extra={"default": "x"})),
    ),
    "a default of the type that is replaced by itself": (
        of_field(Annotated[str, Field(json_schema_extra={"default": "x"})], "x"),
        of_field(Annotated[str, Field(json_schema_extra={"default": "x"})], "y"),
    ),
    "properties that are replaced by themselves": (replaced("x"), replaced("y")),
    "two aliases that are the names of each other": (crossed("x", "x"), crossed("y", "z")),
    "an alias": (of_field(str, Field("x", alias="b")), of_field(str, Field("y", alias="b"))),
    "read-only afterwards": (of_field(str, "x"), made_read_only()),
    "other choices": (of_field(Literal["a"], "a"), of_field(Literal["b"], "b")),
}


@pytest.mark.parametrize("name", ALMOST_EQUAL)
def test_pages_that_are_almost_equal_have_their_own_schemas(name: str) -> None:
    for pair in (ALMOST_EQUAL[name], ALMOST_EQUAL[name][::-1]):
        templates = SchemaTemplates()
        for page in (*pair, *pair):
            assert exact(templates.schema(page, lambda page: _generated(page, None))) == exact(_generated(page, None))


def confirmation(shown: str, written: str | None = None, heading: str = "Confirm") -> type[BaseModel]:
    class Confirm(SubmitFormPage):
        """Look at the result."""

        model_config = ConfigDict(title=heading)

        result: ReadOnly[str] = shown
        comment: str | None = written

    return Confirm


def counting() -> tuple[list[str], Callable[[type[BaseModel]], dict[str, Any]]]:
    generated: list[str] = []

    def generate(page: type[BaseModel]) -> dict[str, Any]:
        generated.append(page.__name__)
        return _generated(page, None)

    return generated, generate


def test_the_pages_of_two_processes_share_a_template_and_no_value() -> None:
    templates, (generated, generate) = SchemaTemplates(), counting()

    first = templates.schema(confirmation("of Ada's process", "mine", "Ada's"), generate)
    second = templates.schema(confirmation("of Ben's process", heading="Ben's"), generate)

    assert generated == ["Confirm"]
    assert [first["properties"]["result"]["default"], second["properties"]["result"]["default"]] == [
        "of Ada's process",
        "of Ben's process",
    ]
    assert second["properties"]["comment"]["default"] is None
    assert (first["title"], second["title"]) == ("Ada's", "Ben's")
    assert "Ada" not in repr(templates._templates)


def test_a_schema_that_its_reader_changes_changes_no_other() -> None:
    templates, (_, generate) = SchemaTemplates(), counting()
    for page in (confirmation("a"), confirmation("b")):
        schema = templates.schema(page, generate)
        schema["properties"]["comment"]["type"].append("number")
        schema["properties"]["added"] = {}

    assert exact(templates.schema(confirmation("c"), generate)) == exact(generate(confirmation("c")))


class Colour(Enum):
    RED = "red"


class Inner(BaseModel):
    name: str = "eth0"


def changing(schema: dict[str, Any]) -> None:
    schema["changed"] = True


def of_objects() -> list[type[BaseModel]]:
    """Pages whose schemas come from more than plain fields."""

    class Validated(FormPage):
        a: str = "x"

        @field_validator("a")
        @classmethod
        def _loud(cls, value: str) -> str:
            return value.upper()

    class OwnSchema(FormPage):
        a: str = "x"

        @classmethod
        def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
            return {**handler(core_schema), "own": True}

    class OwnGenerator(FormPage):
        a: str = "x"

        @classmethod
        def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
            return {**super().model_json_schema(*args, **kwargs), "own": True}

    class StaticGenerator(FormPage):
        a: str = "x"

        @staticmethod
        def model_json_schema(*args: Any, **kwargs: Any) -> dict[str, Any]:
            return {"type": "object", "properties": {"a": {"type": "string"}}, "own": True}

    class Extra(FormPage):
        model_config = ConfigDict(json_schema_extra=changing)
        a: str = "x"

    class Fields(FormPage):
        a: str = Field("x", json_schema_extra=changing)

    class Made(FormPage):
        a: str = Field(default_factory=lambda: "x")

    class Enumerated(FormPage):
        a: Colour = Colour.RED

    class Nested(FormPage):
        a: Inner = Inner()

    class Secret(FormPage):
        a: SecretStr = SecretStr("x")

    class Exact(FormPage):
        a: Decimal = Decimal("1.0")

    class Listed(FormPage):
        a: list[str] = Field(["x"])

    class NoUnicode(FormPage):
        a: str = "\ud800"

    one = [Validated, OwnSchema, OwnGenerator, StaticGenerator, Extra, Fields, Made]
    return [*one, Enumerated, Nested, Secret, Exact, Listed, NoUnicode]


@pytest.mark.parametrize("page", of_objects(), ids=lambda page: page.__name__)
def test_a_page_of_more_than_plain_fields_has_no_template(page: type[BaseModel]) -> None:
    templates, (generated, generate) = SchemaTemplates(), counting()

    schemas = [templates.schema(page, generate) for _ in range(2)]

    assert len(generated) == 2
    assert len(templates) == 0
    assert exact(schemas[0]) == exact(_generated(page, None))


def test_the_fields_of_the_library_have_templates() -> None:
    class Page(FormPage):
        head: Label = "Result"
        line: Divider
        text: LongText = "long"
        name: str
        count: Annotated[int, Field(ge=1, description="How many")] = 1

    templates, (generated, generate) = SchemaTemplates(), counting()

    schemas = [templates.schema(Page, generate) for _ in range(2)]

    assert generated == ["Page"]
    assert exact(schemas[0]) == exact(schemas[1])


def test_the_templates_are_few_and_small() -> None:
    templates, (_, generate) = SchemaTemplates(), counting()

    for number in range(MOST + 10):
        templates.schema(create_model(f"Page{number}", __base__=FormPage, a=(str, "")), generate)
    assert len(templates) == MOST

    choices: Any = Literal[tuple(range(LONGEST // 3))]
    for long in (of_field(str, Field("", description="d" * LONGEST)), of_field(choices, 0)):
        before = set(templates._templates)
        templates.schema(long, generate)
        assert set(templates._templates) == before


def test_a_long_default_does_not_count() -> None:
    templates, (generated, generate) = SchemaTemplates(), counting()

    for text in ("a", "b" * (2 * LONGEST)):
        schema = templates.schema(confirmation(text), generate)
        assert schema["properties"]["result"]["default"] == text
    assert generated == ["Confirm"]


def test_the_wizard_uses_the_templates() -> None:
    page = confirmation("x")

    assert page_schema(page) == page_schema(page) == _generated(page, None)
