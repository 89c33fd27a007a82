"""The signals that end a command which writes a file: a part of the file must not remain."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

from orchestrator_gql.cli.serving.ending import BY_SIGNAL

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def handling(handle: Callable[[int], Any], *, is_last: bool = False) -> Iterator[None]:
    """Call ``handle`` with the number of each signal during the block, instead of what the signal does otherwise.

    ``is_last``: the command ends with the block. Later signals are then ignored: they would change its exit code.
    """

    def received(number: int, _: FrameType | None) -> None:
        handle(number)

    before = {number: signal.getsignal(number) for number in SIGNALS}
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
