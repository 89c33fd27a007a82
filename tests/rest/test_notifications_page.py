"""The examples of the page on notifications fit what the server sends."""

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from support.outbox import KEY, hook
from support.receiver import receiving

from orchestrator_gql.config.notifications import Webhook
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.notifications.recipients import targets_of
from orchestrator_gql.notifications.webhooks import post_webhook
from orchestrator_gql.outbound.http_client import HttpClient
from orchestrator_gql.types import NotificationKind

PAGE = (Path(__file__).parents[2] / "docs/howto/notifications.md").read_text()


async def test_the_python_of_the_page_accepts_our_signature_and_no_forged_signature() -> None:
    names: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0], names)
    is_ours = names["is_ours"]

    async with receiving() as receiver:
        http = HttpClient()
        webhook = Webhook(**hook(receiver.url))
        result = await post_webhook(
            http, webhook, id="msg_1", body=b'{"type": "x"}', traceparent="00-0-0-01", now=datetime.now(UTC)
        )
        http.close()
    request = receiver.received[0]
    headers = dict(request.headers)

    assert result.is_accepted
    assert is_ours(KEY, headers, request.body)
    assert not is_ours(KEY, headers, request.body + b" ")
    assert not is_ours(KEY, {}, request.body)
    assert not is_ours(f"whsec_{'A' * 32}", headers, request.body)
    assert not is_ours(KEY, headers | {"webhook-timestamp": str(int(time.time()) - 301)}, request.body)


def test_the_settings_of_the_page_are_settings() -> None:
    values = {
        name.lower(): json.loads(value)
        for name, value in re.findall(r"export ORCHESTRATOR_(\w+)='(.*?)'", PAGE, re.DOTALL)
    }

    settings = read_settings(**values)

    assert [target.name for target in targets_of(settings)] == ["webhook:chat", "mail:NOC"]


def test_the_page_lists_every_kind_of_notification() -> None:
    assert set(re.findall(r"^\| `([a-z-]+\.[a-z]+)` \|", PAGE, re.MULTILINE)) == {
        str(kind) for kind in NotificationKind
    }
