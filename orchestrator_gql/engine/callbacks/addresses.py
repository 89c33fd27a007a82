"""The address of a delivery, and the callback to which it leads: by the token of a URL, or by the service's own id."""

from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.callbacks.signature import Proof
from orchestrator_gql.process import Process
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import (
    addressed_callbacks,
    audit,
    callback_attempts,
    callbacks,
    processes,
    unclaimed_deliveries,
)
from orchestrator_gql.storage.database.prepared import PreparedRead
from orchestrator_gql.storage.processes import Standing
from orchestrator_gql.utils.copies import copier
from orchestrator_gql.utils.errors import CallbackUnknown
from orchestrator_gql.utils.tokens import digest


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a delivery: either the token (and the process, if a URL named it), or ``service`` and ``ref``.

    ``callback_id`` is the callback of the token, if it was found already; it still is the token that is checked. If it
    was not, the transaction checks token and process.
    ``ref`` is the external id: the service's own name for the job. ``is_dry_run``: the remote service asks only for
    the verdict; nothing is changed or stored. ``proof`` holds the credential or signature; it is None over GraphQL.
    """

    token: str = ""
    process_id: UUID | None = None
    callback_id: UUID | None = None
    is_dry_run: bool = False
    service: str = ""
    ref: str | None = None
    peer: str | None = None
    proof: Proof | None = field(default=None, repr=False)


copy_address = copier(Address)


async def demand_known(runtime: Runtime, process_id: UUID, token: str) -> UUID:
    """The id of the callback. Raises `CallbackUnknown` unless a callback of the process has or had the token."""
    find = partial(callbacks.place_of_token_digest, token_digest=digest(token))
    place = await runtime.database.read_current(find)
    if place is None or place[0] != process_id:
        raise CallbackUnknown
    return place[1]


def find(conn: Connection, address: Address) -> tuple[Process, Standing, Callback] | None:
    """The locked process and the callback of the address.

    The process is locked before the callback is read: every competing delivery takes this lock first. Raises
    `CallbackUnknown` if the token is unknown. Returns None if no action has named this external id yet.
    """
    if address.ref is not None:
        known = _by_ref(conn, address, address.ref)
        if known is None:
            return None
        locked = processes.lock_standing(conn, known.process_id)
        callback = callbacks.by_ids(conn, [known.id]).get(known.id)
        return (*locked, callback) if locked and callback else None
    token_digest = digest(address.token)
    process_id, callback_id = address.process_id, address.callback_id
    if callback_id is None and conn.dialect.name == "postgresql":
        found = addressed_callbacks.lock_by_token(conn, token_digest)
        if found is None or process_id not in (None, found[0].id):
            raise CallbackUnknown
        return found
    if process_id is None or callback_id is None:
        process_id, callback_id = callbacks.place_of_token_digest(conn, token_digest) or (None, None)
    if process_id is None or callback_id is None:
        raise CallbackUnknown
    locked = processes.lock_standing(conn, process_id, _read_next(process_id, callback_id, token_digest))
    callback = callbacks.of_token_digest(conn, locked[0].id, token_digest) if locked is not None else None
    if locked is None or callback is None:
        raise CallbackUnknown
    return (*locked, callback)


def _read_next(process_id: UUID, callback_id: UUID, token_digest: bytes) -> list[PreparedRead]:
    """What an accepted delivery reads under the lock of its process."""
    of_callback = callbacks.reading_token_digest(process_id, token_digest)
    return [of_callback, callback_attempts.reading_sizes(callback_id), audit.reading_head(process_id)]


def _by_ref(conn: Connection, address: Address, ref: str) -> Callback | None:
    """The callback of the job; None if no action has named the job, and none can until this transaction ends."""
    if not address.is_dry_run:
        unclaimed_deliveries.lock(conn, address.service, ref)
    return callbacks.by_ref(conn, address.service, ref)
