"""A command imports only what it needs, so it answers at once; each command can be imported in a new process."""

import subprocess
import sys

import pytest

from orchestrator_gql.cli.catalog import entries
from orchestrator_gql.cli.help_text import help_of

HEAVY = {
    "alembic",
    "graphql",
    "pydantic",
    "sqlalchemy",
    "starlette",
    "strawberry",
    "structlog",
    "uvicorn",
    "websockets",
}
"""The packages that only servers, migrations and `tail` need; each takes a tenth of a second or more."""

OPERATOR = ("confirm", "decisions", "notifications", "requests", "show", "start", "subscriptions", "verbs", "waits")
MODULES = {
    "orchestrator_gql.cli.main": {"httpx", "cyclopts", "rich"},
    **{f"orchestrator_gql.cli.operator.{name}": set[str]() for name in OPERATOR},
    "orchestrator_gql.cli.audit.listing": set(),
    "orchestrator_gql.cli.audit.export": set(),
    "orchestrator_gql.cli.pause": set(),
    "orchestrator_gql.cli.request": set(),
    "orchestrator_gql.cli.operator.processes": set(),
    "orchestrator_gql.cli.operator.workflows": set(),
    "orchestrator_gql.cli.operator.many": set(),
    "orchestrator_gql.cli.operator.watching": set(),
    "orchestrator_gql.cli.app": {"rich", "httpx"},
}
"""The modules of the commands that call a server, with what else they must not import."""


def imported(code: str) -> set[str]:
    """The packages that a new process has after this code."""
    code += "\nimport sys\nprint(*{name.partition('.')[0] for name in sys.modules}, sep=chr(10))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


@pytest.mark.parametrize("module", MODULES)
def test_a_command_that_calls_a_server_imports_no_server(module: str) -> None:
    assert imported(f"import {module}") & (HEAVY | MODULES[module]) == set()


def test_the_help_needs_neither_a_server_nor_a_client() -> None:
    code = "from orchestrator_gql.cli.main import main; main(['--help'])"

    assert imported(code) & (HEAVY | {"httpx", "asyncio", "cyclopts", "rich"}) == set()


def test_the_help_of_a_command_needs_no_table_and_no_other_library() -> None:
    helps = [help_of(entry.name.split()) for entry in entries()]
    assert len(helps) > 10
    assert all(helps)
    code = "from orchestrator_gql.cli.main import main; main(['processes', '--help'])"

    assert imported(code) & (HEAVY | {"httpx", "rich"}) == set()


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["processes", "--help"]])
def test_the_help_costs_little(words: list[str]) -> None:
    code = f"import resource, sys\nfrom orchestrator_gql.cli.main import main\nmain({words})\n"
    code += "used = resource.getrusage(resource.RUSAGE_SELF)\nprint(used.ru_utime + used.ru_stime, file=sys.stderr)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert float(done.stderr) < 1.5  # seconds; idle it is 0.05 for all commands, and 0.11 for a command


def test_a_command_that_calls_a_server_does_not_load_the_command_line_of_its_client() -> None:
    code = "from orchestrator_gql.cli.main import main; main(['processes', '--url', 'http://127.0.0.1:1'])"

    found = imported(code)
    assert "httpx" in found
    assert not found & {"click", "pygments", "rich"}
