"""The targets of notifications in the configuration: webhooks and the mail addresses of teams."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from orchestrator_gql.config.principals import Team
from orchestrator_gql.config.settings import Settings
from orchestrator_gql.outbound.send_result import SendResult
from orchestrator_gql.storage.notifications import Notification
from orchestrator_gql.types import NotificationKind

MAILED = frozenset(
    {
        NotificationKind.INPUT_REQUEST_OPENED,
        NotificationKind.INPUT_REQUEST_REMINDED,
        NotificationKind.INPUT_REQUEST_ESCALATED,
        NotificationKind.INPUT_REQUEST_ASSIGNED,
    }
)
"""The kinds that a team receives by mail: those that ask it to decide something."""


@dataclass(frozen=True, slots=True)
class Target:
    """A receiver of notifications of these ``kinds`` and ``assignees`` only; None means all."""

    name: str
    kinds: frozenset[NotificationKind] | None
    assignees: frozenset[str] | None

    def wants(self, kind: NotificationKind, assignee: str | None) -> bool:
        """True if the target receives this kind of notification for this assignee."""
        is_its_kind = self.kinds is None or kind in self.kinds
        return is_its_kind and (self.assignees is None or assignee in self.assignees)


def targets_of(settings: Settings) -> list[Target]:
    """All targets."""
    hooks = [Target(webhook_name(name), hook.kinds, hook.assignees) for name, hook in settings.webhooks.items()]
    if settings.smtp is None:
        return hooks
    return hooks + [Target(mail_name(team), MAILED, frozenset({team.key})) for team in settings.teams if team.email]


def webhook_name(name: str) -> str:
    """The name of the target of a webhook."""
    return f"webhook:{name}"


def mail_name(team: Team) -> str:
    """The name of the target of the mail of a team."""
    return f"mail:{team.key}"


class Channel(Protocol):
    """Sends notifications to one target."""

    async def __call__(self, notification: Notification, now: datetime) -> SendResult:
        """Try once to send the notification."""
        ...
