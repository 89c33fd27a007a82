"""Search for a product subscription on a terminal, and choose one."""

from typing import Any
from uuid import UUID

from orchestrator_gql.cli.operator.forms import reply
from orchestrator_gql.cli.request import request
from orchestrator_gql.cli.terminal import printable

FORMAT = "subscriptionId"
"""The ``format`` of a field that holds the id of a product subscription."""

FILTER = "x-product-subscriptions"
"""The key of such a field with the filter of the product subscriptions to choose from."""

SHOWN = 10

SEARCH = """\
query Search($filter: ProductSubscriptionFilter, $first: Int!) { productSubscriptions(filter: $filter, first: $first) {
  nodes { id description customerId customerDescription status inSync product { name } } pageInfo { hasNextPage } } }
"""


def choose(url: str, field: dict[str, Any], question: str) -> str:
    """Ask until the person has chosen a product subscription, and return its id; blank if the person typed nothing.

    The person types an id, a part of a description, or the number of a line of the list that was shown last.
    """
    shown = _listed(url, field, "")
    while True:
        typed = reply(printable(question))
        if typed.isdecimal() and 1 <= int(typed) <= len(shown):
            return shown[int(typed) - 1]
        if not typed or _is_id(typed):
            return typed
        shown = _listed(url, field, typed)


def _listed(url: str, field: dict[str, Any], text: str) -> list[str]:
    """Print the product subscriptions that the text finds, each with a number, and return their ids."""
    wanted = {**(field.get(FILTER) or {}), "search": text or None}
    found = request(url, SEARCH, {"filter": wanted, "first": SHOWN})["productSubscriptions"]
    for number, node in enumerate(found["nodes"], 1):
        print(printable(f"  {number:>2}  {_line(node)}"))
    if not found["nodes"]:
        print(printable(f"  No product subscription has {text!r}." if text else "  There is no product subscription."))
    elif found["pageInfo"]["hasNextPage"]:
        print("      … and more: type a part of the description, the customer or the id.")
    return [node["id"] for node in found["nodes"]]


def _line(node: dict[str, Any]) -> str:
    facts = [node["product"]["name"], node["customerId"], node["status"].lower()]
    facts += [] if node["inSync"] else ["out of sync"]
    name = f", {node['customerDescription']!r}" if node["customerDescription"] else ""
    return f"{node['description']}{name} ({', '.join(facts)})  {node['id']}"


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
