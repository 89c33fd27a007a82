"""Identifiers use the words of the glossary: the private words of earlier releases do not come back."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.tree import ROOT

FOLDERS = ("orchestrator_gql", "tests", "benchmarks", "scripts")

PRIVATE = frozenset({"mailbox", "letter", "bell", "ring", "visit", "aftermath", "told", "said"})
PLURALS = frozenset({"mailboxes", "letters", "bells", "rings", "visits", "visited"})
FORBIDDEN = PRIVATE | PLURALS

DEMANDED = frozenset({"visit", "visitor", "Visitor", "NodeVisitor", "generic_visit"})
"""Names that a library demands: `graphql.visit` walks a document, `ast.NodeVisitor` a syntax tree."""

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def words(name: str) -> set[str]:
    return {word.lower() for part in name.split("_") for word in _WORD.findall(part)}


def is_demanded(name: str) -> bool:
    return name in DEMANDED or name.startswith(("visit_", "enter_", "leave_"))


def identifiers(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every name that the file itself writes, with its line: definitions, arguments, variables, attributes, imports."""
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield line, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield line, name
            case ast.keyword(arg=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield line, name
            case ast.alias(name=module, asname=asname):
                for name in [*module.split("."), *([asname] if asname else [])]:
                    yield line, name
            case _:
                pass


def files() -> list[Path]:
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in paths if "versions" not in path.parts]


def test_the_words_of_a_name_are_found_in_either_case() -> None:
    assert words("_keep_earlier_letter") & PRIVATE == {"letter"}
    assert words("RefusedLetter") & PRIVATE == {"letter"}
    assert words("string") & PRIVATE == set()
    assert words("refused") & PRIVATE == set()
    assert words("HTTPBell2") & PRIVATE == {"bell"}


def test_there_are_files_to_look_at() -> None:
    assert len(files()) > 100


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_identifier_of_ours_has_a_private_word(folder: str) -> None:
    matches = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in files()
        if path.relative_to(ROOT).parts[0] == folder
        for line, name in identifiers(ast.parse(path.read_text()))
        if words(name) & FORBIDDEN and not is_demanded(name)
    ]

    assert matches == []


def test_no_module_is_named_by_a_private_word() -> None:
    matches = [path for path in files() if words(path.stem) & FORBIDDEN]

    assert matches == []
