"""Every example in a docstring does what it says."""

import doctest
import importlib
from pathlib import Path

import pytest
from support.tree import dotted, modules

EXAMPLES = [path for path in modules() if ">>> " in path.read_text()]


@pytest.mark.parametrize("path", EXAMPLES, ids=dotted)
def test_the_examples_of_a_module_hold(path: Path) -> None:
    module = importlib.import_module(dotted(path))

    failed, tried = doctest.testmod(module)

    assert tried > 0
    assert failed == 0
