"""The filter of processes that the options of a command make."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from orchestrator_gql.cli.client import OperationRefused
from orchestrator_gql.cli.nearest import did_you_mean
from orchestrator_gql.cli.operator.decisions import key_of, teams_of
from orchestrator_gql.cli.operator.known import demand_products, demand_teams, demand_workflows
from orchestrator_gql.cli.request import request
from orchestrator_gql.utils.json import Json

if TYPE_CHECKING:
    from orchestrator_gql.cli.commands.selection import Selection

SUBSCRIPTION = "query Subscription($id: ID!) { productSubscription(id: $id) { id } }"
FAILURES = """\
query Failures($first: Int!) { processes(filter: {statuses: [FAILED]}, first: $first) { nodes { failure { code } } } }
"""
VIEWER = "{ viewer { user { id } } }"
LARGEST_PAGE = 200


def filter_of(url: str, selection: "Selection") -> dict[str, Json]:
    """The `ProcessFilter` of the selection; raises `OperationRefused` if the server cannot know what is meant."""
    _demand_period(selection)
    demand_workflows(url, selection.workflow)
    demand_products(url, selection.product)
    teams = teams_of(url) if selection.team else []
    keys = [key_of(teams, name) for name in selection.team]
    demand_teams(url, keys, (text for team in teams for text in team.values()))
    found: dict[str, Any] = {
        "statuses": list(selection.status),
        "workflowNames": list(selection.workflow),
        "search": selection.search,
        "startedAt": {"from": selection.since, "to": selection.until} if selection.since or selection.until else None,
        "updatedAt": {"from": selection.changed_since} if selection.changed_since else None,
        "createdBy": _viewer(url) if selection.mine else None,
        "assigneeKeys": keys,
        "products": list(selection.product),
        "productSubscriptionId": _subscription(url, selection.subscription) if selection.subscription else None,
        "failureCodes": list(selection.failure),
        "targets": list(selection.target),
    }
    return {name: value for name, value in found.items() if value}


def pages(url: str, query: str, variables: dict[str, Json], limit: int | None) -> Iterator[dict[str, Any]]:
    """Each page of ``processes`` of the query, until ``limit`` rows or the end."""
    left, after = limit, variables.get("after")
    while left is None or left > 0:
        first = LARGEST_PAGE if left is None else min(left, LARGEST_PAGE)
        page: dict[str, Any] = request(url, query, {**variables, "first": first, "after": after})["processes"]
        yield page
        if not page["pageInfo"]["hasNextPage"]:
            return
        left = left - len(page["nodes"]) if left is not None else None
        after = page["pageInfo"]["endCursor"]


def _viewer(url: str) -> str:
    user = request(url, VIEWER, {})["viewer"]["user"]
    if user is None:
        raise OperationRefused("The server does not know who you are, so --mine selects nothing: sign in with a token.")
    return str(user["id"])


def _subscription(url: str, text: str) -> str:
    try:
        id = str(UUID(text))
    except ValueError:
        raise OperationRefused(f"{text!r} is not the whole id of a product subscription.") from None
    if request(url, SUBSCRIPTION, {"id": id})["productSubscription"] is None:
        raise OperationRefused(f"There is no product subscription {id}, or it is not visible to you.")
    return id


def _demand_period(selection: "Selection") -> None:
    """Raise `OperationRefused` for a period without a moment: it would select nothing, and nobody would see why."""
    now = datetime.now(UTC)
    for option, text in (("--since", selection.since), ("--changed-since", selection.changed_since)):
        if text and datetime.fromisoformat(text) > now:
            raise OperationRefused(f"{option} is in the future, so it selects nothing.")
    since, until = selection.since, selection.until
    if since and until and datetime.fromisoformat(since) >= datetime.fromisoformat(until):
        raise OperationRefused("--since is not before --until, so they select nothing: did you exchange them?")


def failure_note(url: str, selection: "Selection") -> str:
    """The sentence about failure codes that nothing has; empty if there are none. Authors and services make codes."""
    if not selection.failure:
        return ""
    nodes = request(url, FAILURES, {"first": LARGEST_PAGE})["processes"]["nodes"]
    known = {node["failure"]["code"] for node in nodes if node["failure"]}
    unknown = [code for code in selection.failure if code not in known]
    return " ".join(f"No recent process has the failure code {code!r}.{did_you_mean(code, known)}" for code in unknown)
