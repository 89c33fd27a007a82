"""When a notification is tried again, and when it is given up: pure."""

from datetime import datetime, timedelta

from orchestrator_gql.outbound.send_result import Answer
from orchestrator_gql.types import NotificationStatus

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3600, 21600))
"""Between the tries; behind the last one, some eight hours after the first, it is given up."""

LONGEST = timedelta(hours=6)
"""A receiver may ask for a longer pause than ours, up to this."""


def judged(answer: Answer, tries: int, now: datetime) -> tuple[NotificationStatus, datetime]:
    """What becomes of a notification by the answer to so many-th try, and when it is due again if it is.

    >>> at = datetime(2026, 3, 2)
    >>> judged(Answer(500, "no"), 1, at)[1] - at
    datetime.timedelta(seconds=5)
    >>> judged(Answer(500, "no"), 7, at)[0], judged(Answer(410, "gone", is_final=True), 1, at)[0]
    (<NotificationStatus.DEAD: 'DEAD'>, <NotificationStatus.DEAD: 'DEAD'>)
    """
    if answer.is_taken:
        return NotificationStatus.SENT, now
    if answer.is_final or tries > len(PAUSES):
        return NotificationStatus.DEAD, now
    asked = timedelta(seconds=min(answer.retry_after or 0.0, LONGEST.total_seconds()))
    return NotificationStatus.PENDING, now + max(PAUSES[tries - 1], asked)
