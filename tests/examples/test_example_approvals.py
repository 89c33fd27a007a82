"""The example `approvals`: four eyes, a claim, a rejection that sends back, and notifications with a signature."""

import re
from pathlib import Path

import httpx
from support.command_line import SECONDS, until
from support.example_project import commands_of, project

DECISIONS = """{ processes(first: 5) { nodes { status state
  steps { name inputRequest { decisions { verdict by { name } comment } } } } } }"""
LAST_NOTIFICATIONS = 3


def test_two_other_people_approve_a_change_after_it_was_sent_back(tmp_path: Path) -> None:
    with project(tmp_path, "approvals") as example:
        shown = example.enter(commands_of("approvals")[1])
        (process,) = example.ask(DECISIONS, token="token-of-ada")["nodes"]
        until(lambda: True if example.log.count("input-request.decided") >= LAST_NOTIFICATIONS else None)
        forged = httpx.post(
            f"http://127.0.0.1:{example.environment['PORT']}/",
            json={"type": "forged"},
            trust_env=False,
            timeout=SECONDS,
        )

    notified = re.findall(r"notified: (\S+) (.+)", example.log)
    approvals = [
        (decision["verdict"], decision["by"]["name"])
        for step in process["steps"]
        if step["name"] == "Approve"
        for decision in step["inputRequest"]["decisions"]
    ]
    assert process["status"] == "COMPLETED"
    assert process["state"]["changed"] == "ams-1, in 10 minutes"
    assert approvals == [("APPROVED", "bob"), ("APPROVED", "eve")]
    assert "Ada may not approve her own change." in shown
    assert "Eve may not approve while Bob has claimed it." in shown
    assert ("input-request.opened", "Approve NOC") in notified
    assert forged.status_code == 401
