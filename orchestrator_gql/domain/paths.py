"""Names a place in a model as an author would write it in Python."""

import re
from ast import literal_eval
from collections.abc import Iterable

from pydantic import ValidationError

_MAX_FAULTS_SHOWN = 10

NOT_SET = "is not set"

_KEY = re.compile(r"""\.?(?P<name>[^\[\].'"]+)|\[(?P<index>\d+)]|\[(?P<text>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")]""")


def path_of(keys: Iterable[str | int]) -> str:
    """The place of a value in its model; ``keys`` lead there from the root.

    >>> path_of(["virtual_circuit", "saps", 0, "vlan"])
    'virtual_circuit.saps[0].vlan'
    >>> path_of(["labels", "rack-unit"])
    "labels['rack-unit']"
    """
    return "".join(map(_step_of, keys)).removeprefix(".")


def keys_of(path: str) -> tuple[str | int, ...]:
    """The keys that lead to the place which ``path_of`` named so.

    >>> keys_of("virtual_circuit.saps[0]['rack-unit']")
    ('virtual_circuit', 'saps', 0, 'rack-unit')
    """
    return tuple(_key_of(step) for step in _KEY.finditer(path))


def _key_of(step: "re.Match[str]") -> str | int:
    if step["index"] is not None:
        return int(step["index"])
    return step["name"] if step["text"] is None else str(literal_eval(step["text"]))


def faults_of(problem: ValidationError) -> str:
    """The errors of pydantic with their places, in one line; at most ten are shown."""
    faults = faults_in(problem)
    shown = "; ".join(map(_shown, faults[:_MAX_FAULTS_SHOWN]))
    more = len(faults) - _MAX_FAULTS_SHOWN
    return f"{shown}; and {more} more" if more > 0 else shown


def faults_in(problem: ValidationError) -> tuple[tuple[str, str], ...]:
    """The errors of pydantic: the place of each, and what is wrong there.

    If a required value is None, the text is "is not set", because that is what the author sees.
    """
    return tuple(
        (
            path_of(fault["loc"]),
            NOT_SET if fault["type"] == "missing" or fault.get("input") is None else fault["msg"],
        )
        for fault in problem.errors(include_url=False, include_context=False)
    )


def _shown(fault: tuple[str, str]) -> str:
    path, message = fault[0] or "the whole", fault[1]
    return f"{path} {message}" if message == NOT_SET else f"{path}: {message}"


def _step_of(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if key.isidentifier() else f"[{key!r}]"
