"""Wrong, unusual and hostile pages get an error at each wrong field, and never cause a crash."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, Field, Json, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_forms.core import FormPage as LibraryFormPage
from pydantic_forms.validators import Choice, LongText, choice_list, unique_conlist

from orchestrator_gql.forms import Complete, FormPage, PageInvalid, ReadOnly, turn
from orchestrator_gql.forms.errors import MAX_ERRORS, MAX_KEY_LENGTH, MAX_MESSAGE_LENGTH
from orchestrator_gql.forms.submitted_pages import MAX_DEPTH
from orchestrator_gql.utils.errors import FieldError


class Colour(Choice):
    RED = ("red", "Bright red")
    BLUE = ("blue", "Deep blue")


class Port(BaseModel):
    vlan: int = Field(ge=1, le=4094)
    name: str = "eth0"

    @model_validator(mode="after")
    def not_the_management_port(self) -> "Port":
        if self.name == "mgmt":
            raise ValueError("the management port is taken")
        return self


class CircuitPage(FormPage):
    ports: list[Port] = Field([])
    colours: choice_list(Colour, max_items=1) = Field([])  # type: ignore[valid-type]
    note: LongText = ""
    anything: Any = None

    @field_validator("note")
    @classmethod
    def polite(cls, note: str) -> str:
        if "damn" in note:
            raise ValueError(f"not like this: {note}")
        return note

    @model_validator(mode="after")
    def port_or_note(self) -> "CircuitPage":
        if not self.ports and not self.note:
            raise ValueError("give a port or a note")
        return self


async def errors_of(page: type[BaseModel], answer: Any, **options: Any) -> tuple[FieldError, ...]:
    outcome = await turn(lambda state: page, {}, [answer], **options)
    assert isinstance(outcome, PageInvalid)
    assert outcome.page_index == outcome.page.index == 0
    return outcome.errors


async def test_an_error_in_a_list_of_models_has_its_place_and_its_limits() -> None:
    [error] = await errors_of(CircuitPage, {"ports": [{"vlan": 1}, {"vlan": 5000}]})

    assert error.path == ("ports", "1", "vlan")
    assert error.pointer == "/ports/1/vlan"
    assert error.type == "less_than_equal"
    assert error.context == {"le": 4094}
    assert error.message == "Input should be less than or equal to 4094"


WORDLESS: dict[str, Exception] = {
    "value": ValueError(),
    "blank": ValueError("  "),
    "assert": AssertionError(),
    "custom": PydanticCustomError("odd", " "),
}


@pytest.mark.parametrize("kind", WORDLESS)
@pytest.mark.parametrize("locale", ["en_US", "nl_NL"])
async def test_a_validator_that_raises_without_words_gives_a_message_all_the_same(kind: str, locale: str) -> None:
    class Mute(FormPage):
        vlan: int

        @field_validator("vlan")
        @classmethod
        def refuse(cls, _: int) -> int:
            raise WORDLESS[kind]

    invalid = await turn(lambda state: Mute, {}, [{"vlan": 1}], locale=locale)

    assert isinstance(invalid, PageInvalid)
    assert [error.message for error in invalid.errors] == ["This value is not accepted."]


async def test_a_missing_field_of_a_nested_model_has_the_path_of_the_field() -> None:
    [error] = await errors_of(CircuitPage, {"ports": [{}]})

    assert (error.pointer, error.type) == ("/ports/0/vlan", "missing")


async def test_an_error_of_the_whole_page_has_the_empty_path() -> None:
    [error] = await errors_of(CircuitPage, {})

    assert error == FieldError((), "give a port or a note", "value_error")


async def test_an_error_of_a_whole_nested_model_has_the_path_of_the_model() -> None:
    [error] = await errors_of(CircuitPage, {"ports": [{"vlan": 1, "name": "mgmt"}]})

    assert error == FieldError(("ports", "0"), "the management port is taken", "value_error")


@pytest.mark.parametrize("key", ["colour", "self", "__root__", "a/b"])
async def test_an_unknown_field_is_refused_by_its_name(key: str) -> None:
    [error] = await errors_of(CircuitPage, {"note": "x", key: 1})

    assert (error.path, error.type) == ((key,), "extra_forbidden")


async def test_a_page_of_the_library_refuses_a_key_called_self_without_a_crash() -> None:
    class Plain(LibraryFormPage):
        site: str = ""

    [error] = await errors_of(Plain, {"self": 1})

    assert (error.path, error.type) == (("self",), "extra_forbidden")


@pytest.mark.parametrize(
    ("answer", "path", "kind"),
    [
        ({"note": "x", "colours": ["green"]}, ("colours", "0"), "enum"),
        ({"note": "x", "colours": ["red", "blue"]}, ("colours",), "too_long"),
        ({"note": 3}, ("note",), "string_type"),
        ({"note": "x", "ports": 3}, ("ports",), "list_type"),
    ],
)
async def test_a_wrong_value_is_an_error_at_its_field(answer: Any, path: tuple[str, ...], kind: str) -> None:
    [error] = await errors_of(CircuitPage, answer)

    assert (error.path, error.type) == (path, kind)


@pytest.mark.parametrize("answer", [None, [], "text", 3, True])
async def test_a_page_that_is_no_object_is_a_field_error(answer: Any) -> None:
    [error] = await errors_of(CircuitPage, answer)

    assert error == FieldError((), "A page must be a JSON object.", "dict_type")


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    tricks: int


class PetPage(FormPage):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    age: int | list[int] = 0
    name: int | None = None


@pytest.mark.parametrize(
    ("answer", "places"),
    [
        ({"pet": {"kind": "cat"}}, {"/pet/lives"}),
        ({"pet": {"kind": "dog", "tricks": "x"}}, {"/pet/tricks"}),
        ({"pet": {"kind": "cat", "lives": 9}, "age": "x"}, {"/age"}),
        ({"pet": {"kind": "cat", "lives": 9}, "age": None}, {"/age"}),
        ({"pet": {"kind": "cat", "lives": 9}, "age": {}}, {"/age"}),
        ({"pet": {"kind": "cat", "lives": 9}, "age": ["x"]}, {"/age", "/age/0"}),
        ({"pet": {"kind": "cat", "lives": 9}, "name": "x"}, {"/name"}),
    ],
)
async def test_pointers_name_keys_of_the_page_and_no_branches_of_a_union(answer: Any, places: set[str]) -> None:
    errors = await errors_of(PetPage, answer)

    assert {error.pointer for error in errors} == places


async def test_an_initial_value_that_is_not_valid_is_an_error_at_its_field() -> None:
    class DraftPage(FormPage):
        vlan: Annotated[int, Field(ge=1)] = 0

    [error] = await errors_of(DraftPage, {})

    assert (error.path, error.type) == (("vlan",), "greater_than_equal")


async def test_an_invalid_value_deep_in_the_initial_data_is_an_error_at_its_place() -> None:
    unchecked: Any = [{"vlan": 0}]

    class DraftPage(FormPage):
        ports: list[Port] = unchecked

    [error] = await errors_of(DraftPage, {})

    assert (error.pointer, error.type) == ("/ports/0/vlan", "greater_than_equal")


async def test_a_value_for_a_read_only_field_is_ignored_under_each_of_its_keys() -> None:
    class Confirm(FormPage):
        plain: ReadOnly[str] = "shown"
        renamed: ReadOnly[str] = Field("shown", alias="alias")
        chosen: ReadOnly[str] = Field("shown", validation_alias=AliasChoices("one", AliasPath("two", "deep")))
        deep: ReadOnly[str] = Field("shown", validation_alias=AliasPath("three", "deep"))
        made: ReadOnly[list[str]] = Field(default_factory=lambda: ["shown"])

    forged = {"plain": 1, "alias": "x", "renamed": 1, "one": "x", "two": {"deep": "x"}, "three": {"deep": "x"}}
    outcome = await turn(lambda state: Confirm, {}, [forged | {"made": [3]}])

    assert isinstance(outcome, Complete)
    shown = dict.fromkeys(("plain", "renamed", "chosen", "deep"), "shown")
    assert outcome.data == shown | {"made": ["shown"]}
    assert outcome.pages == ({},)


async def test_accepted_pages_use_the_keys_that_clients_send() -> None:
    class AliasPage(FormPage):
        renamed: int = Field(alias="alias")
        chosen: int = Field(validation_alias=AliasChoices("one", "two"))

    outcome = await turn(lambda state: AliasPage, {}, [{"alias": 1, "two": 2}])

    assert isinstance(outcome, Complete)
    assert outcome.pages == ({"alias": 1, "one": 2},)


def nested(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value]
    return value


async def test_a_page_may_be_nested_to_the_limit_and_no_deeper() -> None:
    fits = await turn(lambda state: CircuitPage, {}, [{"note": "x", "anything": nested(MAX_DEPTH - 1)}])

    [error] = await errors_of(CircuitPage, {"note": "x", "anything": nested(MAX_DEPTH)})

    assert isinstance(fits, Complete)
    assert (error.path, error.type, error.context) == (("anything",), "too_deep", {"max_depth": MAX_DEPTH})


async def test_a_page_nested_far_beyond_the_stack_is_a_field_error() -> None:
    [error] = await errors_of(CircuitPage, {"anything": nested(100_000)})

    assert error.type == "too_deep"


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
async def test_text_that_no_database_stores_is_refused_at_its_place(text: str) -> None:
    in_value = await errors_of(CircuitPage, {"note": "x", "anything": {"deep": [text]}})
    in_key = await errors_of(CircuitPage, {"note": "x", "anything": {text: 1}})

    assert [(error.path, error.type) for error in in_value] == [(("anything", "deep", "0"), "unfit_text")]
    assert [(error.path, error.type) for error in in_key] == [(("anything",), "unfit_text")]


@pytest.mark.parametrize("number", ["nan", "inf", float("nan"), float("-inf")])
async def test_a_number_that_json_cannot_write_is_refused_in_nested_models_too(number: Any) -> None:
    class Load(BaseModel):
        share: float

    class LoadPage(FormPage):
        total: float = 0.0
        load: Load = Load(share=0.0)

    [outer] = await errors_of(LoadPage, {"total": number})
    [inner] = await errors_of(LoadPage, {"load": {"share": number}})

    assert (outer.path, outer.type) == (("total",), "finite_number")
    assert (inner.path, inner.type) == (("load", "share"), "finite_number")


async def test_json_within_a_text_follows_the_same_rules() -> None:
    class TextPage(FormPage):
        text: Json[Any]

    [error] = await errors_of(TextPage, {"text": '["\\u0000"]'})

    assert (error.path, error.type) == (("text", "0"), "unfit_text")


async def test_a_path_is_always_valid_utf_8() -> None:
    errors = await errors_of(CircuitPage, {"note": "x", "anything": {"\ud800": "\0"}})

    assert {error.pointer for error in errors} == {"/anything", "/anything/?"}


async def test_a_megabyte_of_text_is_accepted_if_the_page_sets_no_limit() -> None:
    text = "ü" * 2**20

    outcome = await turn(lambda state: CircuitPage, {}, [{"note": text}])

    assert isinstance(outcome, Complete)
    assert outcome.data["note"] == text


async def test_an_error_message_never_echoes_a_megabyte() -> None:
    [error] = await errors_of(CircuitPage, {"note": "damn" * 2**18})

    assert len(error.message) == MAX_MESSAGE_LENGTH
    assert error.message.startswith("not like this: damn")
    assert error.message.endswith("…")


async def test_the_path_of_an_error_never_echoes_a_megabyte() -> None:
    [error] = await errors_of(CircuitPage, {"note": "x", "k" * 2**20: 1})

    assert len(error.path[0]) == MAX_KEY_LENGTH


@pytest.mark.parametrize("odd", ["damn {", "damn }", "damn {missing}", "damn {0:>9}"])
async def test_braces_in_a_quoted_value_are_text_and_no_format_string(odd: str) -> None:
    # The translator looks for these two words, and would use the text around them as a format string.
    note = f"{odd} Field required"

    [error] = await errors_of(CircuitPage, {"note": note})

    assert error.message == f"not like this: {note}"


@pytest.mark.parametrize(
    "answer",
    [
        {"note": "x"} | {f"unknown{index}": 1 for index in range(50_000)},
        {"ports": [1] * 50_000},
        {"anything": ["\0"] * 50_000},
    ],
)
async def test_at_most_a_hundred_errors_are_listed(answer: Any) -> None:
    errors = await errors_of(CircuitPage, answer)

    assert len(errors) == MAX_ERRORS + 1
    assert (errors[-1].path, errors[-1].type) == ((), "too_many_errors")


async def test_messages_are_in_the_requested_language_if_it_is_known() -> None:
    [dutch] = await errors_of(CircuitPage, {"note": 3}, locale="nl_NL")
    [other] = await errors_of(CircuitPage, {"note": 3}, locale="xx_XX")

    assert dutch.message == "Invoer moet een geldige string zijn"
    assert other.message == "Input should be a valid string"


async def test_errors_beyond_the_limit_are_not_translated() -> None:
    errors = await errors_of(CircuitPage, {"ports": [{}] * (MAX_ERRORS + 1)}, locale="nl_NL")

    assert errors[0].message == "Field required"


async def test_the_context_of_an_error_is_json() -> None:
    class OddPage(FormPage):
        tags: unique_conlist(str) = Field([])  # type: ignore[valid-type]
        odd: str = ""

        @field_validator("odd")
        @classmethod
        def never(cls, odd: str) -> str:
            raise PydanticCustomError("odd", "Never", {"limit": {1}, "what": object})

    unique, odd = await errors_of(OddPage, {"tags": ["a", "a"], "odd": "x"})

    assert (unique.path, unique.type, unique.context) == (("tags",), "unique_list", None)
    assert odd.context == {"limit": [1], "what": "<class 'object'>"}
