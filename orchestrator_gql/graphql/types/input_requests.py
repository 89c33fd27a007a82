"""Input requests: open forms waiting for a person, and what was decided."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from orchestrator_gql import process as ground
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.common import Assignee, Node, User
from orchestrator_gql.graphql.types.forms import FormResult, form_result
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.input_requests import decision as rules
from orchestrator_gql.reads import input_requests as input_request_reads
from orchestrator_gql.reads.input_requests import open_form
from orchestrator_gql.types import InputRequestStatus, StepKind, Verdict
from orchestrator_gql.utils.errors import OrchestratorError

if TYPE_CHECKING:
    from orchestrator_gql.graphql.types.processes import Process
    from orchestrator_gql.graphql.types.steps import ProcessStep


@strawberry.type(description="What somebody said to an input request.")
class Decision:
    by: User | None = strawberry.field(description="Null where a policy decided.")
    policy: str | None = strawberry.field(description="The policy that decided.")
    at: datetime = strawberry.field(description="When.")
    verdict: Verdict = strawberry.field(description="What was decided.")
    comment: str | None = strawberry.field(description="What was said with it.")
    pages: list[JSON] | None = strawberry.field(description="The accepted answers.")
    shown_digest: str = strawberry.field(description="The digest of the page that was confirmed.")

    @classmethod
    def of(cls, row: rules.Decision) -> "Decision":
        return cls(
            by=User.named(row.by),
            policy=row.policy,
            at=row.at,
            verdict=row.verdict,
            comment=row.comment,
            pages=row.secrets.shown(list(row.pages)),
            shown_digest=row.shown_digest,
        )


@strawberry.type(description="A form that waits for a person, or what became of it.")
class InputRequest(Node):
    row: strawberry.Private[rules.InputRequest]
    status: InputRequestStatus = strawberry.field(description="Where it stands.")
    version: int = strawberry.field(description="Send it back as `expectedVersion`.")
    title: str = strawberry.field(description="What is asked.")
    assignee: Assignee = strawberry.field(description="Who should answer.")
    created_at: datetime = strawberry.field(description="Since when it is asked.")
    due_at: datetime | None = strawberry.field(description="Until when it should be answered.")
    reminded_at: datetime | None = strawberry.field(description="When its team was reminded of it.")
    escalated_at: datetime | None = strawberry.field(description="When it last went to another team by itself.")
    approvals_needed: int = strawberry.field(description="How many people must say yes; see `decisions` for who did.")
    claimed_by: User | None = strawberry.field(description="Who has taken it; nobody else may decide it then.")
    claimed_at: datetime | None = strawberry.field(description="Since when somebody has it.")
    closed_at: datetime | None = strawberry.field(description="When it was decided or closed.")

    @classmethod
    def of(cls, row: rules.InputRequest) -> "InputRequest":
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            status=row.status,
            version=row.version,
            title=row.title,
            assignee=Assignee.of(row.assignee),
            created_at=row.created_at,
            due_at=row.due_at,
            reminded_at=row.reminded_at,
            escalated_at=row.escalated_at,
            approvals_needed=row.approvals_needed,
            claimed_by=User.named(row.claimed_by),
            claimed_at=row.claimed_at,
            closed_at=row.closed_at,
        )

    @resolved(description="The process that waits for the answer.")
    async def process(
        self, info: Info
    ) -> Annotated["Process", strawberry.lazy("orchestrator_gql.graphql.types.processes")]:
        from orchestrator_gql.graphql.types.processes import Process

        return await Process.found(info, self.row.process_id)

    @resolved(description="The step that asks.")
    async def step(
        self, info: Info
    ) -> Annotated["ProcessStep", strawberry.lazy("orchestrator_gql.graphql.types.steps")]:
        from orchestrator_gql.graphql.types.steps import ProcessStep

        return await ProcessStep.at(info, self.row.process_id, self.row.step_index)

    @resolved(description="One turn of the form with the pages so far; null when decided: see `decisions`.")
    async def form(
        self,
        info: Info,
        pages: Annotated[list[JSON], strawberry.argument(description="The answers so far, in order.")] = [],  # noqa: B006
    ) -> FormResult | None:
        context = info.context
        if self.status is not InputRequestStatus.OPEN:
            return None
        process = await context.loaders.whole.load(self.row.process_id)
        made = await context.loaders.decisions.load(self.row.id)
        turned = await open_form(
            context.reading,
            context.principal,
            self.row,
            list(pages),
            process=process,
            made=made,
            locale=context.locale,
        )
        return form_result(turned) if turned is not None else None

    @resolved(description="What was decided, in order.")
    async def decisions(self, info: Info) -> list[Decision]:
        return [Decision.of(row) for row in await info.context.loaders.decisions.load(self.row.id)]

    @resolved(description="The caller may answer it.")
    async def can_submit(self, info: Info) -> bool:
        return await self._refusal(info) is None

    @resolved(description="Why the caller may not answer it.")
    async def blocked_reason(self, info: Info) -> str | None:
        refusal = await self._refusal(info)
        return refusal.message if refusal else None

    @resolved(description="The caller may refuse what it asks.")
    async def can_reject(self, info: Info) -> bool:
        process, _ = await self._standing(info)
        step = input_request_reads.step_of(info.context.runtime, self.row, process)
        return step is not None and step.kind is StepKind.INPUT and await self._refusal(info) is None

    @resolved(description="The step, or group, that it can be sent back to; null where it cannot.")
    async def send_back_to(self, info: Info) -> str | None:
        process, _ = await self._standing(info)
        return input_request_reads.send_back_to(info.context.runtime, self.row, process)

    async def _standing(self, info: Info) -> "tuple[ground.Process, list[rules.Decision]]":
        """The process that asks, and what was decided: by the loaders, so many requests cost no more than one."""
        process = await info.context.loaders.process.load(self.row.process_id)
        assert process is not None, "a request goes with its process"
        return process, await info.context.loaders.decisions.load(self.row.id)

    async def _refusal(self, info: Info) -> OrchestratorError | None:
        process, made = await self._standing(info)
        return await input_request_reads.refusal(info.context.runtime, info.context.principal, self.row, process, made)


async def input_request_by_id(info: Info, id: str) -> "InputRequest | None":
    """The input request with that id."""
    row = await info.context.loaders.request.load(UUID(id))
    return InputRequest.of(row) if row else None
