"""Ends a child that an author's function forks, at the place where the function comes back.

``os.fork`` copies this process, with the thread that called it. If the function returned to us in the child, the child
would be a second engine: it would run the other steps of the event loop once more, and take events from the loop of the
parent, whose epoll it shares. A thread would wait for the next call for ever, and the parent for the end of its child.
"""

import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn, ParamSpec, TypeVar

from orchestrator_gql.utils.exception_text import describe, log_trace

__all__ = ["births", "end_child", "turn"]

logger = logging.getLogger(__name__)

PATIENCE = 10
"""Seconds until SIGALRM ends the child: a lock that another thread held at the fork is never free here."""

MESSAGE = (
    "a process that an author's function forked came back from the function, and ends here: "
    "leave it with os._exit, or use subprocess"
)

P = ParamSpec("P")
T = TypeVar("T")

_births = 0


def births() -> int:
    """The number of forks behind which this process stands: it grows in a child, and never in the parent."""
    return _births


def end_child(since: int, error: BaseException | None = None) -> None:
    """End this process if it was born since `births` returned the number; ``error`` is what the function raised."""
    if _births != since:
        _end(error)


def turn(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function that is no author's, but that calls an author's; a child does not come back."""
    born = _births
    try:
        return function(*args, **kwargs)
    finally:
        if _births != born:
            _end(sys.exception())


def _end(error: BaseException | None) -> NoReturn:
    code = 1
    try:
        signal.alarm(PATIENCE)
        code = _code_of(error)
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
    finally:
        os._exit(code)


def _code_of(error: BaseException | None) -> int:
    """The exit code of `sys.exit`; all others are 1, and logged: what the parent waits for may not have happened."""
    if isinstance(error, SystemExit) and (error.code is None or isinstance(error.code, int)):
        return (error.code or 0) & 0xFF
    trace = describe(error).trace if error is not None else ""
    log_trace(logger, logging.ERROR, MESSAGE, trace, parent=os.getppid())
    return 1


def _be_born() -> None:
    global _births  # noqa: PLW0603 - it belongs to the process, as the hook does
    _births += 1


os.register_at_fork(after_in_child=_be_born)
