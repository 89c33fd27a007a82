"""The audit log to read."""

from uuid import UUID

from orchestrator_gql.audit.entries import AuditEntry
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import audit
from orchestrator_gql.storage.audit import AuditFilter
from orchestrator_gql.storage.keyset import Slice, Window


async def audit_page(runtime: Runtime, principal: Principal, wanted: AuditFilter, window: Window) -> Slice[AuditEntry]:
    """A page of the audit log, the newest first."""
    principal.demand(Permission.READ_AUDIT)
    return await runtime.database.read(lambda conn: audit.page(conn, wanted, window))


async def audit_count(runtime: Runtime, principal: Principal, wanted: AuditFilter) -> int:
    """How many entries there are."""
    principal.demand(Permission.READ_AUDIT)
    return await runtime.database.read(lambda conn: audit.count(conn, wanted))


async def audit_entry(runtime: Runtime, principal: Principal, id: UUID) -> AuditEntry | None:
    """The entry; for those who may not read the log there is none."""
    if Permission.READ_AUDIT not in principal.permissions:
        return None
    return (await runtime.database.read(lambda conn: audit.by_ids(conn, [id]))).get(id)
