"""Points at which a test kills this process: right before and right after the COMMIT of a unit of work.

A boundary is ``SIDE UNIT``, such as ``before engine.claims._claim_alone[_claim]``. Two environment variables, read
once and only for tests, control the boundaries. ``ORCHESTRATOR_FAILPOINT`` names a boundary and the number of the pass
that kills the process (``after engine.claims._claim_alone[_claim]:3``: the third pass).
``ORCHESTRATOR_FAILPOINT_LOG`` names a file to which each boundary that is reached is appended. A test that kills at
every boundary first records a run and reads the names from that file, so nobody maintains a list.
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
"""The exit code of a process that was killed with SIGKILL."""

PACKAGE = __name__.partition(".")[0]


class Failpoints:
    """The failpoint of the environment, and how often each boundary was reached."""

    def __init__(self, armed: str | None, log: str | None) -> None:
        self._boundary, _, times = (armed or "").rpartition(":")
        self._deadly = int(times) if armed else 0
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if log else None
        self._reached: Counter[str] = Counter()
        self.is_on = bool(armed or log)

    def reached(self, side: str, unit: Callable[..., Any]) -> None:
        """Count and log the boundary, and exit if it is the failpoint, without any clean-up or flush."""
        boundary = f"{side} {name_of(unit)}"
        self._reached[boundary] += 1
        is_deadly = boundary == self._boundary and self._reached[boundary] == self._deadly
        if self._log is not None:
            os.write(self._log, f"{'died' if is_deadly else 'passed'} {boundary}\n".encode())
        if is_deadly:
            os._exit(KILLED)


def read_failpoints() -> Failpoints | None:
    """The failpoints of the environment; None, as in production, if neither variable is set."""
    failpoints = Failpoints(os.environ.get(ARMED), os.environ.get(LOG))
    return failpoints if failpoints.is_on else None


def name_of(unit: Callable[..., Any]) -> str:
    """The module and function of the unit; for a lambda also the name that it calls.

    A line number would change with every edit, and two lambdas of one function need different names.
    """
    if isinstance(unit, partial):
        return name_of(unit.func)
    place = f"{unit.__module__}.{unit.__qualname__}".removeprefix(f"{PACKAGE}.").replace(".<locals>", "")
    outer, _, last = place.replace(".<lambda>.", ".").rpartition(".")
    return f"{outer}[{_callee(unit)}]" if last == "<lambda>" and isinstance(unit, FunctionType) else place


def _callee(unit: FunctionType) -> str:
    """The first global name that the code of the lambda looks up, with the attribute that is read from it."""
    name = ""
    for instruction in dis.get_instructions(unit):
        if name and instruction.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            return f"{name}.{instruction.argval}"
        if name and instruction.opname != "PUSH_NULL":
            break
        if instruction.opname == "LOAD_GLOBAL":
            name = instruction.argval
    return name
