"""The result of a try to send a notification."""

from dataclasses import dataclass

SHOWN = 500
"""The most characters of an error that are stored."""


@dataclass(frozen=True, slots=True)
class SendResult:
    """The receiver accepted the notification if there is no error.

    ``status`` is the code of the HTTP response or SMTP reply, None without one; ``retry_after`` are the seconds that
    the receiver asks to wait; ``is_final``: the receiver refuses any further try.
    """

    status: int | None = None
    error: str | None = None
    retry_after: float | None = None
    is_final: bool = False

    @property
    def is_accepted(self) -> bool:
        """True if the receiver accepted the notification."""
        return self.error is None
