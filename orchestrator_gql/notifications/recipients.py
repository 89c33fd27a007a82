"""Whom the configuration wants told of what: a webhook, or the mail address of a team."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from orchestrator_gql.config.principals import Team
from orchestrator_gql.config.settings import Settings
from orchestrator_gql.outbound.send_result import Answer
from orchestrator_gql.storage.notifications import Notification
from orchestrator_gql.types import NotificationKind

ASKED = frozenset(
    {
        NotificationKind.INPUT_REQUEST_OPENED,
        NotificationKind.INPUT_REQUEST_REMINDED,
        NotificationKind.INPUT_REQUEST_ESCALATED,
        NotificationKind.INPUT_REQUEST_ASSIGNED,
    }
)
"""What a team is mailed: that it is asked something."""


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody to be told; ``kinds`` and ``assignees``: of these alone, None means of any."""

    name: str
    kinds: frozenset[NotificationKind] | None
    assignees: frozenset[str] | None

    def wants(self, kind: NotificationKind, assignee: str | None) -> bool:
        """True where it is to be told of that."""
        is_its_kind = self.kinds is None or kind in self.kinds
        return is_its_kind and (self.assignees is None or assignee in self.assignees)


def targets_of(settings: Settings) -> list[Target]:
    """Everybody who is to be told."""
    hooks = [Target(webhook_name(name), hook.kinds, hook.assignees) for name, hook in settings.webhooks.items()]
    if settings.smtp is None:
        return hooks
    return hooks + [Target(mail_name(team), ASKED, frozenset({team.key})) for team in settings.teams if team.email]


def webhook_name(name: str) -> str:
    """What the target of a webhook is called."""
    return f"webhook:{name}"


def mail_name(team: Team) -> str:
    """What the target of a team's mail is called."""
    return f"mail:{team.key}"


class Way(Protocol):
    """How a notification gets to its target."""

    async def __call__(self, notification: Notification, now: datetime) -> Answer:
        """Send it, once."""
        ...
