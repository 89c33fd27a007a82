"""Sends a notification as a signed POST by Standard Webhooks."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from orchestrator_gql.callbacks.signature import sign
from orchestrator_gql.config.notifications import Webhook
from orchestrator_gql.outbound.http_client import HttpClient, NotReached
from orchestrator_gql.outbound.send_result import SHOWN, SendResult
from orchestrator_gql.utils.json.text import preview

GONE = 410
"""The receiver wants no more requests (RFC 9110, 15.5.11); Standard Webhooks demands that senders obey."""

HIDDEN = "[secret]"


async def post_webhook(
    http: HttpClient, webhook: Webhook, *, id: str, body: bytes, traceparent: str, now: datetime
) -> SendResult:
    """Send the body, signed at ``now``; ``id`` is the same at every try, so that a receiver can drop a second copy.

    ``traceparent`` is that of the process which the notification is about.
    """
    at = int(now.timestamp())
    headers = {name: value.get_secret_value() for name, value in webhook.headers.items()} | {
        "content-type": "application/json",
        "traceparent": traceparent,
        "webhook-id": id,
        "webhook-timestamp": str(at),
        "webhook-signature": sign(webhook.key, id, at, body),
    }
    url = webhook.url.get_secret_value()
    try:
        response = await http.post(url, body, headers, allow_private=webhook.allow_private)
    except NotReached as error:
        return SendResult(error=error.message)
    if 200 <= response.status < 300:
        return SendResult(response.status)
    retry_after = seconds_of(response.headers.get("retry-after"), now)
    return SendResult(
        response.status, _refusal(response.status, response.text, webhook.secrets), retry_after, response.status == GONE
    )


def seconds_of(retry_after: str | None, now: datetime) -> float | None:
    """The seconds that ``Retry-After`` asks for (RFC 9110, 10.2.3), as a number or a date; None for an invalid value.

    >>> seconds_of("120", datetime(2026, 3, 2, tzinfo=UTC))
    120.0
    >>> seconds_of("Mon, 02 Mar 2026 00:01:00 GMT", datetime(2026, 3, 2, tzinfo=UTC))
    60.0
    """
    if retry_after is None:
        return None
    if re.fullmatch(r"[0-9]{1,10}", retry_after):
        return float(retry_after)
    try:
        at = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return None
    return max((at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds(), 0.0)


def _refusal(status: int, text: str, secrets: Iterable[str]) -> str:
    """The response as a text; a receiver may repeat our request, so its secrets are replaced."""
    if 300 <= status < 400:
        return f"It answered {status}, a redirect, which is not followed."
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    shown = " ".join(text.split())
    return preview(f"It answered {status}{': ' if shown else '.'}{shown}", SHOWN)
