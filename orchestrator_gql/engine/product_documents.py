"""Walks through all stored documents of products: which of them cannot be loaded, and which are older.

The order is that of the ids, a page at a time, so a walk needs little memory and works beside servers. Authors' code
runs between two reads, in no transaction. Only the documents of today are read: no code ever loads those of the
history.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.domain.checking import Finding, finding_in
from orchestrator_gql.domain.migrations import deployed_version, version_of
from orchestrator_gql.storage.product_subscription_migrations import next_page
from orchestrator_gql.types import Json, SubscriptionLifecycle

T = TypeVar("T")

PAGE = 100
"""Subscriptions of one read."""


class Read(Protocol):
    """Runs a unit that only reads, on one snapshot."""

    def __call__(self, unit: Callable[[Connection], T], /) -> Awaitable[T]: ...


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A stored document with what is needed to load it; ``others`` has those whose blocks it uses.

    ``model_version`` is the version of its product, None if the document names none that can be;
    ``deployed_version`` is None if the product is not deployed.
    """

    id: UUID
    product_id: UUID
    product: str
    status: SubscriptionLifecycle
    version: int
    model_version: int | None
    deployed_version: int | None
    data: dict[str, Json]
    others: Mapping[UUID, dict[str, Json]]

    @property
    def versions(self) -> tuple[int, int]:
        """The version of an older document, and the deployed version."""
        assert self.model_version is not None and self.deployed_version is not None, "only older documents have both"
        return self.model_version, self.deployed_version

    @property
    def is_older(self) -> bool:
        """True if migrations make a document of the deployed version of it."""
        deployed, own = self.deployed_version, self.model_version
        return deployed is not None and own is not None and own < deployed


async def stored_documents(read: Read, product_ids: Collection[UUID]) -> AsyncIterator[list[StoredDocument]]:
    """Every stored document of these products, a page at a time."""
    after: UUID | None = None
    while True:
        page = await read(partial(next_page, after=after, most=PAGE, product_ids=product_ids))
        documents = page.stored.documents
        yield [
            StoredDocument(
                row.id,
                row.product_id,
                row.product,
                row.status,
                row.version,
                version_of(documents[row.id]),
                deployed_version(documents[row.id]),
                documents[row.id],
                documents,
            )
            for row in page.rows
        ]
        if len(page.rows) < PAGE:
            return
        after = page.rows[-1].id


async def checked(
    read: Read, product_ids: Collection[UUID]
) -> AsyncIterator[list[tuple[StoredDocument, Finding | None]]]:
    """Each document with the reason why it cannot be loaded, None if it can, a page at a time."""
    async for page in stored_documents(read, product_ids):
        yield [(document, finding_in(document.data, document.others)) for document in page]
