"""The example `start-from-an-alert`: an alert that is sent again starts nothing, and a pause loses no alert."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from support.command_line import SECONDS
from support.example_project import Project, commands_of, project

PROCESSES = "{ processes(first: 20) { nodes { subject status } } }"
ALERT = {"status": "firing", "startsAt": "2026-11-29T13:00:00Z", "fingerprint": "f1"}


def post(example: Project, *alerts: dict[str, Any] | str) -> int:
    """The status of the receiver's answer to these alerts."""
    url = f"http://127.0.0.1:{example.environment['PORT']}/alerts"
    return httpx.post(url, json={"alerts": alerts}, trust_env=False, timeout=SECONDS).status_code


def alert(instance: str, **changes: Any) -> dict[str, Any]:
    """An alert that fires."""
    return {**ALERT, "fingerprint": instance, "labels": {"alertname": "LinkDown", "instance": instance}, **changes}


def subjects(example: Project) -> list[str]:
    """What the processes are about."""
    return sorted(process["subject"] for process in example.ask(PROCESSES)["nodes"])


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The receiver and the server."""
    with project(tmp_path_factory.mktemp("alerts"), "start-from-an-alert") as running:
        yield running


def test_an_alert_that_is_sent_again_starts_nothing(example: Project) -> None:
    first, again, *_ = example.enter(commands_of("start-from-an-alert")[1]).splitlines()
    started, known = (json.loads(line)["results"] for line in (first, again))
    answers = [
        post(example, alert("lon-1")),
        post(example, alert("lon-1", annotations={"summary": "changed"}, endsAt="2026-11-29T14:00:00Z")),
        post(example, alert("lon-1", status="resolved", startsAt="2026-11-29T15:00:00Z")),
        post(example, alert("lon-1", startsAt="2026-11-29T16:00:00Z")),
        post(example, "no alert"),
    ]

    assert [result["created"] for result in (*started, *known)] == [True, False]
    assert started[0]["process"] == known[0]["process"]
    assert answers == [200, 200, 200, 200, 400]
    assert subjects(example) == ["LinkDown on ams-1", "LinkDown on lon-1", "LinkDown on lon-1"]


def test_alertmanager_is_asked_to_send_again_while_the_engine_is_paused(example: Project) -> None:
    example.enter("orchestrator-gql pause --yes")
    refused = post(example, alert("ams-2"))
    example.enter("orchestrator-gql resume --yes")
    accepted = [post(example, alert("ams-2")), post(example, alert("ams-2"))]

    assert (refused, accepted) == (503, [200, 200])
    assert subjects(example).count("LinkDown on ams-2") == 1
