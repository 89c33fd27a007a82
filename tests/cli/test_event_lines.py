"""Events as lines for people, and the GraphQL subscription that selects them."""

from typing import Any

import pytest
from graphql import build_schema, parse, validate

from orchestrator_gql.cli.event_lines import QUERY, SHOWN, line
from orchestrator_gql.graphql.schema import printed

FAILURE = {"code": "callback-expired", "message": "Nobody answered."}
CASES: list[tuple[str, dict[str, Any], str]] = [
    ("ProcessCreatedEvent", {"workflowName": "create_l2vpn"}, "process created"),
    (
        "ProcessStatusChangedEvent",
        {"fromProcessStatus": "RUNNING", "toProcessStatus": "COMPLETED", "failure": None},
        "process RUNNING → COMPLETED",
    ),
    (
        "StepChangedEvent",
        {
            "stepName": "Execute playbook",
            "fromStepStatus": "RUNNING",
            "toStepStatus": "SUCCESS",
            "attempt": 1,
            "failure": None,
        },
        "step Execute playbook: RUNNING → SUCCESS",
    ),
    (
        "StepChangedEvent",
        {"stepName": "Wait", "fromStepStatus": None, "toStepStatus": "FAILED", "attempt": 2, "failure": FAILURE},
        "step Wait (attempt 2): FAILED  [callback-expired] Nobody answered.",
    ),
    ("CallbackIssuedEvent", {"expiresAt": None}, "callback issued"),
    ("EngineStateChangedEvent", {"engineState": "PAUSED", "reason": "router upgrade"}, "engine PAUSED: router upgrade"),
    ("EngineStateChangedEvent", {"engineState": "RUNNING", "reason": None}, "engine RUNNING"),
    ("CallbackProgressedEvent", {"progress": {"percent": 40.0, "message": "half"}}, "progress: 40 % half"),
    ("CallbackProgressedEvent", {"progress": {"percent": None, "message": None}}, "progress: (without text)"),
    (
        "CallbackReceivedEvent",
        {"resultPreview": '{"a":1}', "resultBytes": 12345, "isEarly": True},
        'callback received early, 12,345 bytes: {"a":1}',
    ),
    (
        "CallbackReceivedEvent",
        {"resultPreview": "x" * (SHOWN + 1), "resultBytes": 200, "isEarly": False},
        f"callback received, 200 bytes: {'x' * SHOWN}…",
    ),
    (
        "CallbackValidatedEvent",
        {"validation": {"outcome": "REJECTED", "message": "return code 2"}},
        "callback REJECTED: return code 2",
    ),
    ("CallbackEndedEvent", {"callbackStatus": "EXPIRED"}, "callback EXPIRED"),
    (
        "InputRequestedEvent",
        {"inputRequest": {"title": "Confirm", "assignee": {"name": "NOC"}}},
        "waits for NOC: Confirm",
    ),
    ("InputDecidedEvent", {"verdict": "APPROVED", "inputRequest": {"title": "Confirm"}}, "decided APPROVED: Confirm"),
    (
        "InputRequestChangedEvent",
        {"change": "ESCALATED", "inputRequest": {"title": "Confirm"}, "assignee": {"name": "Boss"}},
        "input request ESCALATED to Boss: Confirm",
    ),
    ("ProcessNoteChangedEvent", {"note": None}, "note: (removed)"),
    (
        "ProductSubscriptionChangedEvent",
        {"productSubscription": {"description": "L2VPN 100", "status": "ACTIVE"}},
        "subscription L2VPN 100: ACTIVE",
    ),
    ("SomethingNewEvent", {}, "SomethingNew"),
]


def event(kind: str, facts: dict[str, Any]) -> dict[str, Any]:
    common = {"occurredAt": "2031-04-05T06:07:08Z", "processId": "0193b0c4-7d1e-7c3a-9c8e-2f0a1b2c3d4e"}
    return {"__typename": kind, **common, "actor": None, "process": {"workflowName": "create_l2vpn"}, **facts}


@pytest.mark.parametrize(("kind", "facts", "expected"), CASES)
def test_an_event_is_printed_in_one_line(kind: str, facts: dict[str, Any], expected: str) -> None:
    text = line(event(kind, facts))

    assert text.endswith(f"  1b2c3d4e  create_l2vpn  {expected}")


def test_the_deadline_of_a_callback_is_printed() -> None:
    text = line(event("CallbackIssuedEvent", {"expiresAt": "2031-04-06T06:07:08Z"}))

    assert "callback issued, awaited until 2031-04-0" in text


def test_the_actor_stands_at_the_end() -> None:
    text = line(event("ProcessNoteChangedEvent", {"note": "call back", "actor": {"name": "Ada"}}))

    assert text.endswith("note: call back  (by Ada)")


def test_an_event_without_a_process_is_printed_too() -> None:
    product = {"productSubscription": {"description": "L2VPN 100", "status": "ACTIVE"}}
    facts = {"processId": None, "process": None, **product}

    assert line(event("ProductSubscriptionChangedEvent", facts)).endswith(
        "  -         -  subscription L2VPN 100: ACTIVE"
    )


def test_text_of_a_remote_service_cannot_control_the_terminal() -> None:
    hostile = {"progress": {"percent": None, "message": "done\r\n\x1b[2J\u202e"}}

    assert line(event("CallbackProgressedEvent", hostile)).endswith(r"progress: done\r\n\x1b[2J\u202e")


def test_the_query_fits_the_schema() -> None:
    assert validate(build_schema(printed()), parse(QUERY)) == []
