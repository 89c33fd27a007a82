"""Where the servers of one storm live: a folder, a database, a port each, and what they are told in the environment."""

import socket
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chaos import workflows
from chaos.lives import Life, Nursery
from orchestrator_gql.storage.database import failpoints

PATIENT = 180.0
"""Seconds; longer than anything takes that ends at all."""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on; a server keeps its own through all its lives, as in a deployment."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that is the same for each life."""

    folder: Path
    database_url: str
    nursery: Nursery
    settings: Mapping[str, str] = field(default_factory=dict)

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
        """A life of the server ``name``, which dies at the failpoint, or tells the log which ones there are."""
        arguments = [*command, "--workflows", "chaos.workflows", "--port", str(port), "--database", self.database_url]
        environment = {workflows.FOLDER: str(self.folder), workflows.REMOTE: remote, **self.settings}
        if failpoint is not None:
            environment[failpoints.ARMED] = failpoint
        if log is not None:
            environment[failpoints.LOG] = str(log)
        begin = self.nursery.fork if forked else self.nursery.command
        return await begin(arguments, environment, self.folder / f"{name}.log")


def passed(log: Path) -> Counter[str]:
    """The boundaries that a recorded life went through so far, and how often."""
    return Counter(line.partition(" ")[2] for line in log.read_text().splitlines())
