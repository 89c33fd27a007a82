"""One function stores the results of callbacks: nothing else calls what accepts or fails a callback in the storage."""

import ast
from pathlib import Path

from support.tree import PACKAGE, modules

TAKER = Path("engine/callbacks/results.py")
STORING = {"accept", "fail"}
STORAGE = "orchestrator_gql.storage.callbacks"


def _storing_names(tree: ast.Module) -> tuple[set[str], set[str]]:
    """The names that the module has for the storage of callbacks, and for its functions that store a result."""
    of_module, of_functions = set[str](), set[str]()
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="orchestrator_gql.storage", names=names):
                of_module |= {alias.asname or alias.name for alias in names if alias.name == "callbacks"}
            case ast.ImportFrom(module="orchestrator_gql.storage.callbacks", names=names):
                of_functions |= {alias.asname or alias.name for alias in names if alias.name in STORING}
            case ast.Import(names=names):
                of_module |= {alias.asname or alias.name for alias in names if alias.name == STORAGE}
    return of_module, of_functions


def _takers(path: Path) -> list[str]:
    """The places of the module, with their functions, that name a storage function which stores a result."""
    tree = ast.parse(path.read_text())
    of_module, of_functions = _storing_names(tree)
    places = []
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
        for node in ast.walk(function):
            is_named = isinstance(node, ast.Name) and node.id in of_functions
            is_attribute = isinstance(node, ast.Attribute) and node.attr in STORING
            if is_named or (is_attribute and ast.unparse(node).rpartition(".")[0] in of_module):
                places.append(f"{function.name}: {ast.unparse(node)}")
    return places


def _callers(path: Path, name: str) -> list[str]:
    tree = ast.parse(path.read_text())
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [
        function.name
        for function in functions
        if any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(function))
    ]


def test_only_the_function_that_takes_results_stores_them() -> None:
    places = {path.relative_to(PACKAGE): _takers(path) for path in modules()}

    assert {path: found for path, found in places.items() if found} == {
        TAKER: ["_accept: callbacks.accept", "_accept: callbacks.fail"]
    }
    assert _callers(PACKAGE / TAKER, "_accept") == ["take"]


def test_a_second_taker_is_found(tmp_path: Path) -> None:
    module = tmp_path / "second.py"
    module.write_text(
        "from orchestrator_gql.storage import callbacks as rows\n"
        "from orchestrator_gql.storage.callbacks import fail as ended\n"
        "def put(conn, callback):\n"
        "    rows.accept(conn, callback)\n"
        "    ended(conn, callback)\n"
    )

    assert sorted(_takers(module)) == ["put: ended", "put: rows.accept"]
