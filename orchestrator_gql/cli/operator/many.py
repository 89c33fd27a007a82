"""`orchestrator-gql retry` and `abort`: one process, or all that the options select."""

import json
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from orchestrator_gql.cli.client import ConnectionFailed, OperationRefused, VerbRefused
from orchestrator_gql.cli.credentials import server_of
from orchestrator_gql.cli.failure import DECLINED, DONE
from orchestrator_gql.cli.operator import verbs
from orchestrator_gql.cli.operator.forms import HungUp, reply
from orchestrator_gql.cli.operator.ids import process_id
from orchestrator_gql.cli.operator.processes import table_of
from orchestrator_gql.cli.operator.selection import filter_of, pages
from orchestrator_gql.cli.progress import Counter
from orchestrator_gql.utils.json import Json

if TYPE_CHECKING:
    from orchestrator_gql.cli.commands.selection import Selection

DOCUMENT = """\
query Many($filter: ProcessFilter, $first: Int, $after: String) {
  processes(filter: $filter, first: $first, after: $after) {
    nodes { id status workflowName subject startedAt currentStep { name status } failure { code message }
      availableActions }
    pageInfo { hasNextPage endCursor } } }
"""
STATUSES: dict[str, tuple[Any, ...]] = {
    "retry": ("FAILED", "WAITING"),
    "abort": ("CREATED", "RUNNING", "AWAITING_CALLBACK", "SUSPENDED", "WAITING", "FAILED"),
}
"""The statuses that are selected if the options name none; the server decides for each process."""

DONE_WORDS = {"retry": "retried", "abort": "aborted"}
SHOWN = 20
"""Processes that are listed before the question."""

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Many:
    """A verb on one process or on many, as the options say."""

    verb: str
    url: str | None
    selection: "Selection"
    reason: str | None
    is_dry: bool
    is_json: bool
    is_agreed: bool

    def run(self, id: str | None) -> int:
        """Do it and return the exit code: 1 if the server refuses at least one process."""
        url = server_of(self.url)
        if id is None:
            if self.selection.is_empty:
                raise OperationRefused(
                    f"Give the ID of a process, or options that select processes, such as --status or --workflow. "
                    f"See `orchestrator-gql {self.verb} --help`."
                )
            return self._act_on(url, self._selected(url))
        if not self.selection.is_empty:
            raise OperationRefused("Give the ID of a process, or options that select processes, not both.")
        process = process_id(url, id)
        if self.is_dry:
            return self._act_on(url, self._found(url, {"ids": [str(process)]}))
        if self.verb == "retry":
            verbs.retry(url, process, is_json=self.is_json)
        else:
            verbs.abort(url, process, self.reason, is_json=self.is_json)
        return DONE

    def _selected(self, url: str) -> list[Node]:
        chosen = self.selection
        if not chosen.status:
            chosen = replace(chosen, status=STATUSES[self.verb])
        return self._found(url, filter_of(url, chosen))

    def _found(self, url: str, selected: dict[str, Json]) -> list[Node]:
        found = [node for page in pages(url, DOCUMENT, {"filter": selected}, None) for node in page["nodes"]]
        return [node for node in found if self.verb.upper() in node["availableActions"]]

    def _act_on(self, url: str, nodes: list[Node]) -> int:
        word = DONE_WORDS[self.verb]
        if not self.is_json or not (self.is_agreed or self.is_dry):
            self._preview(nodes, word)
        if self.is_dry or not nodes:
            if self.is_json:
                selected = [{"id": node["id"], "status": node["status"]} for node in nodes]
                print(json.dumps({"verb": self.verb, "dryRun": self.is_dry, "selected": selected, **_NOTHING}))
            return DONE
        if not self.is_agreed and not self._agrees(len(nodes), word):
            return DECLINED
        done, refused = self._each(url, nodes, word)
        if self.is_json:
            print(json.dumps({"verb": self.verb, "dryRun": False, "done": done, "refused": refused}))
        else:
            print(f"{len(done):,} of {_count(len(nodes))} {_were(len(nodes))} {word}.")
        return DECLINED if refused else DONE

    def _preview(self, nodes: list[Node], word: str) -> None:
        out = sys.stdout
        if self.is_json:
            sys.stdout = sys.stderr  # standard output gets the JSON alone
        try:
            if nodes:
                table_of(nodes[:SHOWN], datetime.now(UTC)).print()
            if len(nodes) > SHOWN:
                print(f"… and {len(nodes) - SHOWN:,} more")
            print(f"{_count(len(nodes))} can be {word}." if nodes else f"No selected process can be {word}.")
        finally:
            sys.stdout = out

    def _agrees(self, number: int, word: str) -> bool:
        if not sys.stdin.isatty():
            print(f"Nothing was {word}. Add --yes to {self.verb} {_count(number)}.", file=sys.stderr)
            return False
        try:
            if reply(f"{self.verb.capitalize()} {_count(number)}? [y/N] ").lower() in ("y", "yes"):
                return True
        except HungUp:
            pass
        print(f"Nothing was {word}.", file=sys.stderr)
        return False

    def _each(self, url: str, nodes: list[Node], word: str) -> tuple[list[Node], list[Node]]:
        """Act on each process; the processes after it, and those that the server refuses with its reasons."""
        done, refused, counter = list[Node](), list[Node](), Counter("processes", len(nodes))
        try:
            for number, node in enumerate(nodes, 1):
                try:
                    done.append(self._act(url, UUID(node["id"])))
                except VerbRefused as refusal:
                    refused.append({"id": node["id"], "message": refusal.message})
                    counter.end()
                    print(f"{node['id']}: {refusal.message}", file=sys.stderr)
                counter.show(number)
        except (ConnectionFailed, OperationRefused) as error:
            counter.end()
            left = (
                f"{len(done):,} of {_count(len(nodes))} {_were(len(nodes))} {word}; repeat the command for the others."
            )
            raise type(error)(f"{error.message} {left}") from error
        except KeyboardInterrupt:
            counter.end()
            print(f"Interrupted: {len(done):,} of {_count(len(nodes))} {_were(len(nodes))} {word}.", file=sys.stderr)
            raise
        counter.end()
        return done, refused

    def _act(self, url: str, id: UUID) -> Node:
        given = {"reason": self.reason} if self.verb == "abort" else {}
        return verbs.act(url, f"{self.verb}Process", processId=str(id), **given)


_NOTHING: dict[str, Json] = {"done": [], "refused": []}


def _count(number: int) -> str:
    return "1 process" if number == 1 else f"{number:,} processes"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"
