"""Keeps the server's own descriptors and signal handlers from the processes that authors' code forks.

A forked child has a copy of every descriptor. It would keep the port in use, the lock on the database's file and the
sessions on PostgreSQL after the server has ended, and a client would not notice that its connection was closed. So each
of these descriptors becomes ``/dev/null`` in the child. A program that the child executes gets none of them anyway.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

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
    null = os.open(os.devnull, os.O_RDWR)
    for descriptors in _own:
        try:
            for number in descriptors():
                if number >= 0:
                    os.dup2(null, number, inheritable=False)
        except Exception:  # noqa: S112 - nobody reads a log of the child, and its author's code must go on
            continue
    os.close(null)
    _own.clear()


_handlers: dict[signal.Signals, Any] = {}
_masks = threading.local()


def give_signals_back(handlers: Mapping[signal.Signals, Any]) -> Callable[[], None]:
    """Set these handlers, and no wake-up descriptor, in every process that is forked from now on; the result ends that.

    A child with the server's handlers would not end at a signal, and would write its signal to the server, which would
    then end: ``Process.terminate()`` of an author would stop the server.
    """
    _handlers.update(handlers)
    return _handlers.clear


def _block_signals() -> None:
    """A signal may reach the child before its handlers are set: it waits until then."""
    _masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, _handlers)


def _unblock_signals() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _masks.before)


def _set_handlers() -> None:
    if _handlers:
        signal.set_wakeup_fd(-1)
        for number, handler in _handlers.items():
            signal.signal(number, handler or signal.SIG_DFL)
        _handlers.clear()
    _unblock_signals()


def _clean_up_child() -> None:
    _replace()
    _set_handlers()


os.register_at_fork(before=_block_signals, after_in_parent=_unblock_signals, after_in_child=_clean_up_child)
