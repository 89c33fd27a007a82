"""`orchestrator-gql backup`: copy the SQLite file."""

import json
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic

from orchestrator_gql.cli.catalog import PROGRAM
from orchestrator_gql.cli.failure import DONE
from orchestrator_gql.cli.serving.ending import BY_SIGNAL, leave
from orchestrator_gql.cli.signals import handling
from orchestrator_gql.cli.terminal import process_count
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.storage.database.backup import Backup
from orchestrator_gql.storage.database.backup_check import DamagedFile, check
from orchestrator_gql.storage.database.schema import HEAD, difference, is_newer

STOP_SECONDS = 3.0
"""Seconds that a copy may take to stop, and its removal after that: a disk that does not answer must not keep the
command alive."""

LOOK_SECONDS = 0.2
"""Seconds after which the main thread looks for a signal again: a signal that another thread receives, or that comes
just before the main thread begins to wait, does not wake it."""

DAMAGED = 1
"""The exit code if a copy is damaged."""

Outcome = Path | BaseException
"""The source that was copied, or the error."""


def backup(file: Path, *, database: str | None, is_json: bool = False) -> int:
    """Copy the database to the file, print the size of the copy and return the exit code.

    After a signal nothing of the copy remains. A thread of its own copies, so that the main thread can leave it
    behind: only the main thread receives signals.
    """
    copy = Backup(read_settings(database_url=database).database_url, file)
    arrived: SimpleQueue[int | Outcome] = SimpleQueue()  # a signal handler may put into it, whatever it interrupts

    with handling(arrived.put, is_last=True):
        Thread(target=_make, args=(copy, arrived), daemon=True).start()
        first = _next(arrived)
        if isinstance(first, int):
            return _stop(copy, arrived, BY_SIGNAL + first)
        if isinstance(first, BaseException):
            raise first
        size = file.stat().st_size
        if is_json:
            print(json.dumps({"source": str(first), "file": str(file), "bytes": size}))
        else:
            print(f"Copied {first} to {file} ({size:,} bytes).")
    return DONE


def check_copy(file: Path, *, is_json: bool = False) -> int:
    """Check a copy that was made before, print what it holds and return the exit code: 1 if it is damaged."""
    try:
        held = check(file)
    except DamagedFile as error:
        print(f"{PROGRAM}: {error.message}", file=sys.stderr)
        return DAMAGED
    if is_json:
        print(json.dumps({"file": str(file), "bytes": file.stat().st_size, **asdict(held)}))
        return DONE
    changed = f", the last change at {held.newest} UTC" if held.newest else ""
    print(f"{file} is whole: schema {held.schema}, {process_count(held.processes)}{changed}.")
    if held.schema != HEAD:
        print(
            difference(held.schema) if is_newer(held.schema) else "A server of this release migrates it at its start."
        )
    return DONE


def _make(copy: Backup, arrived: "SimpleQueue[int | Outcome]") -> None:
    try:
        arrived.put(copy.make())
    except BaseException as error:
        arrived.put(error)


def _next(arrived: "SimpleQueue[int | Outcome]") -> int | Outcome:
    """Wait for the first signal or the outcome."""
    while True:
        with suppress(Empty):
            return arrived.get(timeout=LOOK_SECONDS)


def _stop(copy: Backup, arrived: "SimpleQueue[int | Outcome]", code: int) -> int:
    """Stop the copy, remove it and return the exit code; leave at once if the disk does not answer."""
    copy.stop()
    has_ended = _has_outcome(arrived)
    removing = Thread(target=copy.remove, daemon=True)
    removing.start()
    removing.join(STOP_SECONDS)
    if not has_ended or removing.is_alive():
        print(f"{PROGRAM}: The disk does not answer: the copy was given up.", file=sys.stderr)
        leave(code, is_orderly=False)  # Python would wait for SQLite
    return code


def _has_outcome(arrived: "SimpleQueue[int | Outcome]") -> bool:
    """Wait for the outcome of the copy, whatever further signals arrive; false if it does not come in time."""
    until = monotonic() + STOP_SECONDS
    while (left := until - monotonic()) > 0:
        try:
            if not isinstance(arrived.get(timeout=left), int):
                return True
        except Empty:
            break
    return False
