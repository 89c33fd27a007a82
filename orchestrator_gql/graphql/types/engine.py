"""The engine as clients see it."""

from datetime import datetime

import strawberry

from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.common import User
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.lookups import engine as lookups
from orchestrator_gql.storage.engine_state import EngineStatus
from orchestrator_gql.storage.workers import Worker as WorkerRow
from orchestrator_gql.types import EngineState
from orchestrator_gql.version import __version__


@strawberry.type(description="One of those that run steps; it says again and again that it lives.")
class Worker:
    name: str = strawberry.field(description="Its machine, its process there, and a few letters of its own.")
    last_seen_at: datetime = strawberry.field(description="When it was last heard of.")
    running_steps: int = strawberry.field(description="How many steps it ran then.")

    @classmethod
    def of(cls, row: WorkerRow) -> "Worker":
        return cls(name=row.name, last_seen_at=row.last_seen_at, running_steps=row.running_steps)


@strawberry.type(description="The engine: what starts steps.")
class Engine:
    row: strawberry.Private[EngineStatus]
    state: EngineState = strawberry.field(description="Whether it starts new steps.")
    reason: str | None = strawberry.field(description="Why somebody paused or resumed it.")
    changed_at: datetime | None = strawberry.field(description="When it was; null where nobody ever did.")
    version: str = strawberry.field(description="The release that answers.")

    @classmethod
    def of(cls, row: EngineStatus) -> "Engine":
        return cls(row=row, state=row.state, reason=row.reason, changed_at=row.changed_at, version=__version__)

    @resolved(description="Who paused or resumed it.")
    def changed_by(self) -> User | None:
        return User.named(self.row.changed_by)

    @resolved(description="How many processes workers hold now, each at a step.")
    async def running_steps(self, info: Info) -> int:
        return (await info.context.loaders.backlog.load(None)).held

    @resolved(description="How many processes could go on and wait for a worker, or for the end of a pause.")
    async def queued_processes(self, info: Info) -> int:
        return (await info.context.loaders.backlog.load(None)).queued

    @resolved(description="Seconds that the longest-waiting of them has waited; 0 where none waits.")
    async def lag_seconds(self, info: Info) -> float:
        context = info.context
        return (await context.loaders.backlog.load(None)).lag(context.runtime.clock.now())

    @resolved(description="Those that run its steps, by name.")
    async def workers(self, info: Info) -> list[Worker]:
        return [Worker.of(row) for row in await lookups.workers(info.context.runtime, info.context.principal)]
