"""Starts the product as its users do, in processes of its own, and the servers that it is compared with."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from orchestrator_gql.config.database_url import url_of

TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 60.0
"""Seconds that a server may take until it is ready."""


class RunningServer(Protocol):
    """One process or several, with the kernel's figures about them."""

    url: str
    processes: int

    def cpu(self) -> float:
        """Seconds of CPU used so far."""
        ...

    def rss(self) -> float:
        """Megabytes of memory held now."""
        ...


class Program:
    """A server in a process of its own, with the kernel's figures about it."""

    processes = 1
    ready_after: float
    """Seconds from the start until the server answered that it is ready."""

    def __init__(self, command: Sequence[str], port: int, *, ready: str, **environment: str) -> None:
        self._command, self._environment = command, environment
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._ready = ready

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        """Start the server and wait until it is ready."""
        environment = {**os.environ, "ORCHESTRATOR_LOG_LEVEL": "ERROR", **self._environment}
        began = time.monotonic()
        self._process = subprocess.Popen(self._command, env=environment, stdout=subprocess.DEVNULL)
        while time.monotonic() < began + PATIENCE and self._process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}{self._ready}", timeout=1).read()
            except OSError:
                time.sleep(0.01)
            else:
                self.ready_after = time.monotonic() - began
                return
        self.kill()
        raise RuntimeError("the server did not become ready")

    def kill(self) -> None:
        """Kill it with SIGKILL, as the kernel does when memory runs out."""
        self._process.kill()
        self._process.wait(timeout=60)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(timeout=60)

    def cpu(self) -> float:
        """Seconds of CPU used so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss(self) -> float:
        """Megabytes of memory held now."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def sockets(self) -> int:
        """The number of connections to the port that the server has not closed."""
        address = f":{self.port:04X}"
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return sum(row[1].endswith(address) and row[3] == "01" for row in rows)


class Server(Program):
    """`orchestrator-gql serve` or `worker` on a free port; a path names a SQLite file."""

    def __init__(
        self,
        database: Path | str,
        *,
        workflows: str = "benchmarks.workflows",
        command: Sequence[str] = ("serve",),
        module: str = "orchestrator_gql",
        **environment: str,
    ) -> None:
        port = free_port()
        url = url_of(database) if isinstance(database, Path) else database
        arguments = [*("--workflows", workflows), *("--port", str(port)), *("--database", url)]
        python = (sys.executable, "-m", module)
        super().__init__([*python, *command, *arguments], port, ready="/health/ready", **environment)


class ApiAndWorker:
    """One server that answers requests and one worker that runs steps, on one PostgreSQL."""

    processes = 2

    def __init__(self, database: str, **environment: str) -> None:
        self._api = Server(database, command=("serve", "--role", "api"), **environment)
        self.url = self._api.url
        self._worker = Server(database, command=("worker", "--public-url", self.url), **environment)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._api)
            stack.enter_context(self._worker)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def cpu(self) -> float:
        """Seconds of CPU that both processes used so far."""
        return self._api.cpu() + self._worker.cpu()

    def rss(self) -> float:
        """Megabytes of memory that both processes hold now."""
        return self._api.rss() + self._worker.rss()


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
