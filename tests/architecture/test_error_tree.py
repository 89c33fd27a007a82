"""The tree at the head of the errors is the tree of their classes, and the first line of each is its message."""

import re
from types import ModuleType

import pytest

from orchestrator_gql.utils import errors, request_errors, start_errors
from orchestrator_gql.utils.errors import OrchestratorError

MODULES = (errors, start_errors, request_errors)


def errors_of(module: ModuleType) -> list[type[OrchestratorError]]:
    """The errors that the module defines."""
    classes = [each for each in vars(module).values() if isinstance(each, type)]
    return [each for each in classes if issubclass(each, OrchestratorError) and each.__module__ == module.__name__]


ERRORS = [each for module in MODULES for each in errors_of(module)]


def drawn(text: str) -> dict[str, str | None]:
    """The names in the tree, each with the name above it."""
    parents: dict[str, str | None] = {}
    above: list[str] = []
    for branch, name in re.findall(r"^((?:    |│   |├── |└── )*)([A-Z]\w+)(?: {2,}|$)", text, flags=re.MULTILINE):
        depth = len(branch) // 4
        parents[name] = above[depth - 1] if depth else None
        above[depth:] = [name]
    return parents


@pytest.mark.parametrize("module", MODULES)
def test_the_tree_draws_every_error_below_its_class(module: ModuleType) -> None:
    bases = {each.__name__: each.__bases__[0].__name__ for each in ERRORS}
    tree = drawn(module.__doc__ or "")
    (root, *others) = tree

    assert tree == {root: None} | {name: bases.get(name) for name in others}
    assert tree.keys() >= {each.__name__ for each in errors_of(module)}


@pytest.mark.parametrize("error", ERRORS)
def test_the_first_line_of_an_error_is_a_sentence_for_its_reader(error: type[OrchestratorError]) -> None:
    assert (error.__doc__ or "").strip().partition("\n")[0].endswith(".")
