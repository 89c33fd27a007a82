"""How often Python switches threads: our command sets it, a host that embeds the application keeps its own value."""

import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import SECONDS, orchestrator, running
from support.command_line import until as until_found
from support.database import PostgresServer

from orchestrator_gql.cli.serve import SWITCH_INTERVAL

FLOWS = """
import sys
from pathlib import Path

from orchestrator_gql import begin, step
from orchestrator_gql.workflow import workflow


@step("Note")
def note():
    Path("interval").write_text(str(sys.getswitchinterval()))


@workflow("Note the interval")
def noting():
    return begin >> note
"""

EMBEDDED = """
import asyncio
import sys

sys.setswitchinterval(0.003)

from orchestrator_gql.app import create_app
from orchestrator_gql.config.settings import read_settings


async def lead_a_life():
    app = create_app(read_settings(database_url=sys.argv[1]), [])
    async with app.router.lifespan_context(app):
        print(round(sys.getswitchinterval(), 6))


asyncio.run(lead_a_life())
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_our_command_shortens_it_for_every_database(kind: str, tmp_path: Path, postgres: PostgresServer) -> None:
    (tmp_path / "flows.py").write_text(FLOWS)
    with postgres.database() as url:
        database_option = ("--database", url) if kind == "postgres" else ()
        with running(tmp_path, "serve", "--workflows", "flows", "--port", "0", *database_option) as server:
            started = orchestrator(tmp_path, "start", "noting", "--url", server.address, "--yes")
            interval = until_found(lambda: _text(tmp_path / "interval"))

    assert started.returncode == 0, started.stderr
    assert float(interval) == pytest.approx(SWITCH_INTERVAL)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_host_that_embeds_the_application_keeps_its_own(kind: str, tmp_path: Path, postgres: PostgresServer) -> None:
    with postgres.database() as postgres_url:
        url = postgres_url if kind == "postgres" else f"sqlite+aiosqlite:///{tmp_path / 'orchestrator.db'}"
        command = [sys.executable, "-c", EMBEDDED, url]
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False)

    assert result.returncode == 0, result.stderr
    assert float(result.stdout) == 0.003


def _text(path: Path) -> str | None:
    return (path.read_text() or None) if path.exists() else None
