"""Authorization is in one layer: commands and reads demand permissions; graphql and rest only pass on the principal."""

import ast
from pathlib import Path

from support.tree import PACKAGE, dotted, modules

ABOVE = [path for path in modules() if path.relative_to(PACKAGE).parts[0] in ("graphql", "rest")]


def _permission_checks(path: Path) -> list[str]:
    """Return where the module demands a permission, names a permission, or reads rows without the reads package."""
    places = []
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Attribute):
            continue
        is_named = isinstance(node.value, ast.Name) and node.value.id == "Permission"
        is_past = node.attr == "database" and "graphql" in path.parts
        if node.attr == "demand" or is_named or is_past:
            places.append(f"line {node.lineno}: {ast.unparse(node)}")
    return places


def test_no_module_of_graphql_or_rest_checks_permissions() -> None:
    assert {dotted(path): found for path in ABOVE if (found := _permission_checks(path))} == {}


def test_a_check_of_permissions_is_found(tmp_path: Path) -> None:
    (tmp_path / "graphql").mkdir()
    module = tmp_path / "graphql" / "queries.py"
    module.write_text(
        "def process(info):\n"
        "    info.context.principal.demand(Permission.READ)\n"
        "    return info.context.runtime.database.read(all)\n"
    )

    assert sorted(line.partition(":")[0] for line in _permission_checks(module)) == ["line 2", "line 2", "line 3"]
