"""The site of one storm: the folder, the database, the ports and the environment of its servers."""

import random
import socket
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from chaos import workflows
from chaos.lives import Life, Nursery
from orchestrator_gql.storage.database import failpoints

PATIENT = 180.0
"""Seconds; longer than any process needs that ends at all."""

BELOW_CLIENTS = (20_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on; a server keeps its port through all its lives, as in a deployment.

    They lie below the ports that a system gives to clients and to port 0: while a server is dead, none takes its port.
    """
    dice = random.SystemRandom()
    ports: set[int] = set()
    while len(ports) < count:
        port = dice.randrange(*BELOW_CLIENTS)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            ports.add(port)
    return list(ports)


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that is the same for each life of a server."""

    folder: Path
    database_url: str
    nursery: Nursery
    settings: Mapping[str, str] = field(default_factory=dict)
    workflows: str = "chaos.workflows"
    """The module that the servers offer."""

    async def begin(
        self,
        name: str,
        command: Sequence[str],
        *,
        port: int,
        remote: str = "",
        failpoint: str | None = None,
        log: Path | None = None,
        forked: bool = True,
    ) -> Life:
        """Start the server ``name``; it dies at ``failpoint``, and writes the boundaries that it passes to ``log``."""
        arguments = [*command, "--workflows", self.workflows, "--port", str(port), "--database", self.database_url]
        environment = {workflows.FOLDER: str(self.folder), workflows.REMOTE: remote, **self.settings}
        if failpoint is not None:
            environment[failpoints.ARMED] = failpoint
        if log is not None:
            environment[failpoints.LOG] = str(log)
        begin = self.nursery.fork if forked else self.nursery.command
        return await begin(arguments, environment, self.folder / f"{name}.log")


def passed(log: Path) -> Counter[str]:
    """The boundaries that a recorded life has passed so far, and how often."""
    return Counter(line.partition(" ")[2] for line in log.read_text().splitlines())
