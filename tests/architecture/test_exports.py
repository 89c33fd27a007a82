"""The public API for authors: the exported names, and the few imports that they need."""

import importlib
import subprocess
import sys
import types

import pytest

import orchestrator_gql

PUBLIC_MODULES = (
    "orchestrator_gql",
    "orchestrator_gql.domain",
    "orchestrator_gql.forms",
    "orchestrator_gql.testing",
    "orchestrator_gql.types",
    "orchestrator_gql.utils.json",
    "orchestrator_gql.workflow",
)


@pytest.mark.parametrize("name", PUBLIC_MODULES)
def test_a_public_module_has_all_the_names_that_it_exports(name: str) -> None:
    module = importlib.import_module(name)

    assert module.__all__
    missing = [name for name in module.__all__ if not hasattr(module, name)]

    assert missing == []
    assert len(module.__all__) == len(set(module.__all__))


def test_the_package_has_no_public_name_that_it_does_not_export() -> None:
    for name in orchestrator_gql.__all__:  # each name is imported at its first use
        getattr(orchestrator_gql, name)
    public = {
        name
        for name, value in vars(orchestrator_gql).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }

    assert public == set(orchestrator_gql.__all__) - {"__version__"}
    assert dir(orchestrator_gql) == sorted(orchestrator_gql.__all__)
    with pytest.raises(AttributeError):
        _ = orchestrator_gql.processes


def test_the_module_of_the_language_is_not_hidden_by_its_decorator() -> None:
    assert isinstance(importlib.import_module("orchestrator_gql.workflow"), types.ModuleType)
    assert "workflow" not in orchestrator_gql.__all__


@pytest.mark.parametrize("name", ["orchestrator_gql", "orchestrator_gql.workflow", "orchestrator_gql.workflows.utils"])
def test_a_module_of_workflows_imports_no_server_and_no_database(name: str) -> None:
    heavy = (
        "orchestrator_gql.testing",
        "sqlalchemy",
        "alembic",
        "starlette",
        "strawberry",
        "uvicorn",
        "websockets",
        "psycopg",
    )
    code = f"import sys; from {name} import *; print(*sorted(set(sys.modules) & {set(heavy)!r}))"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert loaded.stdout.split() == []


def test_the_kit_for_authors_tests_needs_no_test_framework() -> None:
    code = "import sys, orchestrator_gql.testing; print(*sorted(set(sys.modules) & {'pytest', '_pytest'}))"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert loaded.stdout.split() == []
