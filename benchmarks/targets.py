"""Reads the targets of a row, and says how far the row is from them."""

import re
from dataclasses import dataclass
from typing import Any

_TARGET = re.compile(r"^(<=|>=|<|>) \+? ?([\d.]+) ?(\S*)$")
_NUMBER = re.compile(r"[-+]?[\d,]*\.?\d+")


@dataclass(frozen=True, slots=True)
class Target:
    """A bound of the ratio or, if it has a unit, of the measured figure."""

    is_least: bool
    bound: float
    unit: str

    def achieved(self, row: dict[str, Any]) -> float | None:
        """1 at the bound, more if the row is better, by the factor; None if the row has no such figure."""
        value = row["ratio"]
        if self.unit:
            found = _NUMBER.search(row["measured"])
            value = float(found[0].replace(",", "")) if found and row["measured"].endswith(self.unit) else None
        if value is None:
            return None
        if value <= 0:  # memory that did not grow
            return 1.0 if not self.is_least else 0.0
        return float(value / self.bound if self.is_least else self.bound / value)


def target(text: str) -> Target | None:
    """The target that a row names, such as ``>= 0.6`` or ``<= 15 ms``; None if it is no number."""
    found = _TARGET.match(text)
    return Target(found[1].startswith(">"), float(found[2]), found[3]) if found else None


def achieved(row: dict[str, Any], which: str) -> float | None:
    """How far the row is from the target ``must`` or ``stretch``; None if that is no number."""
    wanted = target(row[which])
    return wanted.achieved(row) if wanted else None


def verdict(row: dict[str, Any]) -> str:
    """What the page says about the row."""
    if not row["must"] and not row["stretch"]:
        return ""
    must, stretch = achieved(row, "must"), achieved(row, "stretch")
    if must is not None and must < 1:
        return "**missed**"
    if stretch is not None and stretch >= 1:
        return "stretch"
    return "must" if must is not None else ""
