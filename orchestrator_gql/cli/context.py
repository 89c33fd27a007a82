"""What holds for the whole run of a command: its arguments as they were given, and whether it uses colours."""

from collections.abc import Sequence
from contextvars import ContextVar

_given: ContextVar[tuple[str, ...]] = ContextVar("given", default=())
_color: ContextVar[str] = ContextVar("color", default="auto")

COLORS = ("auto", "always", "never")


def begin(arguments: Sequence[str], color: str) -> None:
    """Remember the arguments and the choice of colours."""
    _given.set(tuple(arguments))
    _color.set(color)


def given() -> list[str]:
    """The arguments of the command."""
    return list(_given.get())


def wants_json() -> bool:
    """Whether a program reads the output."""
    words = _given.get()
    return "--json" in (words[: words.index("--")] if "--" in words else words)


def color() -> str:
    """The choice of colours: auto, always or never."""
    return _color.get()
