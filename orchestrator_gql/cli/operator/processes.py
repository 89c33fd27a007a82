"""`orchestrator-gql processes`: list the processes, the newest first."""

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from orchestrator_gql.cli.operator.ids import short
from orchestrator_gql.cli.operator.selection import failure_note, filter_of, pages
from orchestrator_gql.cli.operator.times import age
from orchestrator_gql.cli.table import Table, is_for_people
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.json import Json

if TYPE_CHECKING:
    from orchestrator_gql.cli.commands.selection import Selection

DOCUMENT = """\
query Processes($filter: ProcessFilter, $orderBy: ProcessOrder, $first: Int, $after: String) {
  processes(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    nodes { id status workflowName subject note startedAt updatedAt endedAt createdBy { id name }
      assignee { key name } currentStep { name status } failure { code message } whyWaiting { message until } }
    pageInfo { hasNextPage endCursor } } }
"""
ORDERS = {"started": "STARTED_AT", "changed": "UPDATED_AT"}
TITLES = ("ID", "STATUS", "WORKFLOW", "STARTED", "STEP", "SUBJECT")


@dataclass(frozen=True, slots=True)
class Listing:
    """What to list: from which server, which processes, in which order, how many, and how they are printed."""

    url: str
    selection: "Selection"
    order: str
    limit: int | None
    after: str | None
    is_json: bool

    def variables(self) -> dict[str, Json]:
        """The variables of the query; it may ask the server who the caller is."""
        order: Json = {"field": ORDERS[self.order], "direction": "DESC"}
        return {"filter": filter_of(self.url, self.selection), "orderBy": order, "after": self.after}


def list_processes(listing: Listing) -> None:
    """Print a line for each process, or a table at a terminal."""
    rows, end, is_empty = list[dict[str, Any]](), None, True
    for page in pages(listing.url, DOCUMENT, listing.variables(), listing.limit):
        end, is_empty = page["pageInfo"], is_empty and not page["nodes"]
        if listing.is_json:
            for node in page["nodes"]:
                print(json.dumps(node))
        else:
            rows += page["nodes"]
    if rows:
        table_of(rows, datetime.now(UTC)).print()
    elif not listing.is_json:
        print("No process meets all options." if not listing.selection.is_empty else "There is no process.")
    if is_empty and (note := failure_note(listing.url, listing.selection)):
        print(printable(note), file=sys.stderr)
    if end and end["hasNextPage"]:
        print(f"There are more: go on with --after {end['endCursor']}, or give --all.", file=sys.stderr)


def table_of(rows: list[dict[str, Any]], now: datetime) -> Table:
    """The processes as a table; at a terminal with short ids."""
    cells = [_cells(row, now, is_short=is_for_people()) for row in rows]
    return Table(TITLES, cells, wide=len(TITLES) - 1, status=1)


def _cells(row: dict[str, Any], now: datetime, *, is_short: bool) -> list[str]:
    queued = "(waits for its lock)" if row["status"] == "WAITING" else "-"
    step = row["currentStep"]["name"] if row["currentStep"] else queued
    failure = f"({row['failure']['code']})" if row["failure"] else ""
    subject = " ".join(filter(None, (row["subject"], failure)))
    id = short(row["id"]) if is_short else row["id"]
    started = f"{age(row['startedAt'], now)} ago"
    return [id, row["status"], row["workflowName"], started, step, subject]
