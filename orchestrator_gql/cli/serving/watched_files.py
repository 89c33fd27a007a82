"""Find the Python files of the workflows, and notice when one of them changes."""

import importlib.util
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from orchestrator_gql.cli.serving.loading import LIBRARIES, is_file, working_folder

Snapshot: TypeAlias = Mapping[str, tuple[int, int, int]]
"""Time, size and inode of each file: an editor may replace a file within one tick of the clock, or keep its size."""

MOST_ENTRIES = 20_000
"""The most files and folders that are looked at; the nearest to the modules come first."""

_PACKAGES = frozenset({"site-packages", "dist-packages"})
_SKIPPED = frozenset({"__pycache__", "node_modules"}) | _PACKAGES


def roots_of(modules: Sequence[str]) -> tuple[Path, ...]:
    """The folders (or single files) of the modules; of an installed package only its own folder.

    Nothing is imported here: a module may be broken now, and mended later. A module may import its neighbours and what
    PYTHONPATH names, so these are watched too.
    """
    named = [root for name in modules for root in (_of_file(name) if is_file(name) else _of_module(name))]
    on_path = [Path(folder).resolve() for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]
    roots = dict.fromkeys([*named, *(folder for folder in on_path if not _is_library(folder))])
    return tuple(root for root in roots if not any(other in root.parents for other in roots))


def snapshot(roots: Iterable[Path]) -> Snapshot:
    """The Python files below the roots, as they are now."""
    files: dict[str, tuple[int, int, int]] = {}
    for entry in _entries(roots):
        if entry.name.endswith(".py"):
            try:
                status = entry.stat()
            except OSError:  # it was removed meanwhile
                continue
            files[entry.path] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return files


def changed(before: Snapshot, after: Snapshot) -> list[str]:
    """The paths of the files that were changed, added or removed, in order."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def _of_file(name: str) -> Iterator[Path]:
    yield Path(name).resolve().parent


def _of_module(name: str) -> Iterator[Path]:
    top = name.partition(".")[0]
    sys.path.insert(0, str(working_folder()))  # as `load_workflows` does
    importlib.invalidate_caches()
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        spec = None
    finally:
        sys.path.pop(0)
    if spec is None:
        yield working_folder()
        return
    packages = [Path(folder).resolve() for folder in spec.submodule_search_locations or ()]
    for place in packages or [Path(spec.origin or ".").resolve()]:
        yield place if _is_library(place) else place.parent


def _is_library(path: Path) -> bool:
    return not _PACKAGES.isdisjoint(path.parts) or any(path.is_relative_to(library) for library in LIBRARIES)


def _entries(roots: Iterable[Path]) -> Iterator["os.DirEntry[str]"]:
    """The files below the roots; of each root that is a file, the file itself. Folders near the roots come first."""
    left, folders = MOST_ENTRIES, deque[str]()
    for root in roots:
        if root.is_dir():
            folders.append(str(root))
        else:
            yield from (entry for entry in _scanned(str(root.parent)) if entry.name == root.name)
    while folders and left > 0:
        for entry in _scanned(folders.popleft()):
            left -= 1
            if not entry.is_dir(follow_symlinks=False):
                yield entry
            elif not entry.name.startswith(".") and entry.name not in _SKIPPED and not _is_environment(entry):
                folders.append(entry.path)


def _scanned(folder: str) -> "list[os.DirEntry[str]]":
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:  # it was removed meanwhile, or may not be read
        return []


def _is_environment(entry: "os.DirEntry[str]") -> bool:
    return Path(entry.path, "pyvenv.cfg").exists()
