"""What `products check` and `products migrate` share: the deployed products, those that were named, and the lines."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from orchestrator_gql.cli.nearest import did_you_mean
from orchestrator_gql.cli.own_database import Reads
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.domain.checking import Finding
from orchestrator_gql.engine.product_documents import StoredDocument
from orchestrator_gql.storage.product_subscription_migrations import number_of, product_ids_by_name
from orchestrator_gql.utils.errors import SettingsError


def chosen(reads: Reads, names: Sequence[str]) -> dict[str, UUID]:
    """The stored products with these names, without names all. Raises `SettingsError` for an unknown name."""
    stored = reads.result(product_ids_by_name)
    for name in names:
        if name not in stored:
            raise SettingsError(f"The database has no product {name!r}.{did_you_mean(name, list(stored))}")
    return {name: id for name, id in stored.items() if not names or name in names}


def total(reads: Reads, products: Mapping[str, UUID]) -> int:
    """The number of the subscriptions to the products."""
    return reads.result(lambda conn: number_of(conn, products.values()))


def title_of(found: StoredDocument) -> str:
    """The subscription in a line: its product, its id, its status and its versions."""
    versions = f"version {found.version}, stored with version {found.model_version} of the product"
    return f"{found.product} {found.id}, {found.status}, {versions}"


def facts_of(found: StoredDocument) -> dict[str, Any]:
    """The subscription in a JSON line."""
    return {
        "productSubscriptionId": str(found.id),
        "product": found.product,
        "status": found.status,
        "version": found.version,
        "modelVersion": found.model_version,
    }


def lines_of(finding: Finding) -> list[str]:
    """What is wrong with a document, place by place, and what to do about it."""
    return [
        f"  {finding.code}",
        *(printable(f"  {path or '(the whole document)'}: {message}") for path, message in finding.faults),
        *([printable(f"  {finding.fix}")] if finding.fix else []),
    ]


def as_json(finding: Finding) -> dict[str, Any]:
    """What is wrong with a document, for a JSON line."""
    faults = [{"path": path, "message": message} for path, message in finding.faults]
    return {"code": finding.code, "faults": faults, "fix": finding.fix or None}


def subscriptions(number: int) -> str:
    """The number with its noun."""
    return "1 product subscription" if number == 1 else f"{number:,} product subscriptions"
