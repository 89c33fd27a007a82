"""A server is killed with SIGKILL and another takes over its file: nothing is lost, no recorded step runs twice."""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from doomed import token_in
from errands import ERRANDS, journal
from sqlalchemy import select
from support.database import sqlite_url
from support.engine import Engine, engine_of
from support.operator import ADA
from support.remote import answer
from support.sizes import exhaustive

from orchestrator_gql.commands.processes import retry_process
from orchestrator_gql.storage.tables import processes
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.utils.errors import SettingsError

COMPLETED, FAILED = ProcessStatus.COMPLETED, ProcessStatus.FAILED
DOOMED = Path(__file__).parent / "doomed.py"

Enough = Callable[[Sequence[str]], bool]


def ready(lines: Sequence[str]) -> bool:
    """True once the scene has run."""
    return lines[-1] == "ready"


@asynccontextmanager
async def doomed(folder: Path, scene: str, enough: Enough = ready) -> AsyncIterator[None]:
    """A server in its own process, once it has printed enough or has died; it is killed at the end of the block."""
    paths = os.pathsep.join(map(str, (DOOMED.parent, DOOMED.parent.parent, DOOMED.parent.parent.parent)))
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        str(DOOMED),
        sqlite_url(folder),
        str(folder),
        scene,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert child.stdout is not None
    lines: list[str] = []
    try:
        async with asyncio.timeout(120):  # a limit: a slow machine is no failure
            while line := await child.stdout.readline():
                lines.append(line.decode().strip())
                if enough(lines):
                    break
        yield
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


async def killed(folder: Path, scene: str, enough: Enough = ready) -> None:
    """Run a server until it has printed enough, and kill it."""
    async with doomed(folder, scene, enough):
        pass


async def all_processes(engine: Engine) -> list[UUID]:
    """The ids of all processes."""
    return list(await engine.read(lambda conn: conn.execute(select(processes.c.id)).scalars().all()))


async def test_processes_that_wait_for_callbacks_get_them_through_the_next_server(tmp_path: Path) -> None:
    await killed(tmp_path, "waits")

    async with engine_of(sqlite_url(tmp_path), *ERRANDS) as engine:
        ids = await all_processes(engine)
        for process_id in ids:
            await answer(engine.runtime, token_in(tmp_path, process_id), {"rc": 0})
        ended = [await engine.reaches(process_id, COMPLETED) for process_id in ids]

    assert [process.state["was"] for process in ended] == [0] * 5
    steps = ("prepare", "call", "judge", "finish")
    assert journal(tmp_path) == {(str(process_id), name): 1 for process_id in ids for name in steps}


async def test_an_acknowledged_delivery_is_judged_by_the_next_server(tmp_path: Path) -> None:
    await killed(tmp_path, "accepts_a_delivery")

    async with engine_of(sqlite_url(tmp_path), *ERRANDS) as engine:
        (process_id,) = await all_processes(engine)
        ended = await engine.reaches(process_id, COMPLETED)
        again = await answer(engine.runtime, token_in(tmp_path, process_id), {"rc": 0})

    calls = journal(tmp_path)
    assert ended.state["callback_result"] == {"rc": 0}
    assert again.is_duplicate
    assert [calls[str(process_id), name] for name in ("prepare", "call", "finish")] == [1, 1, 1]
    assert calls[str(process_id), "judge"] in (1, 2)


async def test_an_acknowledged_start_is_carried_out_by_the_next_server(tmp_path: Path) -> None:
    await killed(tmp_path, "starts")

    async with engine_of(sqlite_url(tmp_path), *ERRANDS) as engine:
        (process_id,) = await all_processes(engine)
        await engine.reaches(process_id, COMPLETED)


async def test_only_the_interrupted_step_runs_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The next server says that it continues the process."""
    caplog.set_level(logging.INFO, "orchestrator_gql.app")
    os.mkfifo(tmp_path / "line")
    await killed(tmp_path, "holds", lambda lines: "hold" in lines)
    (tmp_path / "line").unlink()
    (tmp_path / "line").write_text("go on")

    async with engine_of(sqlite_url(tmp_path), *ERRANDS) as engine:
        (process_id,) = await all_processes(engine)
        await engine.reaches(process_id, COMPLETED)
        executions = await engine.steps(process_id)

    (left,) = [vars(record)["processes"] for record in caplog.records if "without a hand-over" in record.getMessage()]
    assert left == 1
    calls = journal(tmp_path)
    assert [calls[str(process_id), name] for name in ("prepare", "hold", "finish")] == [1, 2, 1]
    assert [(execution.name, execution.attempt) for execution in executions] == [
        ("prepare", 1),
        ("hold", 2),
        ("finish", 1),
    ]


async def test_a_step_that_holds_after_a_crash_fails_as_interrupted_and_runs_after_a_retry(
    tmp_path: Path,
) -> None:
    os.mkfifo(tmp_path / "line")
    await killed(tmp_path, "holds_once", lambda lines: "hold once" in lines)
    (tmp_path / "line").unlink()
    (tmp_path / "line").write_text("go on")

    async with engine_of(sqlite_url(tmp_path), *ERRANDS) as engine:
        (process_id,) = await all_processes(engine)
        failed = await engine.reaches(process_id, FAILED)
        calls_before = journal(tmp_path)[str(process_id), "hold once"]
        await retry_process(engine.runtime, ADA, process_id=process_id)
        await engine.reaches(process_id, COMPLETED)

    assert failed.failure is not None
    assert failed.failure.code == "interrupted"
    assert (calls_before, journal(tmp_path)[str(process_id), "hold once"]) == (1, 2)


@pytest.mark.parametrize("lines", [2, 23, *exhaustive(9, 40)])
async def test_whenever_a_busy_server_is_killed_every_acknowledged_process_is_completed(
    tmp_path: Path, lines: int
) -> None:
    await killed(tmp_path, "runs", lambda printed: len(printed) >= lines)

    async with engine_of(sqlite_url(tmp_path), *ERRANDS) as engine:
        ids = await all_processes(engine)
        for process_id in ids:
            await engine.reaches(process_id, COMPLETED)
        executions = {process_id: await engine.steps(process_id) for process_id in ids}

    calls = journal(tmp_path)
    assert ids
    for process_id, log in executions.items():
        assert [execution.name for execution in log] == ["prepare", "finish"] * 3
        assert len([execution for execution in log if execution.attempt > 1]) <= 1
        for name in ("prepare", "finish"):
            entered = sum(execution.attempt for execution in log if execution.name == name)
            assert 3 <= calls[str(process_id), name] <= entered


async def test_a_second_server_on_the_same_file_refuses_to_start_and_says_why(tmp_path: Path) -> None:
    async with doomed(tmp_path, "waits"):
        with pytest.raises(SettingsError, match="Another server"):
            async with engine_of(sqlite_url(tmp_path), *ERRANDS):
                pass
