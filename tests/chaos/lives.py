"""Servers as operating system processes: started by the command or by a fork, with signals and exit codes."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, Signals

TESTS = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Life:
    """One life of a server; ``gone`` resolves to its exit code, which is negative if a signal ended it."""

    pid: int
    gone: "asyncio.Future[int]"

    def signal(self, number: Signals) -> None:
        """Send it a signal, unless it is dead already."""
        if not self.gone.done():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return

    async def end(self, number: Signals = SIGKILL) -> int:
        """Send the signal and wait until it is dead."""
        self.signal(number)
        return await asyncio.shield(self.gone)


class Nursery:
    """Starts servers."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._born: asyncio.Queue[Life] = asyncio.Queue()
        self._gone: dict[int, asyncio.Future[int]] = {}
        self._one_at_a_time = asyncio.Lock()
        self._commands: list[asyncio.subprocess.Process] = []

    async def fork(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Life:
        """A server that starts at once: the process it is forked from has imported everything."""
        order = {"arguments": list(arguments), "environment": dict(environment), "log": str(log)}
        assert self._process.stdin is not None
        async with self._one_at_a_time:
            self._process.stdin.write((json.dumps(order) + "\n").encode())
            return await self._born.get()

    async def command(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Life:
        """A server that starts as users start it."""
        with log.open("ab") as out:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "orchestrator_gql", *arguments),
                env={**os.environ, **path(), **environment},
                stdout=out,
                stderr=out,
            )
        self._commands.append(process)
        return Life(process.pid, asyncio.ensure_future(process.wait()))

    async def close(self) -> None:
        """Kill the servers that still run, as after a storm that failed."""
        for command in self._commands:
            if command.returncode is None:
                command.kill()
                await command.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def listen(self) -> None:
        """Read which servers started and ended, until cancelled."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            message = json.loads(line)
            if "born" in message:
                pid = message["born"]
                # A system gives the id of a dead process to a new one: the future is that of this life.
                self._gone[pid] = asyncio.get_running_loop().create_future()
                self._born.put_nowait(Life(pid, self._gone[pid]))
            else:
                self._gone.pop(message["gone"]).set_result(message["code"])


@asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    """A nursery; servers that still run at the end are killed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "chaos.nursery"),
        env={**os.environ, **path()},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    nursery = Nursery(process)
    listening = asyncio.create_task(nursery.listen())
    try:
        yield nursery
    finally:
        await nursery.close()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


def path() -> dict[str, str]:
    """The environment variable by which servers find the package and the workflows."""
    return {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")])}
