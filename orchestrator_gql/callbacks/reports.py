"""What a remote service says of a job that failed."""

from datetime import datetime

from orchestrator_gql.types import Failure, Json
from orchestrator_gql.utils.json import bounded

LONGEST_CODE = 100
LONGEST_MESSAGE = 10_000


def failure_in(said: Json, now: datetime) -> Failure | None:
    """The failure in ``{"code"?, "message", "retryable"?, "details"?}``; None where there is no message.

    >>> failure_in({"code": "busy", "message": "try later", "retryable": True}, datetime(2026, 3, 2)).code
    'busy'
    """
    message = said.get("message") if isinstance(said, dict) else None
    if not isinstance(message, str) or not message:
        return None
    return Failure(
        code=str(said.get("code") or "failed-by-remote")[:LONGEST_CODE],
        message=message[:LONGEST_MESSAGE],
        occurred_at=now,
        details=bounded(said.get("details")),
        is_retryable=said.get("retryable") is True,
    )
