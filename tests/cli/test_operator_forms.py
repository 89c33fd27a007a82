"""The pages of forms on a terminal: the labels of fields and of choices."""

import io
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_forms.validators import Choice

from orchestrator_gql.cli.operator.forms import fill_in, shown

ROUTERS = {"4711": "Router ams-1", "4712": "Router lon-1"}
ARouter: Any = Choice.__call__("ARouter", zip(ROUTERS, ROUTERS.items(), strict=True))


class Ends(BaseModel):
    """Two fields of one class, which has the title of the class."""

    head: ARouter
    tail: ARouter


PAGE = {"title": "Ends", "schema": Ends.model_json_schema(), "initialData": {"tail": "4712"}}


def test_two_fields_of_one_class_have_the_names_of_the_fields_and_a_choice_has_its_label() -> None:
    assert shown("Ends", PAGE, {"head": "4711"}) == [
        "Ends",
        "  head: 4711 = Router ams-1",
        "  tail: 4712 = Router lon-1",
    ]


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
