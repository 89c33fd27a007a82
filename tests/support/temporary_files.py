"""Keeps the temporary files of a test run in memory, where the machine has a file system for that."""

import os
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory. A container may have little of it, or none."""

ENOUGH = 2 * 1024**3
"""Free bytes: several times what a whole run with four workers holds at once."""


def keep_in_memory(folder: Path = MEMORY) -> bool:
    """Make temporary files in the folder, in this process and in those it starts; the result is whether it may be used.

    Our tests make thousands of databases, and on a disk each commit waits for it, and each copy of a database for the
    allocation of its 300 files. The programs write and sync as they always do. A developer's own TMPDIR stays.
    """
    if "TMPDIR" in os.environ or not _is_usable(folder):
        return False
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None  # it is computed once, and may have been
    return True


def _is_usable(folder: Path) -> bool:
    """True if programs can be written and executed there, and there is enough space."""
    if not hasattr(os, "ST_NOEXEC") or not os.access(folder, os.W_OK | os.X_OK):
        return False
    system = os.statvfs(folder)
    return not system.f_flag & os.ST_NOEXEC and system.f_bavail * system.f_frsize >= ENOUGH
