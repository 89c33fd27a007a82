"""The length of the texts that people write: notes, comments and reasons."""

from orchestrator_gql.utils.errors import FieldError, PayloadInvalid

LONGEST = 10_000
"""The most characters of a note, a comment or a reason."""


def demand_short(field: str, text: str | None, longest: int = LONGEST) -> None:
    """Raise `PayloadInvalid` with the field and the limit if the text is longer than ``longest`` characters."""
    if text is not None and len(text) > longest:
        message = f"The {field} has {len(text):,} characters; {longest:,} are the most."
        raise PayloadInvalid(message, [FieldError((field,), message, "string_too_long")])
