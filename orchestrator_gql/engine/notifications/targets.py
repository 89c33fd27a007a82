"""Whom the configuration wants told of what, and the way to each: a webhook, or the mail address of a team."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from orchestrator_gql.config.notifications import Webhook
from orchestrator_gql.config.people import Team
from orchestrator_gql.config.settings import Settings
from orchestrator_gql.engine.notifications.words import subject_of, text_of
from orchestrator_gql.outside.answers import Answer
from orchestrator_gql.outside.http_client import HttpClient
from orchestrator_gql.outside.mail import Mailer, written
from orchestrator_gql.outside.webhooks import post_webhook
from orchestrator_gql.storage.outbox.notifications import Notification
from orchestrator_gql.types import NotificationKind
from orchestrator_gql.utils.json import encode

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


class Ways:
    """The way to each target; one HTTP client and one mailer for all."""

    def __init__(self, settings: Settings) -> None:
        self._http = HttpClient()
        self._mailer = Mailer(settings.smtp) if settings.smtp else None
        self._settings = settings
        self.to: Mapping[str, Way] = {
            **{webhook_name(name): self._by_webhook(hook) for name, hook in settings.webhooks.items()},
            **{mail_name(team): self._by_mail(team) for team in settings.teams if team.email and settings.smtp},
        }

    def close(self) -> None:
        """Let go of what they need."""
        self._http.close()
        if self._mailer is not None:
            self._mailer.close()

    def _by_webhook(self, webhook: Webhook) -> Way:
        async def send(notification: Notification, now: datetime) -> Answer:
            body = encode(notification.payload).encode()
            return await post_webhook(self._http, webhook, id=str(notification.id), body=body, now=now)

        return send

    def _by_mail(self, team: Team) -> Way:
        async def send(notification: Notification, now: datetime) -> Answer:
            assert self._mailer is not None
            assert self._settings.smtp is not None
            body: dict[str, Any] = notification.payload
            mail = written(
                self._settings.smtp,
                to=str(team.email),
                id=str(notification.id),
                subject=subject_of(notification.kind, body),
                text=text_of(notification.kind, body, team.called),
                now=now,
            )
            return await self._mailer.send(mail)

        return send
