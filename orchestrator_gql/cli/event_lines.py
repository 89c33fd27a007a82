"""The GraphQL subscription of `tail`, and each of its events as a line for people, or as a CloudEvent."""

import re
from datetime import datetime
from typing import Any, TypeAlias

from orchestrator_gql.cli.terminal import printable

Event: TypeAlias = dict[str, Any]

SHOWN = 160
"""Characters of a result's preview: an event should fit in one line of a wide terminal."""

QUERY = """\
subscription Tail($after: String, $filter: EventFilter) {
  processEvents(after: $after, filter: $filter) {
    cursor
    caughtUp
    reset
    events {
      __typename
      id
      cursor
      occurredAt
      processId
      actor { name }
      process { workflowName }
      ... on ProcessCreatedEvent { workflowName subject }
      ... on ProcessStatusChangedEvent { fromProcessStatus toProcessStatus failure { code message } }
      ... on StepChangedEvent { stepName fromStepStatus toStepStatus attempt failure { code message } }
      ... on CallbackIssuedEvent { expiresAt }
      ... on CallbackProgressedEvent { progress { percent message } }
      ... on CallbackReceivedEvent { resultPreview resultBytes isEarly }
      ... on CallbackValidatedEvent { validation { outcome message } }
      ... on CallbackEndedEvent { callbackStatus }
      ... on InputRequestedEvent { inputRequest { title assignee { name } } }
      ... on InputDecidedEvent { verdict inputRequest { title } }
      ... on InputRequestChangedEvent { change inputRequest { title } assignee { name } }
      ... on ProcessNoteChangedEvent { note }
      ... on ProductSubscriptionChangedEvent { productSubscription { description status } }
      ... on EngineStateChangedEvent { engineState reason }
    }
  }
}
"""


def line(event: Event) -> str:
    """The event in one line: local time, end of the process id, workflow, change; control characters are escaped."""
    moment = datetime.fromisoformat(event["occurredAt"]).astimezone()
    process = (event["processId"] or "")[-8:] or "-"
    workflow = (event.get("process") or {}).get("workflowName") or event.get("workflowName") or "-"
    by = f"  (by {event['actor']['name']})" if event.get("actor") else ""
    return printable(f"{moment:%H:%M:%S}  {process:<8}  {workflow}  {_description(event)}{by}")


_ENVELOPE = ("__typename", "id", "cursor", "occurredAt")
"""The fields of an event that are attributes of its CloudEvent."""


def cloud_event(event: Event, source: str) -> dict[str, Any]:
    """The event as CloudEvents 1.0 (JSON); its id is the cursor, so it is unique for the source.

    >>> made = cloud_event({"__typename": "EngineStateChangedEvent", "id": "7", "cursor": "7", "processId": None,
    ...     "occurredAt": "2031-04-05T06:07:08Z", "engineState": "PAUSED"}, "http://there")
    >>> made["type"], made["id"], made["data"]
    ('orchestrator-gql.engine-state-changed', '7', {'processId': None, 'engineState': 'PAUSED'})
    """
    words = re.findall("[A-Z][a-z0-9]*", event["__typename"].removesuffix("Event"))
    about = {"subject": event["processId"]} if event["processId"] else {}
    return {
        "specversion": "1.0",
        "id": event["cursor"],
        "source": source,
        "type": f"orchestrator-gql.{'-'.join(words).lower()}",
        "time": event["occurredAt"],
        **about,
        "datacontenttype": "application/json",
        "data": {key: value for key, value in event.items() if key not in _ENVELOPE},
    }


def _description(event: Event) -> str:
    match event["__typename"]:
        case "ProcessCreatedEvent":
            return f"process created{_because(event.get('subject'))}"
        case "ProcessStatusChangedEvent":
            change = f"{event['fromProcessStatus']} → {event['toProcessStatus']}"
            return f"process {change}{_failure(event)}"
        case "StepChangedEvent":
            return _step(event)
        case "InputRequestedEvent" | "InputDecidedEvent" | "InputRequestChangedEvent":
            return _input(event)
        case "ProcessNoteChangedEvent":
            return f"note: {event['note'] or '(removed)'}"
        case "ProductSubscriptionChangedEvent":
            product = event["productSubscription"]
            return f"subscription {product['description']}: {product['status']}"
        case "EngineStateChangedEvent":
            return f"engine {event['engineState']}{_because(event['reason'])}"
        case _:
            return _callback(event)


def _step(event: Event) -> str:
    attempt = f" (attempt {event['attempt']})" if event["attempt"] > 1 else ""
    before = f"{event['fromStepStatus']} → " if event["fromStepStatus"] else ""
    return f"step {event['stepName']}{attempt}: {before}{event['toStepStatus']}{_failure(event)}"


def _callback(event: Event) -> str:
    match event["__typename"]:
        case "CallbackIssuedEvent":
            return f"callback issued{_until(event['expiresAt'])}"
        case "CallbackProgressedEvent":
            percent, message = event["progress"]["percent"], event["progress"]["message"]
            parts = (f"{percent:g} %" if percent is not None else "", message or "")
            return f"progress: {' '.join(filter(None, parts)) or '(without text)'}"
        case "CallbackReceivedEvent":
            early = " early" if event["isEarly"] else ""
            return f"callback received{early}, {event['resultBytes']:,} bytes: {_cut(event['resultPreview'])}"
        case "CallbackValidatedEvent":
            return f"callback {event['validation']['outcome']}{_because(event['validation']['message'])}"
        case "CallbackEndedEvent":
            return f"callback {event['callbackStatus']}"
        case unknown_type:
            return str(unknown_type).removesuffix("Event")  # a server of a later release may send new types


def _input(event: Event) -> str:
    title = event["inputRequest"]["title"]
    match event["__typename"]:
        case "InputRequestedEvent":
            return f"waits for {event['inputRequest']['assignee']['name']}: {title}"
        case "InputDecidedEvent":
            return f"decided {event['verdict']}: {title}"
        case _:
            to = f" to {event['assignee']['name']}" if event.get("assignee") else ""
            return f"input request {event['change']}{to}: {title}"


def _failure(event: Event) -> str:
    failure = event.get("failure")
    return f"  [{failure['code']}] {failure['message']}" if failure else ""


def _because(text: str | None) -> str:
    return f": {text}" if text else ""


def _until(moment: str | None) -> str:
    return f", awaited until {datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M:%S}" if moment else ""


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
