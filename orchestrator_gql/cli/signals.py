"""The signals that end a command: a part of a file must not remain, and a person must learn how far the work came."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

from orchestrator_gql.cli.serving.ending import BY_SIGNAL

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def handling(
    handle: Callable[[int], Any], *, is_last: bool = False, numbers: Sequence[signal.Signals] = SIGNALS
) -> Iterator[None]:
    """Call ``handle`` with the number of each signal during the block, instead of what the signal does otherwise.

    ``is_last``: the command ends with the block. Later signals are then ignored: they would change its exit code.
    """

    def received(number: int, _: FrameType | None) -> None:
        handle(number)

    before = {number: signal.getsignal(number) for number in numbers}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:  # such as of nohup
            signal.signal(number, received)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if is_last else handler)


def leave_block(number: int) -> NoReturn:
    """End the command by an exception, so that the blocks which it leaves clean up."""
    raise SystemExit(BY_SIGNAL + number)


@contextmanager
def interrupted_by_all() -> Iterator[None]:
    """SIGTERM and SIGHUP interrupt the block as Ctrl-C does, such as at a stop of its container.

    The block may handle `KeyboardInterrupt`. Behind the block the exit code is that of the signal.
    """
    numbers: list[int] = []

    def interrupt(number: int) -> None:
        numbers.append(number)
        handler = signal.getsignal(signal.SIGINT)
        if not callable(handler):
            raise KeyboardInterrupt  # SIGINT is ignored, as in the background of a script
        handler(signal.SIGINT, None)  # perhaps that of asyncio, which cancels the task

    try:
        with handling(interrupt, numbers=SIGNALS[1:]):
            yield
    except KeyboardInterrupt:
        if numbers:
            leave_block(numbers[0])
        raise
