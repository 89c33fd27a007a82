"""`make chaos`: the long storm over both databases, with a table of faults, losses and repetitions."""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from support.postgres_cluster import postgres_cluster

from chaos import on_postgres, on_sqlite
from chaos.evidence import Evidence
from chaos.history import Observation
from chaos.invariants import lost, twice
from chaos.lives import nursery

KILLS = {"sqlite": 1000, "postgres": 200}
SHOWN = 20
"""Complaints that are printed; the first one helps most."""

Column = Mapping[str, int | str]


def main() -> int:
    """Run the storm and print its table; exit with 1 if anything was lost or happened twice."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--storage", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--kills", type=int, help="how many servers die (1000 on SQLite, 200 on PostgreSQL)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="which faults, and in which order")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the history and the servers' logs there")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    names = ("sqlite", "postgres") if options.storage == "both" else (options.storage,)
    columns: dict[str, Column] = {}
    complaints: list[str] = []
    for name in names:
        kills = options.kills or KILLS[name]
        with _folder(options.keep, name) as folder:
            began = time.monotonic()
            run = _on_sqlite if name == "sqlite" else _on_postgres
            evidence, rest = run(folder, kills, options.seed)
            columns[name] = {**rest, **_column(evidence), "minutes": f"{(time.monotonic() - began) / 60:.1f}"}
            complaints += [*lost(evidence), *twice(evidence)]
    print(_table(columns))
    print("\n".join(complaints[:SHOWN]))
    return 1 if complaints else 0


@contextmanager
def _folder(parent: Path | None, name: str) -> Iterator[Path]:
    if parent is not None:
        (parent / name).mkdir(parents=True)
        yield parent / name
        return
    with TemporaryDirectory(prefix="orchestrator-chaos-") as folder:
        yield Path(folder)


def _on_sqlite(folder: Path, kills: int, seed: int) -> tuple[Evidence, Column]:
    async def run() -> on_sqlite.Storm:
        async with nursery() as servers:
            return await on_sqlite.storm(folder, servers, kills=kills, seed=seed)

    result = asyncio.run(run())
    return result.evidence, {"commit boundaries, before and after": len(result.boundaries)}


def _on_postgres(folder: Path, kills: int, seed: int) -> tuple[Evidence, Column]:
    with postgres_cluster() as cluster:
        cluster.allow_connections(on_postgres.CONNECTIONS)

        async def run() -> on_postgres.Storm:
            async with nursery() as servers:
                return await on_postgres.storm(folder, servers, cluster, kills=kills, seed=seed)

        result = asyncio.run(run())
    return result.evidence, {
        "commit boundaries, before and after": len(result.boundaries),
        "commits refused": result.refused,
        "commits refused to servers that had been frozen": result.refused_frozen,
    }


def _column(evidence: Evidence) -> Column:
    counts = Counter(entry.observation for entry in evidence.history)
    faults = [entry.details for entry in evidence.history if entry.observation is Observation.HURT]
    kinds = Counter(fault["kind"] for fault in faults)
    places = {fault["where"] for fault in faults if fault["kind"] == "failpoint"}
    executions = [execution for process in evidence.processes.values() for execution in process.executions]
    return {
        "killed at a failpoint": kinds["failpoint"],
        "boundaries at which a server was killed": len(places),
        "killed with SIGKILL at any moment": kinds["kill -9"],
        "stopped with SIGTERM": kinds["stop"],
        "frozen for longer than a lease": kinds["freeze"],
        "event loops kept busy for longer than a lease": kinds["busy loop"],
        "queue emptied": kinds["queue emptied"],
        "PostgreSQL killed": kinds["database killed"],
        "processes started, and ended": len(evidence.processes),
        "steps recorded": len(executions),
        "steps executed again because of a fault": sum(execution.attempt - execution.tries for execution in executions),
        "starts acknowledged": counts[Observation.STARTED],
        "callbacks acknowledged": counts[Observation.DELIVERED],
        "forms acknowledged": counts[Observation.CONFIRMED],
        "events sent to a subscriber": counts[Observation.EVENT],
        "times it connected": counts[Observation.RECONNECTED],
        "lost": len(lost(evidence)),
        "twice": len(twice(evidence)),
    }


def _table(columns: Mapping[str, Column]) -> str:
    rows = list(dict.fromkeys(row for column in columns.values() for row in column))
    rows.sort(key=lambda row: row in ("lost", "twice", "minutes"))
    lines = [f"| | {' | '.join(columns)} |", f"|---|{'--:|' * len(columns)}"]
    for row in rows:
        cells = (str(column.get(row, "–")) for column in columns.values())  # noqa: RUF001 - a dash means that the storm does not count it
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
