"""The mutation that deletes old processes."""

from datetime import datetime
from typing import Annotated

import strawberry

from orchestrator_gql.commands.retention import count_processes, prune_processes
from orchestrator_gql.engine.retention import Pruned
from orchestrator_gql.engine.retention_selection import Wish
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.errors import ForbiddenError, PayloadInvalidError, result_or_error
from orchestrator_gql.graphql.types.resolving import mutation
from orchestrator_gql.storage.retention import Count
from orchestrator_gql.targets import Target
from orchestrator_gql.types import ProcessStatus


@strawberry.input(description="The input of `pruneProcesses`: the processes that may go.")
class PruneProcessesInput:
    older_than_days: float | None = strawberry.field(
        default=None,
        description="The processes ended at least this number of days ago; null uses the days of "
        "ORCHESTRATOR_RETENTION_DAYS.",
    )
    targets: list[Target] | None = strawberry.field(
        default=None, description="The targets of their workflows; null or empty means any target."
    )
    statuses: list[ProcessStatus] | None = strawberry.field(
        default=None,
        description="Their statuses: COMPLETED, ABORTED and FAILED. With `olderThanDays`, null or empty means "
        "COMPLETED and ABORTED.",
    )
    workflows: list[str] | None = strawberry.field(
        default=None, description="The names of their workflows; null or empty means any workflow."
    )
    after: str | None = strawberry.field(
        default=None,
        description="The `endCursor` of an earlier answer to the same input: go on behind it; null begins anew. It "
        "has no effect with `dryRun`.",
    )
    dry_run: bool = strawberry.field(default=True, description="True counts the processes and deletes nothing.")

    def wish(self) -> Wish:
        return Wish(self.older_than_days, self.targets or (), self.statuses or (), self.workflows or (), self.after)


@strawberry.type(description="The number of processes of one status and target.")
class PrunedCount:
    status: ProcessStatus = strawberry.field(description="The status of the processes.")
    target: Target = strawberry.field(description="The target of their workflows.")
    processes: int = strawberry.field(description="The number of processes.")
    oldest: datetime | None = strawberry.field(
        description="The time at which the first of them ended; null if they were deleted."
    )


@strawberry.type(description="The number of processes that are old enough, and stay for one reason.")
class KeptCount:
    reason: str = strawberry.field(description="The reason.")
    processes: int = strawberry.field(description="The number of processes.")


@strawberry.type(description="The processes were deleted; with `dryRun` they were counted.")
class PruneProcessesSuccess:
    dry_run: bool = strawberry.field(description="True if nothing was deleted.")
    processes: int = strawberry.field(
        description="The number of deleted processes; with `dryRun`, of all that are old enough."
    )
    counts: list[PrunedCount] = strawberry.field(description="The same number by status and target.")
    kept: list[KeptCount] = strawberry.field(
        description="The processes that are old enough and stay; empty with `dryRun`."
    )
    notifications: int = strawberry.field(
        description="The number of sent notifications that were deleted without their process."
    )
    has_more: bool = strawberry.field(
        description="True if the request ended at its time limit: send it again to delete more."
    )
    end_cursor: str | None = strawberry.field(
        description="The place at which the request ended: pass it as `after` in the next request, which then does not "
        "look at the same processes again. If it is your `after`, and `hasMore` is true, another run was in progress. "
        "Null if no process was looked at."
    )

    @classmethod
    def counted(cls, counts: list[Count]) -> "PruneProcessesSuccess":
        return cls(
            dry_run=True,
            processes=sum(count.processes for count in counts),
            counts=[
                PrunedCount(status=count.status, target=count.target, processes=count.processes, oldest=count.oldest)
                for count in counts
            ],
            kept=[],
            notifications=0,
            has_more=False,
            end_cursor=None,
        )

    @classmethod
    def of(cls, done: Pruned) -> "PruneProcessesSuccess":
        return cls(
            dry_run=False,
            processes=done.number,
            counts=[
                PrunedCount(status=status, target=target, processes=number, oldest=None)
                for (status, target), number in sorted(done.processes.items())
            ],
            kept=[KeptCount(reason=reason, processes=number) for reason, number in sorted(done.kept.items())],
            notifications=done.notifications,
            has_more=done.has_more,
            end_cursor=done.end.cursor if done.end else None,
        )


PruneProcessesResult = Annotated[
    PruneProcessesSuccess | ForbiddenError | PayloadInvalidError,
    strawberry.union("PruneProcessesResult", description="The result of `pruneProcesses`."),
]


@strawberry.type
class RetentionMutations:
    """The mutation of retention, a part of `Mutation`."""

    @mutation(
        description="Delete ended processes that are old enough, with everything that belongs to them. It requires "
        "MANAGE_ENGINE. One request deletes for at most ten seconds. Processes that something living needs stay. The "
        "audit log keeps its entries without their details. It refuses a missing permission (ForbiddenError), and "
        "an input without days on a server without ORCHESTRATOR_RETENTION_DAYS (PayloadInvalidError)."
    )
    async def prune_processes(
        self,
        info: Info,
        input: Annotated[PruneProcessesInput, strawberry.argument(description="The processes that may go.")],
    ) -> PruneProcessesResult:
        caller, wish = (info.context.runtime, info.context.principal), input.wish()
        if input.dry_run:
            return await result_or_error(count_processes(*caller, wish), PruneProcessesSuccess.counted)
        return await result_or_error(prune_processes(*caller, wish), PruneProcessesSuccess.of)
