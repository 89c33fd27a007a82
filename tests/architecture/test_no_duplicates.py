"""A rule is written once: no two functions of the package do the same, and no type alias is defined twice."""

import ast
from collections import defaultdict

from support.tree import dotted, modules

SMALL = 12
"""Nodes of a body that may stand twice: one call with its arguments."""


def _body(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    """The statements without the docstring."""
    is_documented = ast.get_docstring(function) is not None
    return function.body[1:] if is_documented else function.body


def _same(modules: dict[str, str]) -> list[list[str]]:
    """The functions, by module and line, that have one another's body. Methods stand twice where two classes offer the
    same, as types of a schema do."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, text in modules.items():
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = ast.Module(_body(node), [])
                if sum(1 for _ in ast.walk(body)) > SMALL:
                    found[ast.dump(body)].append(f"{name}:{node.lineno} {node.name}")
    return [places for places in found.values() if len(places) > 1]


def _aliases(modules: dict[str, str]) -> list[list[str]]:
    """The type aliases that more than one module defines, under one name and as the same."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, text in modules.items():
        for node in ast.parse(text).body:
            is_alias = isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "TypeAlias"
            if is_alias:
                found[ast.unparse(node)].append(name)
    return [places for places in found.values() if len(places) > 1]


def _package() -> dict[str, str]:
    return {dotted(path): path.read_text() for path in modules()}


def test_no_function_is_written_twice() -> None:
    assert _same(_package()) == []


def test_no_type_alias_is_defined_twice() -> None:
    assert _aliases(_package()) == []


def test_what_stands_twice_would_be_noticed() -> None:
    rule = "def is_open(p):\n    r = p.record\n    return r is not None and r.index == p.position and r.is_running\n"
    modules = {"a": f"Json: TypeAlias = Any\n{rule}", "b": f"Json: TypeAlias = Any\n{rule.replace('is_open', 'runs')}"}

    assert _same(modules) == [["a:2 is_open", "b:2 runs"]]
    assert _aliases(modules) == [["a", "b"]]
