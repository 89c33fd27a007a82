"""No room is too large to be read at one sitting, and each begins by saying what it is for."""

import ast
from collections import Counter
from pathlib import Path

import pytest
from support.tree import PACKAGE, dotted, rooms

MAX_LINES = 400
MAX_FILES = 24
MAX_FUNCTION = 50


@pytest.mark.parametrize("path", rooms(), ids=dotted)
def test_a_room_begins_with_one_sentence_and_fits_its_size(path: Path) -> None:
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


def test_no_folder_holds_more_files_than_a_reader_keeps_in_mind() -> None:
    files = Counter(path.parent for path in rooms() if path.name != "__init__.py" and path.parent != PACKAGE)

    assert {dotted(folder): count for folder, count in files.items() if count > MAX_FILES} == {}
