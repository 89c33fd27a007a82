"""`orchestrator-gql products check`: say which stored product subscriptions the deployed classes cannot load."""

import json
from collections import Counter as Counts
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from orchestrator_gql.cli import own_database
from orchestrator_gql.cli.failure import DECLINED, DONE
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
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.domain.checking import Finding
from orchestrator_gql.engine.product_documents import Read, StoredDocument, checked

HISTORY = "Only the documents of today were read: no code loads those of the history."


@dataclass(slots=True)
class _Totals:
    """What was read until now."""

    read: int = 0
    findings: Counts[tuple[str, str]] = field(default_factory=Counts)
    older: Counts[str] = field(default_factory=Counts)


def check(modules: Sequence[str], *, names: Sequence[str], database: str | None, is_json: bool) -> int:
    """Load every stored document, print what cannot be loaded and a summary, and return the exit code."""
    load_workflows(modules)  # they declare the products and their migrations
    totals = _Totals()
    with own_database.reading(database, "products") as reads:
        with working("Counting the product subscriptions"):
            products = chosen(reads, names)
            counter = Counter("product subscriptions", total(reads, products))
        try:
            reads.runner.run(_check(reads.read, list(products.values()), totals, counter, is_json))
        finally:
            counter.end()
    _print(totals, is_json=is_json)
    return DECLINED if totals.findings else DONE


async def _check(read: Read, product_ids: list[UUID], totals: _Totals, counter: Counter, is_json: bool) -> None:
    async for page in checked(read, product_ids):
        for found, finding in page:
            totals.older[found.product] += found.is_older
            if finding is not None:
                totals.findings[found.product, finding.code] += 1
                counter.end()
                _print_finding(found, finding, is_json=is_json)
        totals.read += len(page)
        counter.show(totals.read)


def _print_finding(found: StoredDocument, finding: Finding, *, is_json: bool) -> None:
    if is_json:
        print(json.dumps({**facts_of(found), **as_json(finding)}))
    else:
        print("\n".join([printable(title_of(found)), *lines_of(finding)]))


def _print(totals: _Totals, *, is_json: bool) -> None:
    older = {product: number for product, number in sorted(totals.older.items()) if number}
    if is_json:
        counts = [
            {"product": product, "code": code, "productSubscriptions": number}
            for (product, code), number in sorted(totals.findings.items())
        ]
        print(
            json.dumps({"read": totals.read, "unloadable": totals.findings.total(), "counts": counts, "older": older})
        )
        return
    for (product, code), number in sorted(totals.findings.items()):
        print(printable(f"{number:>10,}  {product}: {code}"))
    for product, number in older.items():
        print(
            printable(
                f"{number:>10,}  {product}: of an older version; `orchestrator-gql products migrate` rewrites them"
            )
        )
    unloadable = totals.findings.total()
    result = f"{unloadable:,} cannot be loaded" if unloadable else "all can be loaded"
    print(f"{subscriptions(totals.read)} read, {result}. {HISTORY}")
