"""`orchestrator-gql products migrate`: rewrite the stored documents of older versions of their products."""

import json
import sys
from collections import Counter as Counts
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from orchestrator_gql.audit import origin
from orchestrator_gql.cli import own_database
from orchestrator_gql.cli.catalog import PROGRAM
from orchestrator_gql.cli.failure import DECLINED, DONE
from orchestrator_gql.cli.own_database import OwnDatabase, Reads
from orchestrator_gql.cli.product_documents import (
    as_json,
    chosen,
    facts_of,
    lines_of,
    subscriptions,
    title_of,
    total,
)
from orchestrator_gql.cli.progress import Counter, working
from orchestrator_gql.cli.serving.loading import load_workflows
from orchestrator_gql.cli.signals import interrupted_by_all
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.domain.differences import differences
from orchestrator_gql.domain.product_model import FIRST_VERSION
from orchestrator_gql.domain.registry import products as deployed
from orchestrator_gql.domain.secret_places import without_secrets
from orchestrator_gql.engine.product_migration import Outcome, Writer, planned, written
from orchestrator_gql.types import Json

EXAMPLES = 3
"""The documents of each product and version whose changes a dry run shows."""

INSTEAD = "Until it is stopped, its steps migrate what they load and change."

Pages = AsyncIterator[tuple[int, list[Outcome]]]


@dataclass(slots=True)
class _Totals:
    """What was read and migrated until now, by product and versions, and what stays."""

    read: int = 0
    migrated: Counts[tuple[str, int, int]] = field(default_factory=Counts)
    refused: int = 0
    held: int = 0
    changed: int = 0

    @property
    def left(self) -> int:
        return self.refused + self.held + self.changed

    def add(self, outcome: Outcome) -> None:
        found = outcome.found
        if outcome.finding is not None:
            self.refused += 1
        elif outcome.held_by is not None:
            self.held += 1
        elif outcome.is_changed:
            self.changed += 1
        else:
            self.migrated[found.product, *found.versions] += 1


@dataclass(slots=True)
class _Run:
    """One look at all documents: what it prints, and whether it writes.

    A rehearsal comes before the writing, and prints only what would be refused.
    """

    is_json: bool
    is_rehearsal: bool = False
    is_writing: bool = False
    totals: _Totals = field(default_factory=_Totals)

    async def look(self, pages: Pages, counter: Counter) -> None:
        """Count the outcomes and print what is to be seen of them."""
        with origin.acting(None, own_database.METHOD):  # here: the event loop has a context of its own
            async for number, outcomes in pages:
                self.totals.read += number
                for outcome in outcomes:
                    self.totals.add(outcome)
                    if text := self.line(outcome):
                        counter.end()
                        print(text)
                counter.show(self.totals.read)

    def line(self, outcome: Outcome) -> str:
        """What is to be printed of the outcome; empty for most."""
        found = outcome.found
        if self.is_rehearsal and outcome.finding is None:
            return ""
        if outcome.is_left:
            why = {"heldBy": str(outcome.held_by)} if outcome.held_by else {"changed": True}
            reason = as_json(outcome.finding) if outcome.finding else why
            return json.dumps({**facts_of(found), **reason}) if self.is_json else "\n".join(_lines_of(outcome))
        if self.is_writing or self.totals.migrated[found.product, *found.versions] > EXAMPLES:
            return ""
        changes = _changes(outcome)
        if self.is_json:
            return json.dumps({**facts_of(found), "toModelVersion": found.deployed_version, "changes": changes})
        shown = [f"  {each['path']}: {_shown(each)}" for each in changes if "path" in each]
        return "\n".join(map(printable, [title_of(found), *shown]))


def migrate(
    modules: Sequence[str], *, names: Sequence[str], database: str | None, is_writing: bool, is_json: bool
) -> int:
    """Show what a migration would do, or do it; the exit code.

    Before anything is written, each document is migrated and loaded once: if any would be refused, none is written.
    """
    load_workflows(modules)  # they declare the products and their migrations
    with ExitStack() as stack:
        own = stack.enter_context(own_database.opened(database, "products", instead=INSTEAD)) if is_writing else None
        reads = (
            Reads(own.runner, own.database) if own else stack.enter_context(own_database.reading(database, "products"))
        )
        with working("Counting the product subscriptions"):
            ids = _migrated_products(reads, names)
            number = total(reads, ids)
        plan = _Run(is_json, is_rehearsal=is_writing)
        _look(reads, plan, planned(reads.read, list(ids.values())), Counter("product subscriptions checked", number))
        if own is None or plan.totals.refused:
            _print(plan)
            return DECLINED if plan.totals.left else DONE
        run = _Run(is_json, is_writing=True)
        _write(own, reads, run, list(ids.values()), number)
    _print(run)
    return DECLINED if run.totals.left else DONE


def _migrated_products(reads: Reads, names: Sequence[str]) -> dict[str, UUID]:
    """The chosen products that are deployed in a later version than the first: only these have older documents."""
    later = {each.facts.product_id for each in deployed.all() if each.facts.version > FIRST_VERSION}
    return {name: id for name, id in chosen(reads, names).items() if id in later}


def _look(reads: Reads, run: _Run, pages: Pages, counter: Counter) -> None:
    try:
        reads.runner.run(run.look(pages, counter))
    finally:
        counter.end()


def _write(own: OwnDatabase, reads: Reads, run: _Run, ids: list[UUID], number: int) -> None:
    clock = own.runner.run(own_database.clock_of(own.database))
    writer = Writer(own.database, clock.now, own.settings.audit_secret, own_database.user())
    try:
        with interrupted_by_all():
            _look(reads, run, written(writer, ids), Counter("product subscriptions", number))
    except BaseException:
        done = subscriptions(run.totals.migrated.total())
        print(f"{PROGRAM}: Not finished. {done} or more are migrated, each as a whole. Run it again.", file=sys.stderr)
        raise


def _changes(outcome: Outcome) -> list[Json]:
    assert outcome.result is not None, "an outcome without a finding has a document"
    old, new = outcome.found.data, dict(outcome.result.data)
    return differences(old, new, partial(without_secrets, outcome.found.product_id))


def _shown(change: dict[str, Json]) -> str:
    old, new = (json.dumps(change[side], ensure_ascii=False) for side in ("old", "new"))
    return {"added": f"(new) {new}", "removed": f"{old} (removed)"}.get(str(change["change"]), f"{old} becomes {new}")


def _lines_of(outcome: Outcome) -> list[str]:
    title = printable(title_of(outcome.found))
    if outcome.finding is not None:
        return [title, *lines_of(outcome.finding)]
    reason = f"process {outcome.held_by} holds it" if outcome.held_by else "it was changed at the same time"
    return [title, f"  stays as it is: {reason}. Run the command again later; until then steps migrate what they load."]


def _print(run: _Run) -> None:
    totals = run.totals
    if run.is_json:
        counts = [
            {"product": product, "from": old, "to": new, "productSubscriptions": number}
            for (product, old, new), number in sorted(totals.migrated.items())
        ]
        left = {"refused": totals.refused, "held": totals.held, "changed": totals.changed}
        print(json.dumps({"written": run.is_writing, "read": totals.read, "counts": counts, **left}))
        return
    for (product, old, new), number in sorted(totals.migrated.items()):
        print(printable(f"{number:>10,}  {product}: from version {old} to {new}"))
    for number, why in ((totals.refused, "refused"), (totals.held, "held"), (totals.changed, "changed meanwhile")):
        if number:
            print(f"{number:>10,}  stay: {why}")
    done = subscriptions(totals.migrated.total())
    if run.is_writing:
        print(f"{done} migrated.")
    elif totals.refused:
        print("Nothing was written: correct what is refused first.")
    elif totals.migrated:
        print(f"{done} would be migrated. Nothing was written; --write does it.")
    else:
        print("Nothing can be migrated now." if totals.left else "No document is older than its product.")
