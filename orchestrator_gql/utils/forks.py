"""Keeps the server's own descriptors and signal handlers from the processes that authors' code forks.

A forked child has a copy of every descriptor. It would keep the port in use, the lock on the database's file and the
sessions on PostgreSQL after the server has ended, and a client would not notice that its connection was closed. With a
descriptor of a SQLite file it could write into the file of a later server. So each of these descriptors becomes
``/dev/null`` in the child. A program that the child executes gets none of them anyway.
Nor does a child keep the server's handlers of signals.
"""

import os
import signal
import socket
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

UNUSABLE = getattr(os, "O_PATH", os.O_RDONLY)
"""How ``/dev/null`` is opened: it takes neither data nor locks. If SQLite in the child got the lock on a database, it
would believe that nobody else uses the database, and remove the file of the newest commits."""

EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with, and not bound to
"""A listener at one of these has connections at all addresses of the machine."""

Descriptors = Callable[[], Iterable[int]]

_own: list[Descriptors] = []
_begun = _ended = 0
_handled: set[signal.Signals] = set()
_of_thread = threading.local()


def keep_from_children(descriptors: Descriptors) -> Callable[[], None]:
    """Replace these descriptors in every process that is forked from now on; the result ends that."""
    _own.append(descriptors)

    def end() -> None:
        if descriptors in _own:
            _own.remove(descriptors)

    return end


def count_forks() -> int:
    """How many forks of this process have ended; see `has_forked`."""
    return _ended


def has_forked(since: int) -> bool:
    """True if a fork may have happened since `count_forks` returned this number; a fork that has only begun counts."""
    return _begun != since


def _begin() -> None:
    global _begun  # noqa: PLW0603 - the hooks of a fork belong to the process, too
    _begun += 1


def _end() -> None:
    global _ended  # noqa: PLW0603
    _ended += 1


def open_descriptors() -> Iterator[tuple[int, os.stat_result]]:
    """The descriptors of this process, each with what it refers to."""
    for path in Path("/dev/fd").iterdir():
        with suppress(OSError):  # the descriptor with which the folder was read
            yield int(path.name), os.fstat(int(path.name))


def sockets_of(address: tuple[str, int]) -> Iterator[int]:
    """The descriptors of the sockets whose own end is this address of a listener: the listener and its connections.

    Call it in the child, which has one thread. A list that the server keeps would miss a connection that another thread
    of the server has just accepted, or is about to close, in the moment of the fork.
    """
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(None)  # with a time limit, a new object would change the mode of the parent's socket, too
    try:
        for number, status in open_descriptors():
            if stat.S_ISSOCK(status.st_mode) and _is_at(number, address):
                yield number
    finally:
        socket.setdefaulttimeout(timeout)


def _is_at(number: int, address: tuple[str, int]) -> bool:
    host, port = address
    try:
        found = socket.socket(fileno=number)
    except OSError:  # of a family that Python does not know
        return False
    try:
        is_internet = found.family in (socket.AF_INET, socket.AF_INET6) and found.type == socket.SOCK_STREAM
        own = found.getsockname()[:2] if is_internet else ("", 0)
    except OSError:
        return False
    finally:
        found.detach()
    return own[1] == port and host in (own[0], *EVERY_ADDRESS)


def keep_handlers_from_children(numbers: Iterable[signal.Signals]) -> Callable[[], None]:
    """Give these signals their default handlers in every process that is forked from now on; the result ends that.

    With the server's handlers a signal to a child would go through a pipe which the child has in common with the
    server, and end the server: every `multiprocessing.Pool` ends its children by SIGTERM.
    """
    _handled.update(numbers)
    return partial(_handled.difference_update, numbers)


def _hold_signals() -> None:
    """Let a signal to the new child wait until its handlers are the default ones."""
    _of_thread.mask = signal.pthread_sigmask(signal.SIG_BLOCK, _handled) if _handled else None


def _release_signals() -> None:
    if _of_thread.mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, _of_thread.mask)


def _restore_handlers() -> None:
    if _of_thread.mask is not None:
        signal.set_wakeup_fd(-1)
        for number in _handled:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        _handled.clear()
    _release_signals()


def _replace() -> None:
    """Replace and not close them: the child's objects, which nobody may use, would close other files of that number."""
    global _ended  # noqa: PLW0603
    _ended = _begun
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


os.register_at_fork(before=_hold_signals, after_in_parent=_release_signals, after_in_child=_restore_handlers)
os.register_at_fork(before=_begin, after_in_parent=_end, after_in_child=_replace)
