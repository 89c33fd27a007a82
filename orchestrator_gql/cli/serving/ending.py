"""End the server's process at SIGINT, SIGTERM or SIGHUP, whatever hangs.

The first signal begins the orderly end, which has the grace of the settings and `LAST_SECONDS` more. After that time,
and at a second SIGINT or SIGTERM, the process ends at once: ``os._exit`` waits for no thread. A thread of its own
waits for the signals, because authors' code may block the event loop, or the main thread in C code::

    C handler of the signal ─▶ pipe ─▶ thread "signals" ─▶ event loop: the orderly end ─▶ os._exit
                                             └─ time is over, or a second signal ──────▶ os._exit

Only our command uses this module: a host that embeds the application ends its process itself.
"""

import atexit
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType, TracebackType
from typing import Any, NoReturn

from orchestrator_gql.utils.forks import keep_handlers_from_children

logger = logging.getLogger(__name__)

LAST_SECONDS = 3.0
"""Seconds after the grace for the rest: hand over the processes, seal the audit log, close the database."""

EXIT_SECONDS = 1.0
"""Seconds for the functions that are registered with `atexit`, and for the output of the server."""

SECOND = (signal.SIGINT, signal.SIGTERM)
"""Signals that end the server at once if another one came before. SIGHUP does not: a terminal that closes and its shell
send one each, and systemd can send one behind SIGTERM (``SendSIGHUP=``)."""

SIGNALS = (*SECOND, signal.SIGHUP)

TIMERS = (signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF)
"""Signals of timers that an author's code can set. Their default handlers end the process, which would run the step
again. What a handler of the author raises would go through our event loop: the main thread runs it."""

BY_SIGNAL = 128
"""Added to the number of a signal: the exit code of a process that a signal ended."""


def leave(code: int, *, message: str | None = None, is_orderly: bool = True) -> NoReturn:
    """End the process now with this exit code.

    Exit functions run (if it is an orderly end) and the output is written first, for `EXIT_SECONDS`: both may hang.
    """

    def finish() -> None:
        if message is not None:
            logger.warning(message)
        if is_orderly:
            atexit._run_exitfuncs()
        _write_output()

    last_thread = threading.Thread(target=finish, name="exit", daemon=True)
    last_thread.start()
    last_thread.join(EXIT_SECONDS)
    os._exit(code)


def _write_output() -> None:
    for handler in logging.getLogger().handlers:
        handler.flush()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):  # nobody reads it, it is closed, or there is none
            continue


UNTOUCHED = (signal.SIG_IGN, None)
"""Dispositions that may stay: ignored, or a handler that is not of Python."""

TIMER_IS_OVER = "a timer that an author's code has set is over, and interrupts nothing: give the step a timeout instead"


class Ending:
    """Receives the signals from entry to exit of the context. Enter it in the main thread."""

    def __init__(self, grace: float, leave: Callable[..., Any] = leave) -> None:
        self.grace = grace
        self._leave = leave
        self._begin: Callable[[], None] | None = None
        self._has_begun = False
        self._lock = threading.Lock()
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Ending":
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._wakeup_before = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        handled = [number for number in SIGNALS if number in SECOND or not _is_ignored(number)]  # nohup ignores SIGHUP
        self._before = {number: signal.signal(number, _nothing) for number in handled}
        signal.pthread_sigmask(signal.SIG_UNBLOCK, handled)  # what started the server may have blocked them
        timers = {number: handler for number in TIMERS if (handler := signal.getsignal(number)) not in UNTOUCHED}
        for number, handler in timers.items():
            signal.signal(number, _contained(handler) if callable(handler) else _nothing)
        self._before |= timers
        ours = [number for number, handler in timers.items() if not callable(handler)]
        self._release = keep_handlers_from_children([*handled, *ours])
        self._thread = threading.Thread(target=self._watch, name="signals", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, _type: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        self._release()
        self._writer.close()
        self._thread.join()
        self._reader.close()

    def call_at_signal(self, begin: Callable[[], None]) -> None:
        """Call ``begin`` at the first signal, in another thread; at once if the signal came already."""
        with self._lock:
            self._begin = begin
            if self._has_begun:
                begin()

    def _watch(self) -> None:
        if self._next_signal(None, SIGNALS) is None:
            return
        ends_at = time.monotonic() + self.grace + LAST_SECONDS
        with self._lock:
            self._has_begun = True
            if self._begin is not None:
                self._begin()
        number = self._next_signal(ends_at, SECOND)
        if number is not None:
            self._leave(BY_SIGNAL + number, message="a second signal ended the server at once", is_orderly=False)
        elif time.monotonic() >= ends_at:
            self._leave(0, message="the server did not end in time: its running steps will run again")

    def _next_signal(self, until: float | None, numbers: Sequence[signal.Signals]) -> int | None:
        """The number of the next of these signals; None when it is ``until``, or if the context was left."""
        while True:
            left = None if until is None else max(until - time.monotonic(), 0.001)
            self._reader.settimeout(left)
            try:
                received = self._reader.recv(1)
            except TimeoutError:
                return None
            if not received:
                return None
            if received[0] in numbers:  # any other signal with a handler in Python arrives here, too
                return received[0]
            if received[0] in TIMERS:
                logger.warning(TIMER_IS_OVER, extra={"signal": signal.Signals(received[0]).name})


def _is_ignored(number: signal.Signals) -> bool:
    return signal.getsignal(number) == signal.SIG_IGN


def _contained(handler: Callable[[int, FrameType | None], object]) -> Callable[[int, FrameType | None], None]:
    from orchestrator_gql.utils.author_calls import AuthorRaised, attempt  # only here: they import pydantic
    from orchestrator_gql.utils.exception_text import log_trace

    def call(number: int, frame: FrameType | None) -> None:
        outcome = attempt(handler, number, frame)
        if isinstance(outcome, AuthorRaised):
            log_trace(logger, logging.ERROR, "the handler of a signal raised", outcome.described.trace)

    return call


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """The handler in Python: the thread does everything, but the default handler would end the process."""
