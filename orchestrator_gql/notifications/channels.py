"""The channel of each target; its imports take some megabytes, so a server without targets does not import it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orchestrator_gql.config.notifications import Webhook
from orchestrator_gql.config.principals import Team
from orchestrator_gql.config.settings import Settings
from orchestrator_gql.notifications.mail_text import subject_of, text_of
from orchestrator_gql.notifications.recipients import Channel, mail_name, webhook_name
from orchestrator_gql.notifications.webhooks import post_webhook
from orchestrator_gql.outbound.http_client import HttpClient
from orchestrator_gql.outbound.mail import Mailer, compose
from orchestrator_gql.outbound.send_result import SendResult
from orchestrator_gql.storage.notifications import Notification
from orchestrator_gql.utils.json import encode
from orchestrator_gql.utils.traces import PROCESS, traceparent


class Channels:
    """The channel of each target; all channels share one HTTP client and one mailer."""

    def __init__(self, settings: Settings) -> None:
        self._http = HttpClient()
        self._mailer = Mailer(settings.smtp) if settings.smtp else None
        self._settings = settings
        self.by_target: Mapping[str, Channel] = {
            **{webhook_name(name): self._by_webhook(hook) for name, hook in settings.webhooks.items()},
            **{mail_name(team): self._by_mail(team) for team in settings.teams if team.email and settings.smtp},
        }

    def close(self) -> None:
        """Free the threads of the HTTP client."""
        self._http.close()

    def _by_webhook(self, webhook: Webhook) -> Channel:
        async def send(notification: Notification, now: datetime) -> SendResult:
            body = encode(notification.payload).encode()
            trace = traceparent(notification.trace, notification.process_id, PROCESS)
            return await post_webhook(
                self._http, webhook, id=str(notification.id), body=body, traceparent=trace, now=now
            )

        return send

    def _by_mail(self, team: Team) -> Channel:
        async def send(notification: Notification, now: datetime) -> SendResult:
            assert self._mailer is not None
            assert self._settings.smtp is not None
            body: dict[str, Any] = notification.payload
            mail = compose(
                self._settings.smtp,
                to=str(team.email),
                id=str(notification.id),
                subject=subject_of(notification.kind, body),
                text=text_of(notification.kind, body, team.called),
                now=now,
            )
            return await self._mailer.send(mail)

        return send
