"""The types of remote services: what is configured, what they delivered, and how long it took."""

from datetime import datetime
from typing import Annotated

import strawberry

from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.callbacks import Callback
from orchestrator_gql.graphql.types.common import After, Connection, First, connection, connection_of, page_by_name
from orchestrator_gql.graphql.types.enums import StatsWindow, described
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.stats import WINDOWS, quantile
from orchestrator_gql.reads import remote_services as reads
from orchestrator_gql.reads.remote_services import ContractVersion, RemoteServiceState
from orchestrator_gql.storage.pagination import MOST_COUNTED, PageArgs
from orchestrator_gql.storage.remote_services import MOST_SERVICES, SAMPLES, Deliveries
from orchestrator_gql.types import AttemptOutcome

described(RemoteServiceState, "What the deliveries of a remote service say about it.", {
    "ANSWERING": "The last delivery became the result, or was equal to it.",
    "FAILING": "The last delivery was refused, or reported that a job failed.",
    "SILENT": "Nothing was delivered since a callback was issued that then had no answer in time.",
    "UNSEEN": "Nothing was delivered yet, and no answer is late.",
})  # fmt: skip


@strawberry.type(description="The number of deliveries of a remote service with one outcome.")
class DeliveryCount:
    outcome: AttemptOutcome = strawberry.field(description="The outcome.")
    is_failure_report: bool = strawberry.field(description="True if the deliveries report that a job failed.")
    count: int = strawberry.field(
        description=f"The number of deliveries within the window; {MOST_COUNTED:,} if there are more, and then "
        "`isExact` is false. The newest 20 of each callback are stored."
    )
    is_exact: bool = strawberry.field(
        description="True if `count` is the exact number; false if there are more deliveries."
    )
    last_at: datetime = strawberry.field(description="The time of the last of them, also before the window.")

    @classmethod
    def of(cls, row: Deliveries) -> "DeliveryCount":
        return cls(
            outcome=row.outcome,
            is_failure_report=row.is_failure,
            count=min(row.count, MOST_COUNTED),
            is_exact=row.count <= MOST_COUNTED,
            last_at=row.last_at,
        )


@strawberry.type(
    description="A version of a contract that callbacks of a remote service have. The newest "
    f"{SAMPLES:,} open callbacks and the latest {SAMPLES:,} results within the window are looked at."
)
class ContractVersionUse:
    digest: str | None = strawberry.field(
        description="The SHA-256, in hex, of the JSON Schema as canonical JSON (RFC 8785); null if it accepts any JSON."
    )
    title: str | None = strawberry.field(
        description="The name of the contract's model; null if the contract has no title."
    )
    workflow_names: list[str] = strawberry.field(
        description="The deployed workflows with a callback step for the service that has this contract, by name; "
        "empty if no deployed workflow has it any more."
    )
    open_callbacks: int = strawberry.field(description="The number of open callbacks with this contract.")
    accepted_results: int = strawberry.field(description="The number of accepted results that fit this contract.")

    @classmethod
    def of(cls, version: ContractVersion) -> "ContractVersionUse":
        return cls(
            digest=version.digest,
            title=version.title,
            workflow_names=version.workflow_names,
            open_callbacks=version.open,
            accepted_results=version.accepted,
        )


@strawberry.type(
    description="A remote service that steps name: how it must authenticate its callbacks, and what it delivered. A "
    "delivery to an unknown address belongs to no service."
)
class RemoteService:
    since: strawberry.Private[datetime]
    name: str = strawberry.field(description="The name by which steps and settings know the service.")
    is_configured: bool = strawberry.field(
        description="True if the settings name the service; if not, all its deliveries are refused."
    )
    signature_keys: int = strawberry.field(
        description="The number of keys that a delivery may be signed with; 0 if no signature is required."
    )
    has_credential: bool = strawberry.field(
        description="True if the service has a credential with which it delivers by its own id for the job."
    )
    has_allowed_networks: bool = strawberry.field(
        description="True if the service may only deliver from configured networks."
    )
    state: RemoteServiceState = strawberry.field(description="What its deliveries say about it.")
    last_seen_at: datetime | None = strawberry.field(
        description="The time of the last stored delivery, accepted or refused; null if there is none. Reports of "
        "progress do not count."
    )
    last_accepted_at: datetime | None = strawberry.field(
        description="The time of the last accepted result; null if there is none."
    )
    overdue_callbacks: int = strawberry.field(
        description="The number of open callbacks after their deadline; they are the sign that no worker runs."
    )
    unanswered_callbacks: int = strawberry.field(
        description="The number of callbacks that ended without an answer: their deadline passed within the window, or "
        "they were issued within it and their heartbeat was lost."
    )
    are_unanswered_exact: bool = strawberry.field(
        description="True if `overdueCallbacks` and `unansweredCallbacks` are the exact numbers; false if there are "
        f"more. The latest {MOST_COUNTED:,} of all services together are counted."
    )
    deliveries: list[DeliveryCount] = strawberry.field(
        description="The deliveries by outcome, without outcomes that the service never had."
    )
    duration_seconds_p50: float | None = strawberry.field(
        name="durationSecondsP50",
        description="The median of the seconds from the issue of a callback to its accepted result, of results within "
        "the window; null if there are none.",
    )
    duration_seconds_p95: float | None = strawberry.field(
        name="durationSecondsP95", description="The 95th percentile of the same; null if there are no results."
    )
    duration_samples: int = strawberry.field(
        description=f"The number of results in both percentiles: the latest within the window, at most {SAMPLES:,}."
    )

    @classmethod
    def of(cls, row: reads.RemoteService, since: datetime) -> "RemoteService":
        configured = row.configured
        return cls(
            since=since,
            name=row.name,
            is_configured=configured is not None,
            signature_keys=len(configured.signature_keys) if configured else 0,
            has_credential=configured is not None and configured.credential_sha256 is not None,
            has_allowed_networks=configured is not None and bool(configured.addresses),
            state=row.state,
            last_seen_at=row.last_seen_at,
            last_accepted_at=row.last_accepted_at,
            overdue_callbacks=min(row.unanswered.overdue, MOST_COUNTED),
            unanswered_callbacks=min(row.unanswered.ended, MOST_COUNTED),
            are_unanswered_exact=row.is_exact,
            deliveries=[DeliveryCount.of(each) for each in row.deliveries],
            duration_seconds_p50=quantile(row.durations, 0.5),
            duration_seconds_p95=quantile(row.durations, 0.95),
            duration_samples=len(row.durations),
        )

    @resolved(description="The open callbacks of the service, the newest first.")
    async def open_callbacks(self, info: Info, first: First = 20, after: After = None) -> Connection[Callback]:
        page_args, now = PageArgs(first, after), info.context.runtime.clock.now()
        rows = reads.open_callback_list
        return await connection_of(info, rows, self.name, page_args, lambda row: Callback.of(row, now))

    @resolved(description="The versions of contracts in use, the most used first.")
    async def contract_versions(self, info: Info) -> list[ContractVersionUse]:
        context = info.context
        found = await reads.contract_versions(context.reading, context.principal, self.name, self.since)
        return [ContractVersionUse.of(each) for each in found]


@strawberry.type
class RemoteServiceQueries:
    """The query of remote services, a part of `Query`."""

    @resolved(
        description="The remote services by name: those that are configured, and those with an open callback or a "
        f"stored delivery, of each the first {MOST_SERVICES}. Steps that name no service have none."
    )
    async def remote_services(
        self,
        info: Info,
        window: Annotated[
            StatsWindow | None,
            strawberry.argument(description="The period that the numbers cover. Default: the last 24 hours."),
        ] = StatsWindow.LAST_24_HOURS,
        first: First = 50,
        after: After = None,
    ) -> Connection[RemoteService] | None:
        context = info.context
        now = context.runtime.clock.now()
        since = now - WINDOWS[window or StatsWindow.LAST_24_HOURS]
        names = await reads.names(context.reading, context.principal)
        page = page_by_name(names, PageArgs(first, after))
        wanted = [name for _, name in page.items]
        found = await reads.services(context.reading, context.principal, wanted, since, now)
        rows = page.map({row.name: row for row in found}.__getitem__)
        return connection(rows, lambda row: RemoteService.of(row, since), len(names))
