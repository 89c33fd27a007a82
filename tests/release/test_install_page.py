"""The page on installing names the files of this version, and its service starts."""

import configparser
import re
import shlex
from pathlib import Path

import pytest
from support.command_line import FLOWS, get, running
from support.compose import filled_in
from support.tree import ROOT

from orchestrator_gql.version import __version__

PAGE = ROOT / "docs" / "howto" / "install.md"


def unit() -> tuple[dict[str, str], list[str]]:
    """The environment and the command of the systemd service on the page."""
    text = re.findall(r"```ini\n(.*?)```", PAGE.read_text(), re.DOTALL)[0]
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(text)
    environment = dict(line.split("=", 1) for line in re.findall(r"^Environment=(.*)$", text, re.MULTILINE))
    return environment, shlex.split(parser["Service"]["ExecStart"])


@pytest.mark.parametrize("page", ["docs/howto/install.md", "docs/howto/deploy-on-postgresql.md"])
def test_the_wheel_on_the_page_has_this_version(page: str) -> None:
    versions = set(re.findall(r"orchestrator_gql-([0-9.]+)-py3", (ROOT / page).read_text()))

    assert versions == {__version__}


def test_the_service_of_the_page_starts(tmp_path: Path) -> None:
    environment, (program, *arguments) = unit()
    (tmp_path / "my_workflows.py").write_text(FLOWS)
    (tmp_path / "orchestrator.toml").write_text(filled_in())
    environment["ORCHESTRATOR_SETTINGS_FILE"] = str(tmp_path / "orchestrator.toml")
    environment["ORCHESTRATOR_DATABASE_URL"] = f"sqlite+aiosqlite:///{tmp_path}/orchestrator.db"

    with running(tmp_path, *arguments, "--port", "0", **environment) as server:
        assert get(server.address + "/health/ready").status_code == 200
        code = server.end()

    assert Path(program).name == "orchestrator-gql"
    assert code == 0


def test_the_extras_of_the_page_are_those_of_users() -> None:
    assert set(re.findall(r"\.whl\[(\w+)\]", PAGE.read_text())) == {"postgres", "demo"}
