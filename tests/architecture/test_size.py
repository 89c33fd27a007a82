"""Each module is small enough to read, and begins with a sentence that says what it is for."""

import ast
from pathlib import Path

from support.tree import dotted, modules

MAX_LINES = 400
MAX_FUNCTION = 50


def faults(path: Path) -> list[str]:
    """What is wrong with the beginning and the size of the module."""
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
    if text.strip() and not first.endswith((".", ":", "?")):
        long.append(f"its first line is no sentence: {first!r}")
    if text.count("\n") > MAX_LINES:
        long.append(f"{text.count(chr(10))} lines")
    return long


def test_each_module_begins_with_one_sentence_and_fits_its_size() -> None:
    assert {dotted(path): found for path in modules() if (found := faults(path))} == {}


def test_a_module_with_faults_is_found(tmp_path: Path) -> None:
    body = "    pass\n" * MAX_FUNCTION
    (tmp_path / "long.py").write_text(f'"""No sentence"""\n\n\ndef work():\n{body}' + "\n" * MAX_LINES)

    long, beginning, lines = faults(tmp_path / "long.py")

    assert long == f"work: {MAX_FUNCTION + 1} lines"
    assert "No sentence" in beginning
    assert lines == f"{MAX_LINES + MAX_FUNCTION + 4} lines"
