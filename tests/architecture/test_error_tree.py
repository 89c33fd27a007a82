"""The tree at the head of the errors is the tree of their classes, and the first line of each is its message."""

import re

import pytest

from orchestrator_gql.utils import errors, start_errors
from orchestrator_gql.utils.errors import OrchestratorError, Refused

ERRORS = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, OrchestratorError)]
START_ERRORS = [each for each in vars(start_errors).values() if isinstance(each, type) and each is not Refused]


def drawn(text: str) -> dict[str, str | None]:
    """The names in the tree, each with the name above it."""
    parents: dict[str, str | None] = {}
    above: list[str] = []
    for branch, name in re.findall(r"^((?:    |│   |├── |└── )*)([A-Z]\w+)(?: {2,}|$)", text, flags=re.MULTILINE):
        depth = len(branch) // 4
        parents[name] = above[depth - 1] if depth else None
        above[depth:] = [name]
    return parents


def test_the_tree_draws_every_error_below_its_class() -> None:
    text = re.sub(r"^    ", "", errors.__doc__ or "", flags=re.MULTILINE)
    (root, *others) = ERRORS

    assert drawn(text) == {root.__name__: None} | {each.__name__: each.__bases__[0].__name__ for each in others}


def test_the_errors_of_a_start_are_drawn_too() -> None:
    assert drawn(start_errors.__doc__ or "") == {"Refused": None} | {
        each.__name__: each.__bases__[0].__name__ for each in START_ERRORS
    }


@pytest.mark.parametrize("error", [*ERRORS, *START_ERRORS])
def test_the_first_line_of_an_error_is_a_sentence_for_its_reader(error: type[OrchestratorError]) -> None:
    assert (error.__doc__ or "").strip().partition("\n")[0].endswith(".")
