"""Keeps the server's own descriptors from the processes that authors' code forks.

A forked child has a copy of every descriptor. It would keep the port in use, the lock on the database's file and the
sessions on PostgreSQL after the server has ended, and a client would not notice that its connection was closed. With a
descriptor of a SQLite file it could write into the file of a later server. So each of these descriptors becomes
``/dev/null`` in the child. A program that the child executes gets none of them anyway.
"""

import os
from collections.abc import Callable, Iterable

UNUSABLE = getattr(os, "O_PATH", os.O_RDONLY)
"""How ``/dev/null`` is opened: it takes neither data nor locks. If SQLite in the child got the lock on a database, it
would believe that nobody else uses the database, and remove the file of the newest commits."""

Descriptors = Callable[[], Iterable[int]]

_own: list[Descriptors] = []


def keep_from_children(descriptors: Descriptors) -> Callable[[], None]:
    """Replace these descriptors in every process that is forked from now on; the result ends that."""
    _own.append(descriptors)

    def end() -> None:
        if descriptors in _own:
            _own.remove(descriptors)

    return end


def _replace() -> None:
    """Replace and not close them: the child's objects, which nobody may use, would close other files of that number."""
    null = os.open(os.devnull, UNUSABLE)
    for descriptors in _own:
        try:
            for number in descriptors():
                if number >= 0:
                    os.dup2(null, number, inheritable=False)
        except Exception:  # noqa: S112 - nobody reads a log of the child, and its author's code must go on
            continue
    os.close(null)
    _own.clear()


os.register_at_fork(after_in_child=_replace)
