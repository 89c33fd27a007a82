"""Names that a filter gets: a name that the server does not know, and no process has, is a mistake and not a filter."""

from collections.abc import Iterable, Sequence

from orchestrator_gql.cli.client import OperationRefused
from orchestrator_gql.cli.nearest import did_you_mean
from orchestrator_gql.cli.request import all_nodes, request
from orchestrator_gql.cli.terminal import printable

AT_ONCE = 4
"""Names that one request asks for; a server allows few fields at the root of an operation to strangers."""

LISTED = 12
"""Names that a message lists."""

WORKFLOWS = """\
query Workflows($after: String) { found: workflows(first: 200, after: $after) {
  nodes { name } pageInfo { hasNextPage endCursor } } }
"""
PRODUCTS = WORKFLOWS.replace("Workflows", "Products").replace("workflows", "products")


def workflow_names(url: str) -> list[str]:
    """The names of the workflows that the server offers to the caller."""
    return _names(url, WORKFLOWS)


def demand_workflows(url: str, names: Sequence[str]) -> None:
    """Raise `OperationRefused` for a workflow that is not there and has no processes; an old workflow may have some."""
    _demand(url, "workflow", "workflows", names, workflow_names(url) if names else (), "{workflowNames: [$%s]}")


def demand_products(url: str, names: Sequence[str]) -> None:
    """Raise `OperationRefused` for a product that is not there and on which no process works."""
    _demand(url, "product", "products", names, _names(url, PRODUCTS) if names else (), "{products: [$%s]}")


def demand_teams(url: str, keys: Sequence[str], known: Iterable[str]) -> None:
    """Raise `OperationRefused` for a team that no workflow names, and that was never asked for anything."""
    _demand(url, "team", "teams", keys, tuple(known), "{assigneeKeys: [$%s], statuses: null}", "inputRequests")


def _demand(
    url: str, noun: str, plural: str, names: Sequence[str], known: Iterable[str], filter: str, field: str = "processes"
) -> None:
    known = list(dict.fromkeys(known))
    unknown = [name for name in names if name not in known]
    for start in range(0, len(unknown), AT_ONCE):
        part = dict(enumerate(unknown[start : start + AT_ONCE]))
        declared = ", ".join(f"$n{number}: String!" for number in part)
        asked = " ".join(
            f"n{number}: {field}(filter: {filter % f'n{number}'}, first: 1) {{ nodes {{ id }} }}" for number in part
        )
        found = request(url, f"query Known({declared}) {{ {asked} }}", {f"n{number}": part[number] for number in part})
        for number, name in part.items():
            if not found[f"n{number}"]["nodes"]:
                raise OperationRefused(unknown_name(noun, plural, name, known))


def unknown_name(noun: str, plural: str, name: str, known: Sequence[str]) -> str:
    """The message for a name that nothing has: with the near names, or else with all names if they are few."""
    text = f"There is no {noun} {name!r}, or it is not visible to you."
    meant = did_you_mean(name, known)
    if not meant and 0 < len(known) <= LISTED:
        meant = f" Known {plural}: {', '.join(sorted(known))}."
    return printable(text + meant)


def _names(url: str, query: str) -> list[str]:
    return [node["name"] for node in all_nodes(url, query, "found")]
