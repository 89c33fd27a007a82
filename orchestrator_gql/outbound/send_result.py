"""What came of telling somebody outside something."""

from dataclasses import dataclass

SHOWN = 500
"""Characters of a refusal that are kept."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Without an error it was taken.

    ``status`` is the answer's, of HTTP or SMTP, where one came; ``retry_after`` the seconds that the receiver asks for;
    ``is_final``: it says that another try is of no use.
    """

    status: int | None = None
    error: str | None = None
    retry_after: float | None = None
    is_final: bool = False

    @property
    def is_taken(self) -> bool:
        """True where nothing more is to be done."""
        return self.error is None
