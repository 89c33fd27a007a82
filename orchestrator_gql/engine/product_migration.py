"""Rewrites the stored documents of older versions of their products, in small transactions.

What is done is known from the documents themselves, so a later run goes on where a killed run stopped. Authors' code
runs before the transaction, which stores nothing that has changed meanwhile, or that a process holds.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.domain.checking import Finding, finding_of, migrated
from orchestrator_gql.domain.documents import SubscriptionDocument
from orchestrator_gql.engine.product_documents import Read, StoredDocument, stored_documents
from orchestrator_gql.storage import audit, events
from orchestrator_gql.storage.database import Database
from orchestrator_gql.storage.product_subscription_locks import of_subscriptions
from orchestrator_gql.storage.product_subscription_migrations import Migrated, store_migrated
from orchestrator_gql.storage.product_subscriptions import changed_event
from orchestrator_gql.utils.errors import StepError

ACTION = "migrateProductSubscription"
"""The action in the audit log."""

BATCH = 25
"""Documents of one transaction: another save waits for it for some 100 ms at most."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became, or would become, of an older document.

    ``result`` is the document of the deployed version, ``finding`` why there is none or why it cannot be stored,
    ``held_by`` the process that holds the subscription. ``is_changed``: the subscription was changed meanwhile.
    """

    found: StoredDocument
    result: SubscriptionDocument | None = None
    finding: Finding | None = None
    held_by: UUID | None = None
    is_changed: bool = False

    @property
    def is_left(self) -> bool:
        """True if the document stays as it is."""
        return self.finding is not None or self.held_by is not None or self.is_changed


@dataclass(frozen=True, slots=True)
class Writer:
    """Who migrates, and when: for the audit log and the events."""

    database: Database
    now: Callable[[], datetime]
    audit_key: bytes | None
    actor: str | None


async def planned(read: Read, product_ids: Collection[UUID]) -> AsyncGenerator[tuple[int, list[Outcome]], None]:
    """What a migration would do: for each page the number of documents, and the outcomes of the older documents."""
    async for page in stored_documents(read, product_ids):
        older = [found for found in page if found.is_older]
        held = await read(partial(of_subscriptions, ids=[found.id for found in older])) if older else {}
        yield len(page), [_prepared(found, held[found.id].locked_by if found.id in held else None) for found in older]


async def written(writer: Writer, product_ids: Collection[UUID]) -> AsyncGenerator[tuple[int, list[Outcome]], None]:
    """Migrate the older documents; as `planned`, with what was done."""
    async for number, page in planned(writer.database.read, product_ids):
        outcomes = [outcome for outcome in page if outcome.is_left]
        ready = [outcome for outcome in page if not outcome.is_left]
        for start in range(0, len(ready), BATCH):
            outcomes += await _stored(writer, ready[start : start + BATCH])
        yield number, outcomes


def _prepared(found: StoredDocument, held_by: UUID | None) -> Outcome:
    try:
        return Outcome(found, migrated(found.data, found.others), held_by=held_by)
    except Exception as error:  # of an author, too
        return Outcome(found, finding=finding_of(error))


async def _stored(writer: Writer, batch: Sequence[Outcome]) -> list[Outcome]:
    """Store the batch in one transaction; if a relation forbids a document, each in a transaction of its own."""
    try:
        done = await writer.database.transaction(lambda conn: _store(conn, writer, batch))
    except StepError as error:
        if len(batch) == 1:
            return [Outcome(batch[0].found, finding=finding_of(error))]
        return [outcome for each in batch for outcome in await _stored(writer, [each])]
    gone = {each.found.id for each in batch} - {*done.versions, *done.held_by, *done.changed}
    return [
        Outcome(each.found, each.result, None, done.held_by.get(each.found.id), each.found.id in done.changed)
        for each in batch
        if each.found.id not in gone
    ]


def _store(conn: Connection, writer: Writer, batch: Sequence[Outcome]) -> Migrated:
    now = writer.now()
    done = store_migrated(conn, [each.result for each in batch if each.result is not None], now)
    ids = list(done.versions)
    events.append(conn, [changed_event(id, None, now, writer.actor) for id in ids])
    found = {each.found.id: each.found for each in batch}
    for id in ids:  # last: until the COMMIT no other audit entry without a process can be written
        details = {
            "product_subscription_id": str(id),
            "version": done.versions[id],
            "from_model_version": found[id].versions[0],
            "to_model_version": found[id].versions[1],
        }
        audit.record(conn, writer.audit_key, None, actor=writer.actor, action=ACTION, details=details, now=now)
    return done
