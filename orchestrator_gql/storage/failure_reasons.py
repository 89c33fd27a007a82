"""The reason of a failure as lists load it: its code and the beginning of its message, without its large details."""

from orchestrator_gql.types import Failure
from orchestrator_gql.utils.json.text import in_one_line, preview

LONGEST = 300
"""Characters of a message in a list."""

LONGEST_CODE = 100

_READ = 4 * LONGEST


def reason_of(failure: Failure | None) -> tuple[str, str]:
    """The code of the failure, and its message in one short line; empty without a failure."""
    if failure is None:
        return "", ""
    code, message = in_one_line(failure.code[:LONGEST_CODE]), in_one_line(failure.message[:_READ])
    return code, preview(message, LONGEST)


def reason_columns(failure: Failure | None) -> dict[str, str | None]:
    """The values of the columns ``failure_code`` and ``failure_message``."""
    code, message = reason_of(failure) if failure is not None else (None, None)
    return {"failure_code": code, "failure_message": message}
