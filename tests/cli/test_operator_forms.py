"""The pages of forms on a terminal: the labels of fields and of choices."""

import io
from datetime import date, time, timedelta
from typing import Any

import pytest
from pydantic import AwareDatetime, BaseModel
from pydantic_forms.validators import Choice

from orchestrator_gql.cli import context
from orchestrator_gql.cli.operator import forms
from orchestrator_gql.cli.operator.dialogue import as_values
from orchestrator_gql.cli.operator.forms import as_field, described, error_text, fill_in, shown

ROUTERS = {"4711": "Router ams-1", "4712": "Router lon-1"}
ARouter: Any = Choice.__call__("ARouter", zip(ROUTERS, ROUTERS.items(), strict=True))


class Ends(BaseModel):
    """Two fields of one class, which has the title of the class."""

    head: ARouter
    tail: ARouter


PAGE = {"title": "Ends", "schema": Ends.model_json_schema(), "initialData": {"tail": "4712"}}


@pytest.fixture(autouse=True)
def person() -> None:
    """A person reads the output, also if a test before ran a command with --json in this process."""
    context.begin((), "auto")


def test_two_fields_of_one_class_have_the_names_of_the_fields_and_a_choice_has_its_label() -> None:
    assert shown("Ends", PAGE, {"head": "4711"}) == [
        "Ends",
        "  head: 4711 = Router ams-1",
        "  tail: 4712 = Router lon-1",
    ]


def test_a_description_names_each_choice_with_its_label_and_no_other_word_looks_like_a_choice() -> None:
    field = {"title": "Trouble", "enum": ["none", "late"], "options": {"none": "none", "late": "Too late"}}
    count = {"title": "Count", "type": "integer", "enum": [1, 2]}
    schema = {"properties": {"trouble": field, "count": count}, "required": ["count"]}

    rows = described({"schema": schema, "initialData": {"trouble": "late"}})

    assert rows == [
        "trouble: one of none, late = Too late; optional; default late; Trouble",
        "count: one of 1, 2; required; Count",
    ]


class Times(BaseModel):
    """A field of each kind of time, and a text."""

    day: date
    at: AwareDatetime | None
    clock: time
    pause: timedelta
    note: str


def test_a_description_has_an_example_of_each_kind_of_time_that_its_field_accepts() -> None:
    schema = Times.model_json_schema()

    rows = described({"schema": schema, "initialData": {}})

    examples = {row.split(":")[0]: row.split("such as ")[1].split(";")[0] for row in rows if "such as" in row}
    assert examples.keys() == {"day", "at", "clock", "pause"}
    assert Times.model_validate({**examples, "note": "x"})
    assert rows[1] == "at: string such as 2026-01-31T14:05:00Z; required; At"


def test_a_description_names_as_many_choices_as_a_line_holds() -> None:
    def choices(enum: list[str]) -> str:
        return described({"schema": {"properties": {"x": {"title": "x", "enum": enum}}}, "initialData": {}})[0]

    ids = [f"{number}-{'f' * 35}" for number in range(9)]

    assert choices(list("abcdefgh")) == "x: one of a, b, c, d, e, f and 2 more; optional"
    assert choices(ids) == f"x: one of {ids[0]} and 8 more; optional"
    assert choices(["y" * 200]) == f"x: one of {'y' * 200}; optional"


def test_the_fields_of_a_page_are_listed_once_for_all_unknown_names() -> None:
    page = {"title": "Ends", "schema": PAGE["schema"], "hasNext": True}
    errors = [{"type": "extra_forbidden", "path": [name], "pointer": "", "message": ""} for name in ("mtu", "vlan")]

    text = error_text({"pageIndex": 0, "page": page, "errors": errors})

    assert text == (
        "Page 1, 'Ends': there is no field 'mtu'; there is no field 'vlan'. The fields are head, tail. "
        "More pages follow: --pages gives all pages, and --set fields of the last"
    )
    assert error_text({"pageIndex": 0, "page": {**page, "hasNext": False}, "errors": errors[:1]}).endswith("head, tail")


def test_the_question_names_the_field_and_the_choices(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("4711\n\n"))

    answers = fill_in(PAGE, {})

    assert answers == {"head": "4711"}
    asked = capsys.readouterr().out
    assert "  head (4711 = Router ams-1; 4712 = Router lon-1): " in asked
    assert "  tail (4711 = Router ams-1; 4712 = Router lon-1) [4712]: " in asked


@pytest.mark.parametrize(("typed", "value"), [("4711", "4711"), ("Router ams-1", "4711"), ("Router", "Router")])
def test_a_choice_is_typed_by_its_value_or_its_label(monkeypatch: pytest.MonkeyPatch, typed: str, value: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n"))

    assert fill_in(PAGE, {}, ["head"]) == {"head": value}


REQUIRED: dict[str, Any] = {
    "title": "Site",
    "initialData": {"city": "ams"},
    "schema": {
        "required": ["site", "password", "city", "minutes", "place"],
        "properties": {
            "site": {"type": "string", "title": "Site"},
            "password": {"type": "string", "title": "Password", "writeOnly": True},
            "city": {"type": "string", "title": "City"},
            "minutes": {"type": "integer", "title": "Minutes"},
            "place": {"type": "string", "title": "Place", "format": "picker"},
            "remark": {"type": "string", "title": "Remark"},
        },
    },
}


@pytest.mark.parametrize(
    ("name", "times"), [("site", 2), ("password", 2), ("minutes", 2), ("place", 2), ("city", 1), ("remark", 1)]
)
def test_a_required_field_without_a_value_is_asked_again_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, times: int
) -> None:
    typed = ["", "7"]
    questions: list[str] = []

    def answer(question: str, **_: object) -> str:
        questions.append(question)
        return typed[len(questions) - 1]

    monkeypatch.setattr(forms, "reply", answer)
    choosers = {"picker": lambda field, question: answer(question)}

    answers = fill_in(REQUIRED, {}, [name], choosers=choosers)

    assert len(questions) == times
    assert (name in answers) is (times == 2)
    assert ("needs a value" in capsys.readouterr().out) is (times == 2)


def test_the_end_of_the_input_ends_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n\n"))

    with pytest.raises(forms.HungUp):
        fill_in(REQUIRED, {}, ["site"])


class Kinds(BaseModel):
    """A field of each kind that ``--set`` may give."""

    text: str
    remark: str | None
    number: int
    share: float | None
    is_urgent: bool
    router: ARouter
    other: ARouter | None
    key: int | str
    tags: list[str]
    anything: Any


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("text", "100", "100"),
        ("text", "1e5", "1e5"),
        ("text", "true", "true"),
        ("text", "[1]", "[1]"),
        ("text", '"quoted"', "quoted"),
        ("text", "plain", "plain"),
        ("remark", "4711", "4711"),
        ("remark", "null", None),
        ("number", "100", 100),
        ("number", "many", "many"),
        ("share", "1", 1),
        ("is_urgent", "true", True),
        ("router", "4711", "4711"),
        ("router", "Router ams-1", "4711"),
        ("router", "4713", 4713),
        ("other", "4711", "4711"),
        ("other", "null", None),
        ("key", "7", 7),
        ("tags", '["a"]', ["a"]),
        ("anything", "7", 7),
        ("unknown", "7", 7),
    ],
)
def test_a_value_of_set_is_read_as_its_field_takes_it(name: str, text: str, value: object) -> None:
    page = {"schema": Kinds.model_json_schema(), "initialData": {}}

    assert as_field(page, name, as_values({name: text})[name], text) == value
