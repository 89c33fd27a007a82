"""Decides when a notification is sent again and when it is given up, as a pure function."""

from datetime import datetime, timedelta

from orchestrator_gql.outbound.send_result import SendResult
from orchestrator_gql.types import NotificationStatus

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3600, 21600))
"""The pauses between the tries; after the last try, some eight hours after the first, the notification is given up."""

LONGEST = timedelta(hours=6)
"""A receiver may ask for a longer pause than ours, up to this limit."""


def next_status(result: SendResult, tries: int, now: datetime) -> tuple[NotificationStatus, datetime]:
    """The status after try number ``tries`` (from 1) with this result, and when a pending notification is due again.

    >>> at = datetime(2026, 3, 2)
    >>> next_status(SendResult(500, "no"), 1, at)[1] - at
    datetime.timedelta(seconds=5)
    >>> next_status(SendResult(500, "no"), 7, at)[0], next_status(SendResult(410, "gone", is_final=True), 1, at)[0]
    (<NotificationStatus.DEAD: 'DEAD'>, <NotificationStatus.DEAD: 'DEAD'>)
    """
    if result.is_accepted:
        return NotificationStatus.SENT, now
    if result.is_final or tries > len(PAUSES):
        return NotificationStatus.DEAD, now
    wanted = timedelta(seconds=min(result.retry_after or 0.0, LONGEST.total_seconds()))
    return NotificationStatus.PENDING, now + max(PAUSES[tries - 1], wanted)
