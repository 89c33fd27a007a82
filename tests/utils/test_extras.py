"""A command that needs an extra which is not installed says so in one sentence, with the command that installs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import FLOWS, SECONDS

from orchestrator_gql.utils.errors import SettingsError
from orchestrator_gql.utils.extras import MODULES, demand_extra

URL = "postgresql+psycopg://nobody@127.0.0.1:1/none"

SERVE = ("serve", "--workflows", "flows", "--port", "0")
WORKER = ("worker", "--workflows", "flows", "--port", "0", "--public-url", "http://api.example")
DEMO = ("demo", "--port", "0", "--proxy-port", "0")


def run(folder: Path, module: str, *arguments: str, without: str | None, **environment: str) -> str:
    """Run a command of the package as if a module was not installed; its last line on stderr."""
    (folder / "flows.py").write_text(FLOWS)
    code = (
        f"import sys; sys.modules[{without!r}] = None; from orchestrator_gql.{module} import main; "
        "sys.exit(main(sys.argv[1:]))"
    )
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith(("ORCHESTRATOR_", "ANSIBLE_"))
    }
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env={**variables, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert result.returncode == 2, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("without", "arguments"),
    [
        ("psycopg", SERVE),
        ("psycopg_pool", SERVE),
        ("procrastinate", SERVE),
        ("procrastinate", WORKER),
        ("psycopg", ("migrate",)),
        ("procrastinate", ("migrate",)),
        ("psycopg", ("prune", "--older-than", "30", "--yes")),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_a_command_on_postgresql_names_the_extra(tmp_path: Path, without: str, arguments: tuple[str, ...]) -> None:
    line = run(tmp_path, "cli.main", *arguments, without=without, ORCHESTRATOR_DATABASE_URL=URL)

    sentence = f"PostgreSQL needs the extra: pip install 'orchestrator-gql[postgres]' ({without} is missing)."
    assert line == f"orchestrator-gql: {sentence}"


def test_psycopg_without_its_library_is_a_missing_extra_too(tmp_path: Path) -> None:
    line = run(tmp_path, "cli.main", "migrate", without="none", ORCHESTRATOR_DATABASE_URL=URL, PSYCOPG_IMPL="c")

    assert "PostgreSQL needs the extra: pip install 'orchestrator-gql[postgres]' (psycopg cannot be imported: " in line


@pytest.mark.parametrize("without", MODULES["demo"])
def test_the_demo_and_its_proxy_name_the_extra(tmp_path: Path, without: str) -> None:
    sentence = (
        f"A service that runs playbooks needs the extra: pip install 'orchestrator-gql[demo]' ({without} is missing)."
    )

    assert run(tmp_path, "cli.main", *DEMO, without=without).endswith(sentence)
    assert run(tmp_path, "demo.ansible_proxy", "--port", "0", without=without).endswith(sentence)
    assert [path.name for path in tmp_path.iterdir()] == ["flows.py"]


@pytest.mark.parametrize("extra", MODULES)
def test_an_extra_that_is_installed_is_no_error(extra: str) -> None:
    demand_extra(extra)


@pytest.mark.parametrize(("extra", "name"), [(extra, name) for extra, names in MODULES.items() for name in names])
def test_every_package_of_an_extra_is_demanded(extra: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(SettingsError, match=rf"orchestrator-gql\[{extra}\]' \({name} is missing\)"):
        demand_extra(extra)
