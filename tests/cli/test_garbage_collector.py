"""How often Python looks for garbage: our command decides it, a host that embeds the application decides itself."""

import gc
import json
from pathlib import Path

from support.command_line import orchestrator, running
from support.command_line import until as until_found
from support.database import sqlite_url

from orchestrator_gql.app import create_app
from orchestrator_gql.cli.serve import COLLECTIONS
from orchestrator_gql.config.settings import read_settings

FLOWS = """
import gc
import json
from pathlib import Path

from orchestrator_gql import begin, step
from orchestrator_gql.workflow import workflow


@step("Note")
def note():
    noted = {"thresholds": gc.get_threshold(), "frozen": gc.get_freeze_count(), "collects": gc.isenabled()}
    Path("new").write_text(json.dumps(noted))
    Path("new").rename("noted")


@workflow("Note the collector")
def noting():
    return begin >> note
"""


def test_our_command_collects_seldom_and_not_among_what_it_imported(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(FLOWS)
    with running(tmp_path, "serve", "--workflows", "flows", "--port", "0") as server:
        started = orchestrator(tmp_path, "start", "noting", "--url", server.address, "--yes")
        noted = json.loads(until_found(lambda: _text(tmp_path / "noted")))

    assert started.returncode == 0, started.stderr
    assert noted["thresholds"] == list(COLLECTIONS)
    assert noted["frozen"] > 50_000
    assert noted["collects"]


async def test_a_host_that_embeds_the_application_keeps_its_own(tmp_path: Path) -> None:
    before = gc.get_threshold()
    assert before != COLLECTIONS
    app = create_app(read_settings(database_url=sqlite_url(tmp_path)), [])
    async with app.router.lifespan_context(app):
        assert gc.get_threshold() == before


def _text(path: Path) -> str | None:
    return path.read_text() if path.exists() else None
