"""`orchestrator-gql retry` and `abort`: one process, or all that the options select."""

import json
import sys
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from orchestrator_gql.cli.client import OperationRefused
from orchestrator_gql.cli.credentials import hint, server_of
from orchestrator_gql.cli.failure import DECLINED, DONE
from orchestrator_gql.cli.operator import verbs
from orchestrator_gql.cli.operator.forms import HungUp, reply
from orchestrator_gql.cli.operator.ids import process_id
from orchestrator_gql.cli.operator.processes import table_of
from orchestrator_gql.cli.operator.selection import failure_note, filter_of, pages
from orchestrator_gql.cli.operator.sending import Node, Outcomes, send
from orchestrator_gql.cli.progress import Counter
from orchestrator_gql.cli.signals import interrupted_by_all
from orchestrator_gql.cli.terminal import printable, process_count
from orchestrator_gql.utils.json import Json

if TYPE_CHECKING:
    import httpx

    from orchestrator_gql.cli.commands.selection import Selection

DOCUMENT = """\
query Many($filter: ProcessFilter, $first: Int, $after: String) {
  processes(filter: $filter, first: $first, after: $after) {
    nodes { id status workflowName subject startedAt currentStep { name status } failure { code message }
      availableActions }
    pageInfo { hasNextPage endCursor } } }
"""
STATUSES: dict[str, tuple[Any, ...]] = {
    "retry": ("FAILED",),
    "abort": ("CREATED", "RUNNING", "AWAITING_CALLBACK", "SUSPENDED", "WAITING", "FAILED"),
}
"""The statuses that are selected if the options name none; the server decides for each process."""

DONE_WORDS = {"retry": "retried", "abort": "aborted"}
SHOWN = 20
"""Processes that are listed before the question."""


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
        nodes = self._found(url, filter_of(url, chosen))
        if not nodes and (note := failure_note(url, chosen)):
            print(printable(note), file=sys.stderr)
        return nodes

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
        return self._do(url, nodes, word)

    def _preview(self, nodes: list[Node], word: str) -> None:
        out = sys.stdout
        if self.is_json:
            sys.stdout = sys.stderr  # standard output gets the JSON alone
        try:
            if nodes:
                table_of(nodes[:SHOWN], datetime.now(UTC)).print()
            if len(nodes) > SHOWN:
                print(f"… and {len(nodes) - SHOWN:,} more")
            print(f"{process_count(len(nodes))} can be {word}." if nodes else f"No selected process can be {word}.")
        finally:
            sys.stdout = out

    def _agrees(self, number: int, word: str) -> bool:
        if not sys.stdin.isatty():
            print(f"Nothing was {word}. Add --yes to {self.verb} {process_count(number)}.", file=sys.stderr)
            return False
        try:
            if reply(f"{self.verb.capitalize()} {process_count(number)}? [y/N] ").lower() in ("y", "yes"):
                return True
        except HungUp:
            pass
        print(f"Nothing was {word}.", file=sys.stderr)
        return False

    def _do(self, url: str, nodes: list[Node], word: str) -> int:
        """Act on each process, and say what became of each; 1 if the server refuses at least one."""
        outcomes, counter = Outcomes(nodes), Counter("processes", len(nodes))

        def report(refusal: str | None) -> None:
            if refusal:
                counter.end()
                print(refusal, file=sys.stderr)
            counter.show(len(outcomes.done) + len(outcomes.refused))

        def act(http: "httpx.AsyncClient", node: Node) -> Awaitable[Node]:
            given = {"reason": self.reason} if self.verb == "abort" else {}
            return verbs.act_async(http, url, f"{self.verb}Process", processId=node["id"], **given)

        with interrupted_by_all():
            send(url, outcomes, act, report)
            counter.end()
            self._print(outcomes, word)
            if outcomes.is_interrupted:
                raise KeyboardInterrupt
        if outcomes.error is not None:
            raise outcomes.error
        return DECLINED if outcomes.refused else DONE

    def _print(self, outcomes: Outcomes, word: str) -> None:
        """Print how many are done; and which ones may be done, and how many are left, if the work ended early."""
        nodes, done = outcomes.nodes, outcomes.done
        if self.is_json:
            refused = [{"id": id, "message": why} for id, why in outcomes.refused.items()]
            results = {"done": [done[node["id"]] for node in nodes if node["id"] in done], "refused": refused}
            ended = {"unknown": sorted(outcomes.unknown), "left": outcomes.left}
            print(json.dumps({"verb": self.verb, "dryRun": False, **results, **ended}), flush=True)
        else:
            print(f"{len(done):,} of {process_count(len(nodes))} {_were(len(nodes))} {word}.", flush=True)
        for id in sorted(outcomes.unknown):
            print(
                f"{id}: no answer came, so it may be {word}: see `{hint(server_of(self.url), 'show', id)}`.",
                file=sys.stderr,
            )
        if outcomes.is_over:
            left = len(outcomes.left)
            why = "Interrupted" if outcomes.is_interrupted else "It ended early"
            rest = (
                f"{process_count(left)} {_were(left)} left as before: repeat the command for the others" if left else ""
            )
            print(f"{why}{f': {rest}' if rest else ''}.", file=sys.stderr)


_NOTHING: dict[str, Json] = {"done": [], "refused": [], "unknown": [], "left": []}


def _were(number: int) -> str:
    return "was" if number == 1 else "were"
