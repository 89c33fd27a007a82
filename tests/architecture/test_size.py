"""Each module is small enough to read, and begins with a sentence that says what it is for."""

import ast
from pathlib import Path

import pytest
from support.tree import dotted, modules

MAX_LINES = 400
MAX_FUNCTION = 50


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_a_module_begins_with_one_sentence_and_fits_its_size(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)

    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= MAX_FUNCTION
    ]

    first = (ast.get_docstring(tree) or "").partition("\n")[0]
    assert not text.strip() or first.endswith((".", ":", "?")), f"its first line is no sentence: {first!r}"
    assert text.count("\n") <= MAX_LINES
    assert long == []
