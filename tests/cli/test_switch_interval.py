"""How often Python switches threads: our command sets it, a host that embeds the application keeps its own value."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
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


def write_often(gap: float, is_over: threading.Event) -> None:
    with Path(os.devnull).open("wb", buffering=0) as file:
        while not is_over.is_set():
            compute(gap)
            file.write(b"x")


def turn_often(gap: float, is_over: threading.Event) -> None:
    async def turns() -> None:
        while not is_over.is_set():
            compute(gap)
            await asyncio.sleep(0)

    asyncio.run(turns())


def compute(seconds: float) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


@pytest.fixture
def short_interval() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("short_interval")
@pytest.mark.parametrize("gap", [0.00005, 0.0001, 0.0002, 0.0004])
@pytest.mark.parametrize("author", [write_often, turn_often])
async def test_a_step_that_releases_the_interpreter_for_moments_does_not_hold_up_the_loop(
    author: Callable[[float, threading.Event], None], gap: float
) -> None:
    """With an interval longer than the turns, on a machine that does nothing else, this takes more than a minute."""
    is_over = threading.Event()
    thread = threading.Thread(target=author, args=(gap, is_over))
    thread.start()
    try:
        async with asyncio.timeout(20):
            for _ in range(100):
                await asyncio.sleep(0.001)
    finally:
        is_over.set()
        thread.join()


def _text(path: Path) -> str | None:
    return (path.read_text() or None) if path.exists() else None
