"""The page of errors names every code that a process of ours fails with."""

import ast
from collections.abc import Iterator
from pathlib import Path

import orchestrator_gql
from scripts.write_reference import FAILURES

HOME = Path(orchestrator_gql.__file__).parent
PLACES = {"Failure": 0, "StepError": 1}
"""The position of the code among the arguments."""


def codes_of(file: Path) -> Iterator[str]:
    """Yield the codes that the file gives as constants, or by a name that it defines."""
    tree = ast.parse(file.read_text())
    named = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in PLACES:
            codes = [word.value for word in call.keywords if word.arg == "code"]
            for code in (codes or call.args[PLACES[call.func.id] :])[:1]:
                constant = named.get(code.id) if isinstance(code, ast.Name) else getattr(code, "value", None)
                if isinstance(constant, str):
                    yield constant


def test_every_failure_code_is_on_the_page_of_errors() -> None:
    used = {code for file in HOME.rglob("*.py") for code in codes_of(file)}

    assert len(used) > 15
    assert used - FAILURES.keys() == set()
