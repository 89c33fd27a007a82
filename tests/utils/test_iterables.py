"""Pydantic reads an `Iterable` as an iterator: its items are read once and judged late, so they would be lost."""

from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, create_model
from support.stage import Stage

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.domain import ProductBlockModel
from orchestrator_gql.forms import FormPage
from orchestrator_gql.forms.submitted_pages import judge
from orchestrator_gql.types import State
from orchestrator_gql.utils.errors import StepError, WorkflowDefinitionError

PARAMETERS = [Iterable[int], Iterable[int] | None, Annotated[Iterable[int], Field(max_length=5)], Iterable]
FIELDS = [Iterable[int], Generator[int, None, None], dict[str, Iterable[int]], list[Iterable[int] | None]]


class Sends(BaseModel):
    """A model with an Iterable in a part."""

    parts: list[Iterable[int]]


@step("Act")
def act(callback_url: str) -> None:
    """An action that starts nothing."""


@step("Validate")
def validate(callback_result: Any) -> None:
    """A validation that takes everything."""


@pytest.mark.parametrize("annotation", PARAMETERS)
async def test_a_step_reads_an_iterable_more_than_once(tmp_path: Path, annotation: Any) -> None:
    def read(numbers: Any) -> State:
        return {"reads": [list(numbers), list(numbers)]}

    read.__annotations__["numbers"] = annotation
    process = await Stage(tmp_path).play(begin >> step("Read")(read), numbers=[1, 2])

    assert process.state["reads"] == [[1, 2], [1, 2]]


async def test_the_items_of_an_iterable_are_judged_before_the_step_runs(tmp_path: Path) -> None:
    @step("Read")
    def read(numbers: Iterable[int]) -> None:
        """Reads nothing."""

    process = await Stage(tmp_path).play(begin >> read, numbers=[1, "two"])

    assert process.failure is not None and process.failure.code == "bad-argument"


def as_a_block(kind: Any) -> None:
    class Block(ProductBlockModel, product_block_name="WithIterable"):
        numbers: kind


def as_a_contract(kind: Any) -> None:
    callback_step("Call", act, validate, contract=create_model("Sent", numbers=(kind, ...)))


@pytest.mark.parametrize("declare", [as_a_block, as_a_contract])
@pytest.mark.parametrize("kind", [*FIELDS, Sends])
def test_a_product_and_a_contract_with_an_iterable_are_refused(declare: Callable[[Any], None], kind: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match=r"has an Iterable, .* write list\[…\] or Sequence\[…\]"):
        declare(kind)


@pytest.mark.parametrize(("kind", "sent"), [(Iterable[int], [1]), (dict[str, Iterable[int]], {"a": [1]})])
def test_a_form_with_an_iterable_is_refused(kind: Any, sent: Any) -> None:
    page = create_model("Page", __base__=FormPage, numbers=(kind, ...))

    with pytest.raises(StepError, match="is an Iterable, which can be read only once"):
        judge(page, {"numbers": sent})
