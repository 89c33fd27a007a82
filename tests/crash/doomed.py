"""A server that a test will kill: ``doomed.py DATABASE FOLDER SCENE``. It prints its progress on stdout."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

from errands import ERRANDS, errand, holding, holding_once, long, say
from support.engine import Engine, engine_of
from support.remote import answer, token_of

from orchestrator_gql.types import ProcessStatus


async def waits(engine: Engine, folder: Path) -> None:
    """Several processes wait for their callbacks."""
    process_ids = [await engine.start(errand, {"folder": str(folder)}) for _ in range(5)]
    for process_id in process_ids:
        await engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)


async def accepts_a_delivery(engine: Engine, folder: Path) -> None:
    """A delivery is acknowledged; right after that the server is killed."""
    process_id = await engine.start(errand, {"folder": str(folder)})
    await engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)
    await answer(engine.runtime, token_in(folder, process_id), {"rc": 0})
    os.kill(os.getpid(), signal.SIGKILL)


async def starts(engine: Engine, folder: Path) -> None:
    """A start is acknowledged; right after that the server is killed."""
    await engine.start(long, {"folder": str(folder)})
    os.kill(os.getpid(), signal.SIGKILL)


async def holds(engine: Engine, folder: Path) -> None:
    """A step runs and does not end."""
    await engine.start(holding, {"folder": str(folder)})


async def holds_once(engine: Engine, folder: Path) -> None:
    """A step that must not run again without an operator runs and does not end."""
    await engine.start(holding_once, {"folder": str(folder)})


async def notifies(engine: Engine, folder: Path) -> None:
    """A process fails, and a webhook is sent about it."""
    await engine.start(long, {"folder": str(folder / "nowhere")})


async def runs(engine: Engine, folder: Path) -> None:
    """Many processes run at once."""
    await asyncio.gather(*(engine.start(long, {"folder": str(folder)}) for _ in range(8)))


SCENES: dict[str, Callable[[Engine, Path], Awaitable[None]]] = {
    scene.__name__: scene for scene in (waits, accepts_a_delivery, starts, holds, holds_once, notifies, runs)
}


def token_in(folder: Path, process_id: UUID) -> str:
    """The last token of the process."""
    return token_of((folder / f"route-{process_id}").read_text())


async def main(database_url: str, folder: Path, scene: str) -> None:
    """Run the scene, print "ready", and wait to be killed."""
    async with engine_of(database_url, *ERRANDS) as engine:
        await SCENES[scene](engine, folder)
        say("ready")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
