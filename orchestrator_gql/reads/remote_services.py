"""Remote services: how each must authenticate itself, whether it answers, how long it takes and what it was refused."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from orchestrator_gql.callbacks.contract import schema_as_stored
from orchestrator_gql.config.services import Service
from orchestrator_gql.reads.lists import RowList
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import remote_services
from orchestrator_gql.storage.remote_services import ContractUse, Deliveries, Unanswered
from orchestrator_gql.types import TAKEN, AttemptOutcome, Json
from orchestrator_gql.utils.json import canonical, decode
from orchestrator_gql.workflow.model import AwaitStep


class RemoteServiceState(StrEnum):
    """What the deliveries of a remote service say about it."""

    ANSWERING = "ANSWERING"
    FAILING = "FAILING"
    SILENT = "SILENT"
    UNSEEN = "UNSEEN"


@dataclass(frozen=True, slots=True)
class RemoteService:
    """A remote service; ``configured`` is None if the settings do not name it.

    ``durations`` are in seconds, sorted. The numbers are of one window, and the times of all stored deliveries.
    """

    name: str
    configured: Service | None
    deliveries: tuple[Deliveries, ...]
    durations: tuple[float, ...]
    unanswered: Unanswered
    is_exact: bool

    @property
    def last_seen_at(self) -> datetime | None:
        """The time of the last delivery, in any outcome."""
        return max((each.last_at for each in self.deliveries), default=None)

    @property
    def last_accepted_at(self) -> datetime | None:
        """The time of the last accepted result."""
        return max((each.last_at for each in self.deliveries if _is_result(each)), default=None)

    @property
    def state(self) -> RemoteServiceState:
        """Silence comes first: it is known of a service that was never seen, too."""
        seen, asked = self.last_seen_at, self.unanswered.last_issued_at
        if asked is not None and (seen is None or seen < asked):
            return RemoteServiceState.SILENT
        if seen is None:
            return RemoteServiceState.UNSEEN
        last = max(self.deliveries, key=lambda each: each.last_at)
        is_good = last.outcome in TAKEN and not last.is_failure
        return RemoteServiceState.ANSWERING if is_good else RemoteServiceState.FAILING


def _is_result(deliveries: Deliveries) -> bool:
    return deliveries.outcome is AttemptOutcome.ACCEPTED and not deliveries.is_failure


async def names(runtime: Runtime, principal: Principal) -> list[str]:
    """The services that are configured, have an open callback or have a stored delivery, by name."""
    principal.demand(Permission.READ)
    return sorted({*runtime.settings.services, *await runtime.database.read(remote_services.names)})


async def services(
    runtime: Runtime, principal: Principal, names: list[str], since: datetime, now: datetime
) -> list[RemoteService]:
    """The services with those names, in that order; their numbers are from ``since`` on."""
    principal.demand(Permission.READ)
    configured = runtime.settings.services

    def load(conn: Connection) -> list[RemoteService]:
        unanswered, is_exact = remote_services.unanswered(conn, since=since, now=now)
        return [
            RemoteService(
                name,
                configured.get(name),
                tuple(remote_services.deliveries(conn, name, since)),
                remote_services.durations(conn, name, since),
                unanswered.get(name, Unanswered()),
                is_exact,
            )
            for name in names
        ]

    return await runtime.database.read(load)


@dataclass(frozen=True, slots=True)
class ContractVersion:
    """A version of a contract in use; without ``digest`` any JSON is accepted. ``workflow_names`` have it today."""

    digest: str | None
    title: str | None
    workflow_names: list[str]
    open: int
    accepted: int


async def contract_versions(
    runtime: Runtime, principal: Principal, name: str, since: datetime
) -> list[ContractVersion]:
    """The contracts of the open callbacks of the service and of its results since that time, the most used first."""
    principal.demand(Permission.READ)
    uses = await runtime.database.read(lambda conn: remote_services.contracts(conn, name, since))
    deployed = [
        (schema_as_stored(step.contract) if step.contract is not None else None, workflow.name)
        for workflow in runtime.registry
        for step in workflow.all_steps(is_aborted=True)
        if isinstance(step, AwaitStep) and step.service == name
    ]
    return [_version_of(use, deployed) for use in uses]


def _version_of(use: ContractUse, deployed: list[tuple[Json, str]]) -> ContractVersion:
    schema = None if use.text is None else decode(use.text)
    workflow_names = sorted({name for known, name in deployed if known == schema})
    digest = None if schema is None else hashlib.sha256(canonical(schema)).hexdigest()
    title = schema.get("title") if isinstance(schema, dict) else None
    return ContractVersion(digest, title, workflow_names, use.open, use.accepted)


open_callback_list = RowList(remote_services.open_page, remote_services.open_count)
"""The open callbacks of the service with this name, the newest first."""
