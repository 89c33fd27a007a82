"""Finds the Python files of a folder, and writes all of them or none."""

import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from orchestrator_gql.utils.errors import SettingsError

SKIPPED = {"__pycache__", "node_modules", "site-packages"}


def python_files(folder: Path) -> dict[str, bytes]:
    """The ``*.py`` files in the folder and below it, by their path in the folder; raises `SettingsError`.

    A symbolic link is never followed: a file is read where it is. Hidden folders and virtual environments are left out.
    """
    if not folder.is_dir():
        raise SettingsError(f"There is no folder {str(folder)!r}: give the folder of your workflows and products.")
    files = {path.relative_to(folder).as_posix(): _read(path) for path in sorted(_walk(folder))}
    if not files:
        raise SettingsError(f"No *.py file is in {str(folder)!r}: give the folder of your workflows and products.")
    return files


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder, onerror=_refuse):  # it follows no link to a folder
        folders[:] = [name for name in folders if _is_entered(Path(place, name))]
        for name in names:
            path = Path(place, name)
            if path.suffix == ".py" and stat.S_ISREG(path.lstat().st_mode):
                yield path


def _is_entered(folder: Path) -> bool:
    hidden = folder.name.startswith(".") or folder.name in SKIPPED
    return not (hidden or (folder / "pyvenv.cfg").exists())


def _refuse(error: OSError) -> None:
    raise SettingsError(f"{error.filename!r} cannot be read: {error.strerror}.") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{str(path)!r} cannot be read: {error.strerror}.") from error


def write_all(folder: Path, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> None:
    """Write the files ``after``, each in the place of the file that was read ``before``.

    Each new file is complete beside the old one before the first old one is replaced. Raises `SettingsError` if a file
    cannot be written or was changed meanwhile; then no file is changed.
    """
    written = dict[Path, Path]()
    try:
        for name, content in after.items():
            path = folder / name
            if path.is_symlink() or _read(path) != before[name]:
                raise SettingsError(f"{str(path)!r} was changed meanwhile: run the command again.")
            written[path] = _beside(path, content)
        for path, new in written.items():
            new.replace(path)
    except OSError as error:
        raise SettingsError(f"{error.filename!r} cannot be written: {error.strerror}.") from error
    finally:
        for new in written.values():
            with suppress(OSError):
                new.unlink(missing_ok=True)


def _beside(path: Path, content: bytes) -> Path:
    """A new file with the content, in the same folder and with the rights of ``path``."""
    handle, name = tempfile.mkstemp(prefix=".port-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), stat.S_IMODE(path.stat().st_mode))
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)
