"""The types of the audit log, its seals and its verification, and the queries for them."""

from datetime import datetime
from typing import Annotated

import strawberry

from orchestrator_gql.audit import entries, seals
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.common import (
    CONDITIONS,
    After,
    Connection,
    DateTimeRange,
    First,
    Node,
    User,
    connection_of,
)
from orchestrator_gql.graphql.types.filters import uuid_if_given
from orchestrator_gql.graphql.types.processes import Process
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.reads import audit as audit_reads
from orchestrator_gql.reads.audit import Verified
from orchestrator_gql.storage import audit as rows
from orchestrator_gql.storage.pagination import PageArgs


@strawberry.type(description="An entry of the audit log: one action, stored in the same transaction as its effect.")
class AuditEntry(Node):
    row: strawberry.Private[entries.AuditEntry]
    at: datetime = strawberry.field(description="The time of the action.")
    action: str = strawberry.field(description="The name of the action; the name of the mutation, if there is one.")
    process_id: strawberry.ID | None = strawberry.field(
        description="The id of the process of the entry, also of a removed process; null if the entry is about the "
        "engine."
    )
    details: JSON = strawberry.field(
        description="Ids, digests, reasons and comments; never the submitted data. If retention removed the process, a "
        "digest named `pruned` takes their place."
    )
    seq: int = strawberry.field(description="The position of the entry in the chain of its process.")
    digest: str = strawberry.field(
        description="The digest of this entry and of the entry before it in the chain of its process."
    )
    seal: int | None = strawberry.field(
        description="The number of the seal that covers the entry; null for about a second after the action."
    )
    address: str | None = strawberry.field(
        description="The network address that the request came from; null if the server itself acted, or if a release "
        "without this field wrote the entry."
    )
    method: str | None = strawberry.field(
        description="The API and the kind of credential of the request, such as `graphql/api-token`, "
        "`rest/callback-token` or `rest/signature`; `internal` if the server itself acted. Null if a release without "
        "this field wrote the entry."
    )

    @classmethod
    def of(cls, row: entries.AuditEntry) -> "AuditEntry":
        id = strawberry.ID(str(row.id))
        return cls(
            row=row,
            id=id,
            at=row.at,
            action=row.action,
            process_id=strawberry.ID(str(row.process_id)) if row.process_id else None,
            details=row.details,
            seq=row.seq,
            digest=row.digest,
            seal=row.seal,
            address=row.address,
            method=row.method,
        )

    @resolved(description="The person, machine or remote service that acted; null if none is known.")
    def actor(self) -> User | None:
        return User.named(self.row.actor)

    @resolved(
        description="The process of the entry in its current state; null if the entry is about the engine, or if "
        "retention removed the process."
    )
    async def process(self, info: Info) -> Process | None:
        return await Process.by_id(info, self.row.process_id)


@strawberry.type(
    description="A seal of the audit log. Store it outside this system: `verifyAudit` takes it later as the anchor."
)
class AuditSeal:
    seq: int = strawberry.field(description="The number of the seal.")
    digest: str = strawberry.field(description="The digest of all entries sealed so far.")


@strawberry.input(description="A seal of the audit log that was stored outside this system.")
class AuditAnchor:
    seq: int = strawberry.field(description="The number of the seal.")
    digest: str = strawberry.field(description="The digest of the seal.")

    def read(self) -> seals.Anchor:
        return seals.Anchor(self.seq, self.digest)


@strawberry.type(description="The result of a verification of the audit log.")
class AuditVerification:
    valid: bool = strawberry.field(description="True if every checked entry and seal is correct.")
    entries: int = strawberry.field(description="The number of checked entries.")
    first_broken: AuditEntry | None = strawberry.field(
        description="The first entry that is not correct; null if all are correct, or if a seal is wrong or an entry "
        "is missing: see `fault`."
    )
    fault: str | None = strawberry.field(description="A description of the first fault; null if there is none.")
    cursor: str | None = strawberry.field(
        description="Pass it as `after` to continue after the last checked entry, now or later; null if nothing was "
        "checked."
    )
    has_more: bool = strawberry.field(description="True if there are more entries to check.")
    seal: AuditSeal | None = strawberry.field(
        description="The last checked seal; null if there is a fault or no seal was checked."
    )

    @classmethod
    def of(cls, found: Verified) -> "AuditVerification":
        return cls(
            valid=found.fault is None,
            entries=found.entries,
            first_broken=AuditEntry.of(found.broken) if found.broken else None,
            fault=found.fault,
            cursor=found.cursor,
            has_more=found.has_more,
            seal=AuditSeal(seq=found.seal.seq, digest=found.seal.digest) if found.seal else None,
        )


@strawberry.input(description="The conditions that an entry of the audit log must meet; all of them together.")
class AuditFilter:
    process_id: strawberry.ID | None = strawberry.field(
        default=None, description="The entry is about the process with this id; null does not filter."
    )
    actor_id: strawberry.ID | None = strawberry.field(
        default=None, description="The person, machine or service with this id acted; null does not filter."
    )
    actions: list[str] | None = strawberry.field(
        default=None, description="The action is one of these; null does not filter."
    )
    at: DateTimeRange | None = strawberry.field(
        default=None, description="The action was in this period; null does not filter."
    )

    def wanted(self) -> rows.AuditFilter:
        return rows.AuditFilter(
            process_id=uuid_if_given(self.process_id),
            actor=self.actor_id,
            actions=self.actions,
            start=self.at.from_ if self.at else None,
            end=self.at.to if self.at else None,
        )


@strawberry.type
class AuditQueries:
    """The queries of the audit log, a part of `Query`."""

    @resolved(description="The entries of the audit log, the newest first. It requires READ_AUDIT.")
    async def audit(
        self,
        info: Info,
        filter: Annotated[AuditFilter | None, CONDITIONS] = None,
        first: First = 50,
        after: After = None,
    ) -> Connection[AuditEntry] | None:
        wanted = (filter or AuditFilter()).wanted()
        return await connection_of(info, audit_reads.audit_list, wanted, PageArgs(first, after), AuditEntry.of)

    @resolved(
        description="Check the entries and seals of the audit log, return the first fault. It requires READ_AUDIT."
    )
    async def verify_audit(
        self,
        info: Info,
        after: After = None,
        first: Annotated[
            int | None,
            strawberry.argument(
                description="The largest number of entries to check; at most 100,000. Default: 10,000."
            ),
        ] = 10_000,
        anchor: Annotated[
            AuditAnchor | None,
            strawberry.argument(
                description="A seal stored outside this system, which the log must still contain; null for none."
            ),
        ] = None,
    ) -> AuditVerification | None:
        context, entries = info.context, 10_000 if first is None else first
        known_seal = anchor.read() if anchor else None
        verified = await audit_reads.verify_audit(
            context.runtime, context.principal, after=after, first=entries, anchor=known_seal
        )
        return AuditVerification.of(verified)
