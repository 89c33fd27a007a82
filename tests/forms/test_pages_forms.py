"""The confirmation form of the callbacks page, as an operator sees it."""

import json
from typing import Annotated, Any

import pytest
from pydantic import Field, create_model
from pydantic_forms.validators import LongText

from orchestrator_gql.forms import Complete, FormPage, NextPage, ReadOnly, turn
from orchestrator_gql.types import FormGenerator, State

pytestmark = pytest.mark.filterwarnings("ignore:Support for class-based `config` is deprecated")


def show_callback_results(state: State) -> FormGenerator:
    if "callback_result" not in state:
        return state

    class ConfirmRunPage(FormPage):
        class Config:
            title: str = f"Execution for {state['subscription']['product']['name']} completed."

        run_status: str = state["callback_result"]["status"]
        run_results: LongText = json.dumps(state["callback_result"], indent=4)

    yield ConfirmRunPage
    state.pop("run_results")
    return state


def finished_run_state() -> State:
    result = {"job_id": "7f0c", "output": ["ok"], "return_code": 0, "status": "successful"}
    return {"subscription": {"product": {"name": "L2VPN"}}, "callback_result": result}


async def test_the_operator_sees_the_result_of_the_run() -> None:
    state = finished_run_state()

    outcome = await turn(show_callback_results, state, [])

    assert isinstance(outcome, NextPage)
    assert outcome.page.title == outcome.page.schema["title"] == "Execution for L2VPN completed."
    assert outcome.page.key == "confirm-run-page"
    assert outcome.page.initial_data["run_status"] == "successful"
    assert json.loads(outcome.page.initial_data["run_results"]) == state["callback_result"]
    assert outcome.page.ui_schema["run_results"] == {"ui:widget": "textarea", "ui:options": {"rows": 10}}


async def test_an_empty_page_confirms_without_sending_the_large_result_back() -> None:
    state = finished_run_state()

    outcome = await turn(show_callback_results, state, [{}])

    assert isinstance(outcome, Complete)
    assert outcome.data == state | {"run_status": "successful"}
    assert outcome.pages[0]["run_status"] == "successful"


async def test_a_form_that_returns_before_its_first_page_is_complete_at_once() -> None:
    state = {"subscription": {"product": {"name": "L2VPN"}}}

    outcome = await turn(show_callback_results, state, [])

    assert outcome == Complete(data=state, pages=())


async def test_a_turn_does_not_change_the_state_of_the_process() -> None:
    state = finished_run_state()

    await turn(show_callback_results, state, [{}])

    assert state == finished_run_state()


@pytest.mark.parametrize(
    ("annotation", "builds"),
    [
        (str, 0),
        (ReadOnly[int], 0),
        (Annotated[int, Field(frozen=True)], 1),
        (Annotated[ReadOnly[int], Field(validate_default=True)], 1),
    ],
    ids=["no field", "a field", "a frozen field", "a field of which the default should be valid"],
)
def test_a_page_is_built_once_and_shows_the_default_of_a_read_only_field_as_it_is(annotation: Any, builds: int) -> None:
    again: list[str] = []

    class Rebuilt(FormPage):
        @classmethod
        def model_rebuild(cls, **options: Any) -> bool | None:
            again.append(cls.__name__)
            return super().model_rebuild(**options)

    page = create_model("Page", __base__=Rebuilt, a=(annotation, "no number"))

    assert (page().model_dump(warnings=False), len(again)) == ({"a": "no number"}, builds)
