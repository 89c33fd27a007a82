"""Checks whether a copy of a SQLite file is whole: a disk, or a transfer, may have damaged it."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from orchestrator_gql.utils.errors import SettingsError

INSTRUCTIONS = 100_000
"""Instructions of SQLite's virtual machine between two looks whether the check is still wanted: a few milliseconds."""


@dataclass(frozen=True, slots=True)
class CheckedCopy:
    """What a whole copy holds: the version of its schema, the number of its processes, and when it was last changed."""

    schema: str
    processes: int
    newest: str | None


class DamagedFile(SettingsError):
    """Pages of the file do not fit together; ``finding`` is what SQLite says."""

    def __init__(self, path: Path, finding: str) -> None:
        self.finding = " ".join(finding.split())
        super().__init__(f"{str(path)!r} is damaged: {self.finding}.")


class ForeignFile(SettingsError):
    """The file is empty, or the database of another program."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{str(path)!r} is not a database of this program.")


def check(path: Path, is_wanted: Callable[[], bool] = lambda: True) -> CheckedCopy:
    """Read every page of the file and return what it holds; the file stays as it is.

    Raises `DamagedFile` and `ForeignFile`, `SettingsError` if the file cannot be read, and `sqlite3.OperationalError`
    if the check is not wanted any more.
    """
    try:
        with _opened(path) as conn:
            conn.set_progress_handler(lambda: not is_wanted(), INSTRUCTIONS)
            (finding,) = conn.execute("PRAGMA quick_check(1)").fetchone()
            if finding != "ok":
                raise DamagedFile(path, finding)
            if not conn.execute(_OURS).fetchone()[0]:
                raise ForeignFile(path)
            return CheckedCopy(*conn.execute(_HELD).fetchone())
    except sqlite3.OperationalError as error:
        if not is_wanted():
            raise
        raise SettingsError(f"{str(path)!r} cannot be read: {error}.") from error
    except sqlite3.DatabaseError as error:
        raise DamagedFile(path, str(error)) from error


_OURS = "SELECT count(*) = 2 FROM sqlite_schema WHERE name IN ('alembic_version', 'processes')"

_HELD = """\
SELECT (SELECT version_num FROM alembic_version), (SELECT count(*) FROM processes),
  (SELECT at FROM events ORDER BY id DESC LIMIT 1)"""


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that writes nothing, not even the files beside the database, unless they hold commits."""
    if not path.is_file():
        raise SettingsError(f"There is no file {str(path)!r} to check.")
    wal = path.with_name(path.name + "-wal")
    has_more = wal.exists() and wal.stat().st_size > 0
    options = "mode=ro" if has_more else "mode=ro&immutable=1"
    with closing(sqlite3.connect(f"file://{quote(os.fsencode(path.resolve()))}?{options}", uri=True)) as conn:
        yield conn
