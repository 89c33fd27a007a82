"""What the shell offers for a word: names and ids from the server, if it answers quickly."""

from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any

from orchestrator_gql.cli.credentials import server_of

if TYPE_CHECKING:
    from cyclopts.completion import CompletionContext

SECONDS = 0.4
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
    """The rows of the server; none if it does not answer soon, or answers with an error: nobody reads it at a Tab."""
    from orchestrator_gql.cli import request  # only here: the help needs no client

    found = list[dict[str, Any]]()
    reader = Thread(target=_read, args=(request.request, query, field, found), daemon=True)
    reader.start()
    reader.join(SECONDS)  # the time limits of the client are for each part of an answer, and a server may drip
    return list(found)


def _read(request: Callable[..., dict[str, Any]], query: str, field: str, found: list[dict[str, Any]]) -> None:
    with suppress(Exception):
        found += request(server_of(None), query, {}, seconds=SECONDS)[field]["nodes"]
