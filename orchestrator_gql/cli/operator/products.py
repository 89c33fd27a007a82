"""`orchestrator-gql products`: list the products, or the product subscriptions to one."""

import json
from typing import Any

from orchestrator_gql.cli.client import VerbRefused
from orchestrator_gql.cli.operator.known import unknown_name
from orchestrator_gql.cli.request import all_nodes
from orchestrator_gql.cli.table import Table

LIST = """\
query Products($after: String) { products(first: 200, after: $after) {
  nodes { name type tag status description workflows { name } } pageInfo { hasNextPage endCursor } } }
"""
SUBSCRIPTIONS = """\
query ProductSubscriptions($name: String!, $first: Int!, $after: String) {
  productSubscriptions(filter: {products: [$name]}, first: $first, after: $after) {
    nodes { id status inSync version customerId description } pageInfo { hasNextPage endCursor } } }
"""
PAGE = 200


def list_products(url: str, *, is_json: bool = False) -> None:
    """Print each product with its type, its status, its workflows and its description."""
    rows = _products(url)
    if is_json:
        for row in rows:
            print(json.dumps({**row, "workflows": [workflow["name"] for workflow in row["workflows"]]}))
    elif rows:
        cells = [[row["name"], row["type"], row["status"], _workflows(row), _described(row)] for row in rows]
        Table(("NAME", "TYPE", "STATUS", "WORKFLOWS", "DESCRIPTION"), cells, wide=4).print()
    else:
        print("The server has no product.")


def list_subscriptions(url: str, name: str, *, is_json: bool = False) -> None:
    """Print each product subscription to the product of this name; raises `VerbRefused` if there is no such product."""
    if name not in (names := [product["name"] for product in _products(url)]):
        raise VerbRefused(unknown_name("product", "products", name, names))
    rows = all_nodes(url, SUBSCRIPTIONS, "productSubscriptions", {"name": name, "first": PAGE})
    if is_json:
        for row in rows:
            print(json.dumps(row))
    elif cells := [[row["id"], row["status"], _sync(row), row["customerId"], _described(row)] for row in rows]:
        Table(("ID", "STATUS", "SYNC", "CUSTOMER", "DESCRIPTION"), cells, wide=4).print()
    else:
        print(f"There is no subscription to {name}.")


def _products(url: str) -> list[dict[str, Any]]:
    return list(all_nodes(url, LIST, "products"))


def _workflows(row: dict[str, Any]) -> str:
    return ", ".join(workflow["name"] for workflow in row["workflows"]) or "no workflow"


def _described(row: dict[str, Any]) -> str:
    return row["description"] or "no description"


def _sync(row: dict[str, Any]) -> str:
    return "in sync" if row["inSync"] else "out of sync"
