"""Reads the failure reports of remote services."""

from datetime import datetime

from orchestrator_gql.types import Failure, Json
from orchestrator_gql.utils.json import bounded
from orchestrator_gql.utils.json.text import beginning_of, in_words

LONGEST_CODE = 100
LONGEST_MESSAGE = 10_000


def failure_in(report: Json, now: datetime) -> Failure | None:
    """The failure in ``{"code"?, "message", "retryable"?, "details"?}``; None if there is no message.

    >>> failure_in({"code": "busy", "message": "try later", "retryable": True}, datetime(2026, 3, 2)).code
    'busy'
    """
    message = report.get("message") if isinstance(report, dict) else None
    if not isinstance(message, str) or not message:
        return None
    return Failure(
        code=in_words(report.get("code") or "failed-by-remote")[:LONGEST_CODE],
        message=beginning_of(message, LONGEST_MESSAGE),
        occurred_at=now,
        details=bounded(report.get("details")),
        is_retryable=report.get("retryable") is True,
    )
