"""Workflows with a lock, and what their processes did."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from orchestrator_gql import begin, inputstep, retrystep, step
from orchestrator_gql.forms import FormPage
from orchestrator_gql.storage import process_locks
from orchestrator_gql.storage.tables import process_locks as table
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import workflow
from support.engine import Engine


def which_nodes() -> FormGenerator:
    """Ask for the nodes that the process changes."""

    class Nodes(FormPage):
        nodes: list[str]

    answer = yield Nodes
    return {"nodes": answer.nodes, "node": answer.nodes[0] if answer.nodes else None}


def each_node(nodes: list[str]) -> list[str]:
    """A key for each node."""
    return [f"node:{node}" for node in nodes]


@inputstep("Confirm the change")
def confirm_change() -> FormGenerator:
    """Wait for a person."""

    class Confirm(FormPage):
        pass

    yield Confirm
    return {}


repaired: set[str] = set()
"""The nodes that do not fail any more."""


@step("Fail until it is repaired")
def fail_until_repaired(node: str) -> State:
    """Fail, unless somebody has repaired the node."""
    if node not in repaired:
        raise ProcessFailureError("the device does not answer")
    return {}


@retrystep("Try again later", attempts=2, delay=3600)
def try_later() -> State:
    """Fail, and pause for an hour."""
    raise ProcessFailureError("the device is busy")


@workflow("Change a node", initial_input_form=which_nodes, lock="node:{node}")
def change() -> Any:
    """A change that a person confirms; a second one is refused."""
    return begin >> confirm_change


@workflow("Change nodes in turn", initial_input_form=which_nodes, lock=each_node, on_locked="queue")
def change_in_turn() -> Any:
    """A change that a person confirms; the others wait."""
    return begin >> confirm_change


@workflow("Break a node", initial_input_form=which_nodes, lock=each_node, on_locked="queue")
def break_node() -> Any:
    """A change that fails."""
    return begin >> fail_until_repaired


@workflow("Try a node later", initial_input_form=which_nodes, lock=each_node, on_locked="queue")
def change_later() -> Any:
    """A change that pauses for an hour."""
    return begin >> try_later


async def rows_of(engine: Engine) -> dict[str, list[UUID]]:
    """The stored locks: the processes of each key, the holder first."""
    rows = await engine.read(lambda conn: conn.execute(select(table).order_by(table.c.place)).all())
    found: dict[str, list[UUID]] = {}
    for row in rows:
        found.setdefault(row.key, []).append(row.process_id)
    return found


async def holder_of(engine: Engine, process_id: UUID) -> UUID | None:
    """The process for which the process waits."""
    found = await engine.read(lambda conn: process_locks.holders(conn, [process_id]))
    return found[process_id].process_id if process_id in found else None
