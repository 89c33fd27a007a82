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

WORKFLOWS = "{ found: workflows(first: 200) { nodes { name description } } }"
PRODUCTS = "{ found: products(first: 200) { nodes { name description } } }"
TEAMS = "{ found: viewer { nodes: assignees { name: key description: name } } }"
PROCESSES = """\
query Ids($filter: ProcessFilter) {
  found: processes(filter: $filter, first: 50) { nodes { id status workflowName subject } } }
"""
SEARCHED = 4
"""The fewest digits that the server searches in ids; without them the newest processes are offered."""

AT_A_FORM = ("SUSPENDED",)
AT_A_CALLBACK = ("RUNNING", "AWAITING_CALLBACK", "SUSPENDED", "WAITING", "FAILED")  # RUNNING: in a pause
AT_A_TIME = ("WAITING",)
FAILED = ("FAILED",)
LIVING = ("CREATED", *AT_A_CALLBACK)
"""The statuses of the processes on which a command may act."""


def workflows(context: "CompletionContext") -> dict[str, str]:
    """The names of the workflows, each with its description."""
    return _named(WORKFLOWS)


def products(context: "CompletionContext") -> dict[str, str]:
    """The names of the products, each with its description."""
    return _named(PRODUCTS)


def teams(context: "CompletionContext") -> dict[str, str]:
    """The keys of the caller's teams, each with its name."""
    return _named(TEAMS)


def _named(query: str) -> dict[str, str]:
    return {node["name"]: node["description"] or "" for node in _nodes(query, {})}


def processes(context: "CompletionContext") -> dict[str, str]:
    """The ids of the newest processes, or of those that have the digits of the word."""
    return _processes(context.incomplete, ())


def with_form(context: "CompletionContext") -> dict[str, str]:
    """As `processes`, of the processes that wait for a person."""
    return _processes(context.incomplete, AT_A_FORM)


def with_callback(context: "CompletionContext") -> dict[str, str]:
    """As `processes`, of the processes that may be at a callback."""
    return _processes(context.incomplete, AT_A_CALLBACK)


def waiting_for_a_time(context: "CompletionContext") -> dict[str, str]:
    """As `processes`, of the processes that go on at a time."""
    return _processes(context.incomplete, AT_A_TIME)


def failed(context: "CompletionContext") -> dict[str, str]:
    """As `processes`, of the processes that may be retried."""
    return _processes(context.incomplete, FAILED)


def living(context: "CompletionContext") -> dict[str, str]:
    """As `processes`, of the processes that have not ended."""
    return _processes(context.incomplete, LIVING)


def _processes(word: str, statuses: tuple[str, ...]) -> dict[str, str]:
    """The ids of the newest processes with these statuses, each with its status, workflow and subject.

    The ids are short, as tables show them; a word that begins whole ids is completed to these.
    """
    from orchestrator_gql.cli.operator.ids import short  # only here: the help needs no client

    wanted = {"statuses": list(statuses), "search": word if len(word) >= SEARCHED else ""}
    nodes = _nodes(PROCESSES, {"filter": {key: value for key, value in wanted.items() if value}})
    about = {node["id"]: f"{node['status']} {node['workflowName']}: {node['subject']}" for node in nodes}
    shorts = {short(id): text for id, text in about.items()}
    is_short = any(id.startswith(word) for id in shorts)
    return shorts if is_short or not any(id.startswith(word) for id in about) else about


def _nodes(query: str, variables: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of the server; none if it does not answer soon, or answers with an error: nobody reads it at a Tab."""
    from orchestrator_gql.cli import request  # only here: the help needs no client

    found = list[dict[str, Any]]()
    reader = Thread(target=_read, args=(request.request, query, variables, found), daemon=True)
    reader.start()
    reader.join(SECONDS)  # the time limits of the client are for each part of an answer, and a server may drip
    return list(found)


def _read(
    request: Callable[..., dict[str, Any]], query: str, variables: dict[str, Any], found: list[dict[str, Any]]
) -> None:
    with suppress(Exception):
        found += request(server_of(None), query, variables, seconds=SECONDS)["found"]["nodes"]
