"""The audit log: who decided what, and whether anybody changed it afterwards."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from orchestrator_gql.audit import entries, seals
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.common import DateTimeRange, Node, User
from orchestrator_gql.graphql.types.filters import uuid_or_nowhere
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.reads.audit import Verified
from orchestrator_gql.storage import audit as rows

if TYPE_CHECKING:
    from orchestrator_gql.graphql.types.processes import Process


@strawberry.type(description="One decision, as it was written down in the transaction that carried it out.")
class AuditEntry(Node):
    row: strawberry.Private[entries.AuditEntry]
    at: datetime = strawberry.field(description="When it was decided.")
    action: str = strawberry.field(description="What was done, as the mutation is called.")
    details: JSON = strawberry.field(description="Ids, digests, reasons and comments; never what was sent itself.")
    seq: int = strawberry.field(description="Its place in the chain of its process.")
    digest: str = strawberry.field(description="Of this entry and the one before it in the chain of its process.")
    seal: int | None = strawberry.field(description="The seal that covers it; null for the first second or so.")

    @classmethod
    def of(cls, row: entries.AuditEntry) -> "AuditEntry":
        id = strawberry.ID(str(row.id))
        return cls(
            row=row,
            id=id,
            at=row.at,
            action=row.action,
            details=row.details,
            seq=row.seq,
            digest=row.digest,
            seal=row.seal,
        )

    @resolved(description="Who did it: a person, a machine, or a remote service.")
    def actor(self) -> User | None:
        return User.named(self.row.actor)

    @resolved(description="The process it is about, as it is now; null where it is about the engine.")
    async def process(
        self, info: Info
    ) -> Annotated["Process", strawberry.lazy("orchestrator_gql.graphql.types.processes")] | None:
        from orchestrator_gql.graphql.types.processes import Process

        found = await info.context.loaders.process.load(self.row.process_id) if self.row.process_id else None
        return Process.of(found) if found else None


@strawberry.type(description="A seal of the audit log. Note it down elsewhere: later it is an anchor.")
class AuditSeal:
    seq: int = strawberry.field(description="Its number.")
    digest: str = strawberry.field(description="Of all that was sealed until then.")


@strawberry.input(description="A seal of the audit log as it was noted down elsewhere.")
class AuditAnchor:
    seq: int = strawberry.field(description="Its number.")
    digest: str = strawberry.field(description="Its digest.")

    def read(self) -> seals.Anchor:
        return seals.Anchor(self.seq, self.digest)


@strawberry.type(description="What came of walking the audit log.")
class AuditVerification:
    valid: bool = strawberry.field(description="Every entry and every seal that was looked at fits.")
    entries: int = strawberry.field(description="How many entries were looked at.")
    first_broken: AuditEntry | None = strawberry.field(
        description="The first that does not fit; null also where what does not fit is a seal, or is gone: see `fault`."
    )
    fault: str | None = strawberry.field(description="What is wrong.")
    cursor: str | None = strawberry.field(
        description="Pass as `after` to go on behind the last that was looked at, now or when there is more."
    )
    has_more: bool = strawberry.field(description="There are more behind it.")
    seal: AuditSeal | None = strawberry.field(description="The last seal that was reached, where all fits.")

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


@strawberry.input(description="Which entries of the audit log.")
class AuditFilter:
    process_id: strawberry.ID | None = strawberry.field(default=None, description="Of this process.")
    actor_id: strawberry.ID | None = strawberry.field(default=None, description="By this person, machine or service.")
    actions: list[str] | None = strawberry.field(default=None, description="Of these verbs.")
    at: DateTimeRange | None = strawberry.field(default=None, description="Of that time.")

    def wanted(self) -> rows.AuditFilter:
        return rows.AuditFilter(
            process_id=uuid_or_nowhere(self.process_id) if self.process_id is not None else None,
            actor=self.actor_id,
            actions=self.actions,
            start=self.at.from_ if self.at else None,
            end=self.at.to if self.at else None,
        )
