"""Starts the product as its users do: in its own process, on its own SQLite file."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """`orchestrator-gql serve` on a free port, with the kernel's figures about it."""

    ready_after: float
    """Seconds from the start until the server answered that it is ready."""

    def __init__(self, database: Path, *, workflows: str = "benchmarks.workflows", **environment: str) -> None:
        self._environment = environment
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._command = [
            *(sys.executable, "-m", "orchestrator_gql", "serve", "--workflows", workflows),
            *("--port", str(self._port), "--database", f"sqlite+aiosqlite:///{database}"),
        ]

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        """Start the server and wait until it is ready."""
        environment = {**os.environ, "ORCHESTRATOR_LOG_LEVEL": "ERROR", **self._environment}
        began = time.monotonic()
        self._process = subprocess.Popen(self._command, env=environment, stdout=subprocess.DEVNULL)
        while time.monotonic() < began + 30:
            try:
                urllib.request.urlopen(f"{self.url}/health/ready", timeout=1).read()
            except OSError:
                time.sleep(0.01)
            else:
                self.ready_after = time.monotonic() - began
                return
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
