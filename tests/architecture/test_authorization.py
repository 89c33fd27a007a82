"""Authorization stands in one layer: commands and lookups demand a permission; what is above passes on who asks."""

import ast
from pathlib import Path

import pytest
from support.tree import PACKAGE, dotted, modules

ABOVE = [path for path in modules() if path.relative_to(PACKAGE).parts[0] in ("graphql", "rest")]


def _judgements(path: Path) -> list[str]:
    """Where the module demands a permission, names one, or reads rows past the lookups."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Attribute):
            continue
        is_named = isinstance(node.value, ast.Name) and node.value.id == "Permission"
        is_past = node.attr == "database" and "graphql" in path.parts
        if node.attr == "demand" or is_named or is_past:
            found.append(f"line {node.lineno}: {ast.unparse(node)}")
    return found


@pytest.mark.parametrize("path", ABOVE, ids=dotted)
def test_no_module_of_graphql_or_rest_judges_what_somebody_may(path: Path) -> None:
    assert _judgements(path) == []


def test_a_judgement_would_be_noticed(tmp_path: Path) -> None:
    (tmp_path / "graphql").mkdir()
    module = tmp_path / "graphql" / "queries.py"
    module.write_text(
        "def process(info):\n"
        "    info.context.principal.demand(Permission.READ)\n"
        "    return info.context.runtime.database.read(all)\n"
    )

    assert sorted(line.partition(":")[0] for line in _judgements(module)) == ["line 2", "line 2", "line 3"]
