"""`orchestrator-gql services`: list the remote services with their figures, those that do not answer first."""

import json
from datetime import UTC, datetime
from typing import Any

from orchestrator_gql.cli.operator.times import age, duration
from orchestrator_gql.cli.request import all_nodes
from orchestrator_gql.cli.table import Table, is_for_people
from orchestrator_gql.cli.terminal import printable

TITLES = ("SERVICE", "STATE", "SEEN", "OPEN", "RESULTS", "P50", "P95", "FAILURES")

STATE, FAILURES = 1, 7
"""The columns with a status, and with the rest of the width."""

SERVICES = """\
query Services($window: StatsWindow!, $after: String) {
  remoteServices(window: $window, first: 50, after: $after) {
    nodes { name isConfigured signatureKeys hasCredential hasAllowedNetworks state lastSeenAt lastAcceptedAt
      openCallbacks(first: 0) { totalCount totalCountIsExact }
      overdueCallbacks unansweredCallbacks areUnansweredExact
      deliveries { outcome isFailureReport count isExact lastAt }
      durationSecondsP50 durationSecondsP95 durationSamples
      contractVersions { digest title workflowNames openCallbacks acceptedResults } }
    pageInfo { hasNextPage endCursor } } }
"""
WINDOWS = {"1h": "LAST_HOUR", "24h": "LAST_24_HOURS", "7d": "LAST_7_DAYS"}

NEVER = "never"
_ORDER = ("SILENT", "FAILING", "UNSEEN", "ANSWERING")
_TAKEN = ("ACCEPTED", "DUPLICATE")


def services(url: str, *, window: str, is_json: bool = False) -> None:
    """Print a line for each service; ``window`` is a key of `WINDOWS`."""
    now = datetime.now(UTC)
    found = list(all_nodes(url, SERVICES, "remoteServices", {"window": WINDOWS[window]}))
    found.sort(key=lambda service: (_ORDER.index(service["state"]), service["name"]))
    if is_json:
        for service in found:
            print(json.dumps(service))
    elif not found:
        print("No remote service is configured, and no step named one.")
    elif is_for_people():
        Table(TITLES, [_cells(service, now) for service in found], wide=FAILURES, status=STATE).print()
    else:
        for service in found:
            print(printable(_line(service, now)))


def _line(service: dict[str, Any], now: datetime) -> str:
    name, state, seen, is_open, results, half, most, failures = _cells(service, now)
    took = f", {half} (95 %: {most})" if half else ""
    last = "never seen" if seen == NEVER else f"seen {seen}"
    return f"{name}  {state}, {last}. {is_open} open, {results} results{took}, {failures or 'no failure'}."


def _cells(service: dict[str, Any], now: datetime) -> list[str]:
    deliveries = service["deliveries"]
    seen = f"{age(service['lastSeenAt'], now)} ago" if service["lastSeenAt"] else NEVER
    waiting = service["openCallbacks"]
    return [
        service["name"],
        service["state"],
        seen,
        _number(waiting["totalCount"], waiting["totalCountIsExact"]),
        _sum(deliveries, "ACCEPTED", is_failure=False) or "0",
        duration(half) if (half := service["durationSecondsP50"]) is not None else "",
        duration(most) if (most := service["durationSecondsP95"]) is not None else "",
        ", ".join(filter(None, _failures(service))),
    ]


def _failures(service: dict[str, Any]) -> list[str]:
    deliveries, is_exact = service["deliveries"], service["areUnansweredExact"]
    outcomes = sorted({each["outcome"] for each in deliveries} - {*_TAKEN})
    refused = [f"{number} {_words(outcome)}" for outcome in outcomes if (number := _sum(deliveries, outcome))]
    reported = _sum(deliveries, "ACCEPTED", is_failure=True)
    overdue, unanswered = service["overdueCallbacks"], service["unansweredCallbacks"]
    return [
        "" if service["isConfigured"] else "not configured",
        f"{_number(overdue, is_exact)} overdue" if overdue else "",
        f"{_number(unanswered, is_exact)} not answered" if unanswered else "",
        f"{reported} reported" if reported else "",
        *refused,
    ]


def _sum(deliveries: list[dict[str, Any]], outcome: str, *, is_failure: bool | None = None) -> str:
    """The number of the deliveries with that outcome, "" for none."""
    chosen = [each for each in deliveries if each["outcome"] == outcome]
    if is_failure is not None:
        chosen = [each for each in chosen if each["isFailureReport"] is is_failure]
    number = sum(each["count"] for each in chosen)
    return _number(number, all(each["isExact"] for each in chosen)) if number else ""


def _number(number: int, is_exact: bool) -> str:
    return f"{number:,}" if is_exact else f"{number:,}+"


def _words(outcome: str) -> str:
    return outcome.lower().replace("_", " ")
