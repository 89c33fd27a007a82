"""Where a test kills this process: right before and right after a COMMIT, at a boundary named for its unit of work.

A boundary is ``SIDE UNIT``, such as ``before engine.runner._claimed[_claim]``. Two variables of the environment, read
once and meant for tests alone, say what happens there: ``ORCHESTRATOR_FAILPOINT`` is a boundary
and how often it is passed before it kills (``after engine.timekeeper.keep_time[fire]:3``, the third time), and
``ORCHESTRATOR_FAILPOINT_LOG`` a file that is told of each boundary that is reached. So whoever wants to kill at every
boundary there is records a run and reads the names there; nobody keeps a list.
"""

import dis
import os
from collections import Counter
from collections.abc import Callable
from functools import partial
from types import FunctionType
from typing import Any

ARMED = "ORCHESTRATOR_FAILPOINT"
LOG = "ORCHESTRATOR_FAILPOINT_LOG"
KILLED = 137
"""The exit code, that of a process that was killed with SIGKILL."""

PACKAGE = __name__.partition(".")[0]


class Failpoints:
    """What the environment says, and how often each boundary was reached."""

    def __init__(self, armed: str | None, log: str | None) -> None:
        self._boundary, _, times = (armed or "").rpartition(":")
        self._deadly = int(times) if armed else 0
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if log else None
        self._reached: Counter[str] = Counter()
        self.is_on = bool(armed or log)

    def reached(self, side: str, unit: Callable[..., Any]) -> None:
        """Count the boundary, tell of it, and die here if it is the one; no clean-up is run, and nothing is flushed."""
        boundary = f"{side} {name_of(unit)}"
        self._reached[boundary] += 1
        is_deadly = boundary == self._boundary and self._reached[boundary] == self._deadly
        if self._log is not None:
            os.write(self._log, f"{'died' if is_deadly else 'passed'} {boundary}\n".encode())
        if is_deadly:
            os._exit(KILLED)


def read_failpoints() -> Failpoints | None:
    """The environment's; None, as for every user, where it names none."""
    found = Failpoints(os.environ.get(ARMED), os.environ.get(LOG))
    return found if found.is_on else None


def name_of(unit: Callable[..., Any]) -> str:
    """Where the unit was written: its module and function, and what it calls where it has no name of its own.

    A line number would be another after every edit, and two lambdas of one function must not be taken for one.
    """
    if isinstance(unit, partial):
        return name_of(unit.func)
    place = f"{unit.__module__}.{unit.__qualname__}".removeprefix(f"{PACKAGE}.").replace(".<locals>", "")
    outer, _, last = place.rpartition(".")
    return f"{outer}[{_called(unit)}]" if last == "<lambda>" and isinstance(unit, FunctionType) else place


def _called(unit: FunctionType) -> str:
    """The first global name that a lambda's code looks up, with what is taken of it."""
    name = ""
    for instruction in dis.get_instructions(unit):
        if name and instruction.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            return f"{name}.{instruction.argval}"
        if name and instruction.opname != "PUSH_NULL":
            break
        if instruction.opname == "LOAD_GLOBAL":
            name = instruction.argval
    return name
