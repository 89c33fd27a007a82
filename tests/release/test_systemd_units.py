"""The units in deploy/systemd: systemd accepts them, their commands start, and their times fit the end of a server."""

import configparser
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command_line import FLOWS, running, until
from support.compose import filled_in
from support.database import PostgresServer, new_sqlite_url
from support.tree import ROOT

from orchestrator_gql.cli.serving.ending import EXIT_SECONDS, LAST_SECONDS
from orchestrator_gql.config.settings import Settings

FOLDER = ROOT / "deploy" / "systemd"
UNITS = sorted(path.name for path in FOLDER.iterdir())
PROGRAM = "/opt/orchestrator/bin/orchestrator-gql"


def text_of(unit: str) -> str:
    return (FOLDER / unit).read_text()


def service_of(unit: str) -> dict[str, str]:
    """The keys of the section `Service`; of a key that stands there several times, the last value."""
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(text_of(unit))
    return dict(parser["Service"])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("unit", UNITS)
def test_systemd_accepts_the_unit(tmp_path: Path, unit: str) -> None:
    """It knows each key and value, and needs the program to be there."""
    copy = tmp_path / unit
    copy.write_text(text_of(unit).replace(PROGRAM, sys.executable))
    verified = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False)

    assert (verified.returncode, verified.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_refuses_a_misspelt_key(tmp_path: Path) -> None:
    copy = tmp_path / UNITS[0]
    copy.write_text(text_of(UNITS[0]).replace(PROGRAM, sys.executable).replace("KillMode=", "KillMod="))
    verified = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False)

    assert "KillMod" in verified.stderr


@pytest.fixture(params=UNITS)
def unit(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database_url(unit: str, tmp_path: Path, postgres: PostgresServer) -> Iterator[str]:
    if unit == "orchestrator.service":
        yield new_sqlite_url(tmp_path)
    else:
        with postgres.database() as url:
            yield url


def test_the_command_of_the_unit_starts_with_its_settings_and_ends_at_sigterm(
    tmp_path: Path, unit: str, database_url: str
) -> None:
    (tmp_path / "my_workflows.py").write_text(FLOWS)
    places = f'database_url = "{database_url}"\npublic_url = "http://127.0.0.1:8000"\n'
    (tmp_path / "orchestrator.toml").write_text(places + filled_in())
    variables = dict(line.split("=", 1) for line in re.findall(r"^Environment=(.*)$", text_of(unit), re.MULTILINE))
    environment = {name: value.replace("%d", str(tmp_path)) for name, value in variables.items()}
    program, *words = service_of(unit)["ExecStart"].replace("%i", "0").split()
    arguments = [environment[word[1:]] if word.startswith("$") else word for word in words]
    if unit == "orchestrator.service":
        arguments += ["--port", "0"]

    with running(tmp_path, *arguments, **environment) as server:
        until(lambda: "is running" in server.out.read_text() or None)
        code = server.end()

    assert (program, code) == (PROGRAM, 0)


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_is_more_patient_than_the_server(unit: str) -> None:
    grace = Settings.model_fields["grace"].default

    assert float(service_of(unit)["TimeoutStopSec"]) >= grace + LAST_SECONDS + EXIT_SECONDS + 5
    assert service_of(unit)["KillMode"] == "mixed", "SIGTERM would end the programs of running steps, too"


@pytest.mark.parametrize("unit", UNITS)
def test_the_units_differ_in_their_command_alone(unit: str) -> None:
    def common(name: str) -> list[str]:
        lines = text_of(name).splitlines()
        return [line for line in lines[lines.index("[Unit]") :] if not line.startswith(("ExecStart=", "Description="))]

    assert common(unit) == common("orchestrator.service")
