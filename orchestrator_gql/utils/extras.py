"""Packages that may be missing: those of an extra are named with its command, and others are not searched each time."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec

from orchestrator_gql.utils.errors import SettingsError

MODULES = {
    "postgres": ("psycopg", "psycopg_pool", "procrastinate"),
    "demo": ("ansible", "ansible_runner"),
    "port": ("libcst",),
}

OPTIONAL = ("sniffio",)
"""Packages that other packages try to import again and again, and that nothing installs here: httpcore tries four times
for each request of an HTTP client."""

PURPOSES = {
    "postgres": "PostgreSQL",
    "demo": "A service that runs playbooks",
    "port": "A command that rewrites code",
}


def demand_extra(extra: str) -> None:
    """Raise `SettingsError` if a package of the extra is not installed, or cannot be imported."""
    for name in MODULES[extra]:
        if find_spec(name) is None:
            raise SettingsError(f"{_need(extra)} ({name} is missing).")
    first = MODULES[extra][0]
    try:
        import_module(first)
    except ImportError as error:  # psycopg alone has no library that speaks to PostgreSQL
        reason = " ".join(str(error).split())
        raise SettingsError(f"{_need(extra)} ({first} cannot be imported: {reason}).") from error


def _need(extra: str) -> str:
    return f"{PURPOSES[extra]} needs the extra: pip install 'orchestrator-gql[{extra}]'"


def stop_search_for_missing() -> None:
    """Let an import of a missing `OPTIONAL` package fail at once, and not after a search through all folders.

    Python remembers a package that is there, but not one that is missing. A package that is installed stays as it is.
    """
    for name in OPTIONAL:
        if name not in sys.modules and find_spec(name) is None:
            sys.modules[name] = None  # type: ignore[assignment]  # the documented way to let an import fail


@contextmanager
def hidden(name: str) -> Iterator[None]:
    """Let an import of the package fail inside the block, as if it was not installed; nothing changes if it is loaded.

    For a library that imports the package only if it is there, for a purpose that this process never has.
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # as above
    try:
        yield
    finally:
        del sys.modules[name]
