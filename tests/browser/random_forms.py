"""Workflows with pages of random fields in their start forms and input steps; each writes down what a step received."""

import json
import os
from pathlib import Path
from typing import Any

from random_values import random_page

from orchestrator_gql import begin, inputstep, step
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.workflow import workflow

PAGES = 5
"""Pages of a form."""

WORKFLOWS = 100 if os.environ.get("ORCHESTRATOR_TEST_EXHAUSTIVE") == "1" else 5
"""Of each sort: so there are 2 · WORKFLOWS · PAGES models. A server reads this file too, so it imports no `support`."""


def answers_to(seeds: range) -> FormGenerator:
    """A form of a page for each seed."""
    answers = []
    for seed in seeds:
        answer = yield random_page(seed)
        answers.append(answer.model_dump())
    return {f"from_{seeds.start}": answers}


@step("Write down")
def write_down(state: State) -> None:
    """What arrived, in the order of its keys."""
    received = {key: value for key, value in state.items() if key.startswith("from_")}
    path = Path(os.environ["RECEIVED"]) / str(state["process_id"])
    path.with_suffix(".part").write_text(json.dumps(received))
    path.with_suffix(".part").rename(path)


def start_with(seeds: range) -> Any:
    """A workflow that starts with the pages."""

    def asks() -> FormGenerator:
        return (yield from answers_to(seeds))

    def steps() -> Any:
        return begin >> write_down

    steps.__name__ = f"start_{seeds.start}"
    return workflow(f"Start with {seeds.start}", initial_input_form=asks)(steps)


def stop_for(seeds: range) -> Any:
    """A workflow that stops for a form with the pages."""

    def asks() -> FormGenerator:
        return (yield from answers_to(seeds))

    def steps() -> Any:
        return begin >> inputstep("Ask")(asks) >> write_down

    steps.__name__ = f"stop_{seeds.start}"
    return workflow(f"Stop for {seeds.start}")(steps)


for start in range(0, WORKFLOWS * PAGES, PAGES):
    globals()[f"start_{start}"] = start_with(range(start, start + PAGES))
for start in range(WORKFLOWS * PAGES, 2 * WORKFLOWS * PAGES, PAGES):
    globals()[f"stop_{start}"] = stop_for(range(start, start + PAGES))
