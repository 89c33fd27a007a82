"""The flaws of a body: content that is JSON but forbidden here, with its places and descriptions."""

import re
from dataclasses import dataclass, field

from orchestrator_gql.utils.errors import FieldError, PayloadInvalid
from orchestrator_gql.utils.json.text import preview

MAX_DEPTH = 64
RETURNED_DEPTH = MAX_DEPTH + 2
"""Levels of what authors' functions return: a result lies under its key, and under its name if several are expected."""

MAX_DIGITS = 40
MAX_KEYS = 10_000
MAX_FLAWS = 50  # a body may have millions of flaws; nobody reads more than these, and each costs memory

FORBIDDEN_CHARACTER = re.compile("[\0\ud800-\udfff]")

_RULES = {
    "byte-order-mark": ("begins with a byte order mark", "it was dropped"),
    "too-deep": ("is nested too deep", "what lies deeper became null"),
    "not-finite": ("is not a finite number", "it became null"),
    "integer-too-long": (f"is an integer of more than {MAX_DIGITS} digits", "it became a string of its digits"),
    "nul-character": ("holds a NUL character", "it became U+FFFD"),
    "lone-surrogate": ("holds half a surrogate pair", "it became U+FFFD"),
    "duplicate-key": ("is given more than once", "the last one was taken"),
    "too-many-keys": (f"has more than {MAX_KEYS} keys", "all were taken"),
}
"""What is wrong, and what the lenient reader does instead, by ``FieldError.type``."""


@dataclass(slots=True)
class Flaws:
    """The first flaws of a body (at most ``MAX_FLAWS``), and the count of all."""

    errors: list[FieldError] = field(default_factory=list)
    count: int = 0

    def add(self, kind: str, path: tuple[str, ...], detail: str = "") -> None:
        """Add a flaw of the value at ``path``; ``kind`` is a key of the rules."""
        self.count += 1
        if len(self.errors) < MAX_FLAWS:
            # The key itself may have the flaw, or be a megabyte long, and people read these errors.
            shown = tuple(preview(FORBIDDEN_CHARACTER.sub("\ufffd", key), 80) for key in path)
            self.errors.append(FieldError(shown, _RULES[kind][0] + detail, kind))

    def notes(self) -> tuple[str, ...]:
        """Return a sentence for each replacement: what was replaced, and where."""
        sentences = [f"{_sentence(error)}; {_RULES[error.type][1]}" for error in self.errors]
        return (*sentences, *self._beyond(MAX_FLAWS))

    def refusal(self) -> PayloadInvalid:
        """Return the error that names the flaws."""
        sentences = [_sentence(error) for error in self.errors[:3]]
        return PayloadInvalid(f"Refused JSON: {', '.join((*sentences, *self._beyond(3)))}.", self.errors)

    def _beyond(self, shown: int) -> tuple[str, ...]:
        return (f"and {self.count - shown} more",) if self.count > shown else ()


def _sentence(error: FieldError) -> str:
    return f"{error.pointer or 'the body'} {error.message}"
