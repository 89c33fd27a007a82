"""Notifications, as operators see them over GraphQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from support.database import sqlite_url
from support.receiver import Answer, Receiver, receiving
from support.web import Site, site_of

from orchestrator_gql import begin, step
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import workflow

LIST = """query ($filter: NotificationFilter, $first: Int, $after: String) {
  notifications(filter: $filter, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { id target kind status tries lastError dueAt sentAt createdAt payload inputRequest { id }
      process { id } log { at status error } } } }"""
RESEND = """mutation ($id: ID!) { resendNotification(input: {notificationId: $id}) { __typename
  ... on ResendNotificationSuccess { notification { id status dueAt } }
  ... on UserError { code message } } }"""


@step("Break")
def break_down() -> None:
    raise ProcessFailureError("It is broken.")


@workflow("Fail")
def failing() -> Any:
    return begin >> break_down


@asynccontextmanager
async def received(folder: Path, *answers: Answer) -> AsyncIterator[tuple[Site, Receiver]]:
    """A server that tells a receiver of failures."""
    async with receiving(*answers) as receiver:
        key = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
        hooks = {"ops": {"url": receiver.url, "signature_key": key, "allow_private": True}}
        async with site_of(sqlite_url(folder), failing, webhooks=hooks) as site:
            yield site, receiver


async def listed(site: Site, status: str, **more: Any) -> list[Any]:
    """The notifications that stand so, once there are any."""

    async def look() -> list[Any]:
        found: list[Any] = (await site.ask(LIST, filter={"statuses": [status], **more}))["notifications"]["nodes"]
        return found

    return await site.engine.until(look, awaited=f"a notification to be {status}")


async def test_a_dead_notification_is_listed_with_its_tries_and_sent_again(tmp_path: Path) -> None:
    async with received(tmp_path, Answer(410, b"gone away")) as (site, receiver):
        process_id = await site.engine.start(failing)
        (dead,) = await listed(site, "DEAD", processId=str(process_id), targets=["webhook:ops"])
        again = (await site.ask(RESEND, id=dead["id"]))["resendNotification"]
        (sent,) = await listed(site, "SENT")
        elsewhere = await site.ask(LIST, filter={"targets": ["mail:NOC"]})
        node = await site.ask("query ($id: ID!) { node(id: $id) { __typename id } }", id=dead["id"])

    assert (dead["kind"], dead["target"], dead["process"]) == (
        "PROCESS_FAILED",
        "webhook:ops",
        {"id": str(process_id)},
    )
    assert (dead["tries"], dead["dueAt"], dead["sentAt"], dead["inputRequest"]) == (1, None, None, None)
    assert [(one["status"], one["error"]) for one in dead["log"]] == [(410, "It answered 410: gone away")]
    assert dead["payload"] == receiver.received[0].json
    assert (again["__typename"], again["notification"]["status"]) == ("ResendNotificationSuccess", "PENDING")
    assert (sent["id"], sent["tries"], sent["lastError"]) == (dead["id"], 2, None)
    assert elsewhere["notifications"] == {
        "totalCount": 0,
        "nodes": [],
        "pageInfo": {"hasNextPage": False, "endCursor": None},
    }
    assert node["node"] == {"__typename": "Notification", "id": dead["id"]}


async def test_what_is_no_notification_is_refused_with_a_sentence(tmp_path: Path) -> None:
    async with received(tmp_path, Answer(500)) as (site, _):
        await site.engine.start(failing)
        (waits,) = await listed(site, "PENDING")
        early = (await site.ask(RESEND, id=waits["id"]))["resendNotification"]
        none = (await site.ask(RESEND, id="no id at all"))["resendNotification"]

    assert (early["__typename"], early["message"]) == (
        "ConflictError",
        "The notification is not given up: it will be sent without this.",
    )
    assert (none["__typename"], none["code"]) == ("NotFoundError", "NOT_FOUND")


async def test_notifications_are_paged_the_newest_first_and_counted_in_the_metrics(tmp_path: Path) -> None:
    async with received(tmp_path, Answer(410), Answer(410), Answer(500)) as (site, _):
        for _ in range(3):
            site.engine.turn(1)
            await site.engine.start(failing)

        async def tried() -> bool:
            found = (await site.ask(LIST))["notifications"]["nodes"]
            return [bool(one["log"]) for one in found] == [True] * 3

        await site.engine.until(tried, awaited="three tries")
        first = (await site.ask(LIST, first=2))["notifications"]
        rest = (await site.ask(LIST, first=2, after=first["pageInfo"]["endCursor"]))["notifications"]
        metrics = (await site.http.get("/metrics")).text

    ages = [one["createdAt"] for one in first["nodes"] + rest["nodes"]]
    assert (len(ages), first["totalCount"]) == (3, 3)
    assert ages == sorted(ages, reverse=True)
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    assert "orchestrator_notifications_pending 1.0" in metrics
    assert "orchestrator_notifications_dead 2.0" in metrics
