"""No two functions of the package have the same body, and no type alias is defined twice."""

import ast
from collections import defaultdict

from support.tree import dotted, modules

SMALL = 12
"""The most syntax nodes of a body that may repeat, such as one call with its arguments."""


def _body(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    """Return the statements without the docstring."""
    is_documented = ast.get_docstring(function) is not None
    return function.body[1:] if is_documented else function.body


def _same_functions(modules: dict[str, str]) -> list[list[str]]:
    """Return groups of functions with the same body, by module and line.

    Methods may repeat: two classes, such as types of a schema, may offer the same.
    """
    places_by_text: dict[str, list[str]] = defaultdict(list)
    for name, text in modules.items():
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = ast.Module(_body(node), [])
                if sum(1 for _ in ast.walk(body)) > SMALL:
                    places_by_text[ast.dump(body)].append(f"{name}:{node.lineno} {node.name}")
    return [places for places in places_by_text.values() if len(places) > 1]


def _aliases(modules: dict[str, str]) -> list[list[str]]:
    """Return the type aliases that more than one module defines with the same name and value."""
    places_by_text: dict[str, list[str]] = defaultdict(list)
    for name, text in modules.items():
        for node in ast.parse(text).body:
            is_alias = isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "TypeAlias"
            if is_alias:
                places_by_text[ast.unparse(node)].append(name)
    return [places for places in places_by_text.values() if len(places) > 1]


def _package() -> dict[str, str]:
    return {dotted(path): path.read_text() for path in modules()}


def test_no_two_functions_have_the_same_body() -> None:
    assert _same_functions(_package()) == []


def test_no_type_alias_is_defined_twice() -> None:
    assert _aliases(_package()) == []


def test_a_duplicate_is_found() -> None:
    rule = "def is_open(p):\n    r = p.record\n    return r is not None and r.index == p.position and r.is_running\n"
    modules = {"a": f"Json: TypeAlias = Any\n{rule}", "b": f"Json: TypeAlias = Any\n{rule.replace('is_open', 'runs')}"}

    assert _same_functions(modules) == [["a:2 is_open", "b:2 runs"]]
    assert _aliases(modules) == [["a", "b"]]
