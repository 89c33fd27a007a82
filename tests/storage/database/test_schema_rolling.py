"""A migration only adds: servers of the release before work on the new schema until they are replaced."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator_gql.storage.database.schema import FOLDER

LAST_FREE = "0014"
"""The rule holds for the migrations after this one."""

ADDING = {"create_table", "create_index", "add_column", "execute", "get_bind", "f"}
"""What a migration may call of Alembic's `op`. Other calls break a server of the release before: it still reads a
dropped or renamed column, and a stricter constraint refuses its rows."""

FILES = sorted(file for file in (FOLDER / "versions").glob("0*.py") if file.name[:4] > LAST_FREE)


def calls(file: Path) -> Iterator[tuple[str, ast.Call]]:
    """The calls of `op` in the file."""
    for node in ast.walk(ast.parse(file.read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if isinstance(node.func.value, ast.Name) and node.func.value.id == "op":
            yield node.func.attr, node


def arguments(column: ast.expr) -> dict[str | None, str]:
    assert isinstance(column, ast.Call)
    return {keyword.arg: ast.unparse(keyword.value) for keyword in column.keywords}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_migration_leaves_what_the_release_before_reads_and_writes(file: Path) -> None:
    for name, call in calls(file):
        assert name in ADDING, f"{file.name} calls op.{name}: servers of the release before still run"
        if name == "add_column":
            given = arguments(call.args[1])
            assert given.get("nullable") == "True" or "server_default" in given, (
                f"{file.name} adds a column that servers of the release before do not fill"
            )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_new_index_of_an_older_table_is_not_unique(file: Path) -> None:
    new = {ast.unparse(call.args[0]) for name, call in calls(file) if name == "create_table"}
    for name, call in calls(file):
        if name == "create_index" and ast.unparse(call.args[1]) not in new:
            assert "unique" not in arguments(call), f"{file.name}: the release before may write what it refuses"
