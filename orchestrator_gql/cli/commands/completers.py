"""What the shell offers for a word: names and ids from the server, if it answers quickly."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cyclopts.completion import CompletionContext

SECONDS = 2.0
"""A person waits at the Tab key; a slow server offers nothing."""

WORKFLOWS = "{ workflows(first: 200) { nodes { name description } } }"
PROCESSES = "{ processes(first: 50) { nodes { id status workflowName subject } } }"


def workflows(context: "CompletionContext") -> dict[str, str]:
    """The names of the workflows, each with its description."""
    nodes = _nodes(WORKFLOWS, "workflows")
    return {node["name"]: node["description"] or "" for node in nodes}


def processes(context: "CompletionContext") -> dict[str, str]:
    """The ids of the newest processes, each with its status, workflow and subject.

    The ids are short, as tables show them; a word that begins whole ids is completed to these.
    """
    from orchestrator_gql.cli.operator.ids import short  # only here: the help needs no client

    nodes = _nodes(PROCESSES, "processes")
    about = {node["id"]: f"{node['status']} {node['workflowName']}: {node['subject']}" for node in nodes}
    shorts = {short(id): text for id, text in about.items()}
    word = context.incomplete
    is_short = any(id.startswith(word) for id in shorts)
    return shorts if is_short or not any(id.startswith(word) for id in about) else about


def _nodes(query: str, field: str) -> list[dict[str, Any]]:
    from orchestrator_gql.cli.credentials import server_of  # only here: the help needs no client
    from orchestrator_gql.cli.request import request
    from orchestrator_gql.utils.errors import OrchestratorError

    try:
        nodes: list[dict[str, Any]] = request(server_of(None), query, {}, seconds=SECONDS)[field]["nodes"]
    except OrchestratorError:
        return []
    return nodes
