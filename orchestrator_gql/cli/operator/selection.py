"""The filter of processes that the options of a command make."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

from orchestrator_gql.cli.client import OperationRefused
from orchestrator_gql.cli.operator.decisions import team_key
from orchestrator_gql.cli.request import request
from orchestrator_gql.utils.json import Json

if TYPE_CHECKING:
    from orchestrator_gql.cli.commands.selection import Selection

VIEWER = "{ viewer { user { id } } }"
LARGEST_PAGE = 200


def filter_of(url: str, selection: "Selection") -> dict[str, Json]:
    """The `ProcessFilter` of the selection; raises `OperationRefused` if the server cannot know what is meant."""
    found: dict[str, Any] = {
        "statuses": list(selection.status),
        "workflowNames": list(selection.workflow),
        "search": selection.search,
        "startedAt": {"from": selection.since, "to": selection.until} if selection.since or selection.until else None,
        "updatedAt": {"from": selection.changed_since} if selection.changed_since else None,
        "createdBy": _viewer(url) if selection.mine else None,
        "assigneeKeys": [team_key(url, name) for name in selection.team],
        "products": list(selection.product),
        "productSubscriptionId": _whole(selection.subscription) if selection.subscription else None,
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


def _whole(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise OperationRefused(f"{text!r} is not the whole id of a product subscription.") from None
