"""The types of input requests and their decisions."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from orchestrator_gql import process as ground
from orchestrator_gql.forms import Complete, Turn
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.common import Assignee, Length, Node, Offset, ResultSlice, User, sliced, text_of
from orchestrator_gql.graphql.types.forms import FormResult, cut_turn, form_result
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.input_requests import decision as rules
from orchestrator_gql.reads import input_requests as input_request_reads
from orchestrator_gql.reads.input_requests import open_form
from orchestrator_gql.types import InputRequestStatus, StepKind, Verdict
from orchestrator_gql.utils.errors import NotFound, OrchestratorError

if TYPE_CHECKING:
    from orchestrator_gql.graphql.types.processes import Process
    from orchestrator_gql.graphql.types.steps import ProcessStep


@strawberry.type(description="A decision about an input request.")
class Decision:
    by: User | None = strawberry.field(description="The user who decided; null if a policy decided.")
    policy: str | None = strawberry.field(description="The name of the policy that decided; null if a person decided.")
    at: datetime = strawberry.field(description="The time of the decision.")
    verdict: Verdict = strawberry.field(description="The decision: approved, rejected or sent back.")
    comment: str | None = strawberry.field(description="The comment of the user; null if there is none.")
    pages: list[JSON] | None = strawberry.field(
        description="The accepted pages of the form, in order; null if there are none."
    )
    shown_digest: str = strawberry.field(description="The `FormPage.digest` of the page that the user confirmed.")

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


@strawberry.type(description="An input request: a form that a person must answer or has answered.")
class InputRequest(Node):
    row: strawberry.Private[rules.InputRequest]
    status: InputRequestStatus = strawberry.field(description="The status of the input request.")
    version: int = strawberry.field(
        description="The version; it grows with every change. Mutations take it as `expectedVersion`."
    )
    title: str = strawberry.field(description="The title of the form.")
    assignee: Assignee = strawberry.field(description="The team that should answer.")
    created_at: datetime = strawberry.field(description="The time when the input request was created.")
    due_at: datetime | None = strawberry.field(
        description="The time by which it should be answered; null if there is no limit."
    )
    reminded_at: datetime | None = strawberry.field(
        description="The time when the team was reminded; null if it was not."
    )
    escalated_at: datetime | None = strawberry.field(
        description="The time of the last automatic escalation to another team; null if there was none."
    )
    approvals_needed: int = strawberry.field(
        description="The number of people who must approve; `decisions` shows who has."
    )
    claimed_by: User | None = strawberry.field(
        description="The user who has claimed it: nobody else may decide it; null if nobody has."
    )
    claimed_at: datetime | None = strawberry.field(
        description="The time when it was claimed; null if nobody has claimed it."
    )
    closed_at: datetime | None = strawberry.field(
        description="The time when it was decided or closed; null while it is open."
    )

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

    @resolved(description="The step that the form belongs to.")
    async def step(
        self, info: Info
    ) -> Annotated["ProcessStep", strawberry.lazy("orchestrator_gql.graphql.types.steps")]:
        from orchestrator_gql.graphql.types.steps import ProcessStep

        return await ProcessStep.at(info, self.row.process_id, self.row.step_index)

    @resolved(
        description="Evaluates the form with the pages so far, without side effects: returns the next page, the "
        "errors of a page, or the completed form. Null if the input request is closed; see `decisions`."
    )
    async def form(
        self,
        info: Info,
        pages: Annotated[
            list[JSON],
            strawberry.argument(
                description="The submitted pages so far, in order. Default: none, which returns the first page."
            ),
        ] = [],  # noqa: B006
        longest_text: Annotated[
            int | None,
            strawberry.argument(
                description="The largest number of characters of a read-only text to show; `FormPage.cuts` says what "
                "was cut, `fieldText` returns the rest. Default: 100,000, which is also the most."
            ),
        ] = None,
    ) -> FormResult | None:
        turned = await self._turn(info, pages)
        return form_result(cut_turn(turned, longest_text)) if turned is not None else None

    @resolved(
        description="A part of a read-only text of the form; null if the input request is closed or the page has no "
        "such text."
    )
    async def field_text(
        self,
        info: Info,
        key: Annotated[str, strawberry.argument(description="The key of the field.")],
        pages: Annotated[
            list[JSON],
            strawberry.argument(description="The submitted pages before the page of the field. Default: none."),
        ] = [],  # noqa: B006
        offset: Offset = 0,
        length: Length = 65536,
    ) -> ResultSlice | None:
        turned = await self._turn(info, pages)
        text = turned.page.read_only_text(key) if turned is not None and not isinstance(turned, Complete) else None
        return None if text is None else sliced(await text_of(info, text), offset, length)

    async def _turn(self, info: Info, pages: list[JSON]) -> Turn | None:
        context = info.context
        if self.status is not InputRequestStatus.OPEN:
            return None
        if context.cursor is not None:  # only in a subscription: a query always runs the form
            pushed = input_request_reads.pushed_form(context.reading, context.principal, self.row, list(pages))
            if pushed is not None:
                return pushed
        process = await context.loaders.whole.load(self.row.process_id)
        made = await self._decisions(info)
        return await open_form(
            context.reading,
            context.principal,
            self.row,
            list(pages),
            process=process,
            decisions=made,
            locale=context.locale,
        )

    @resolved(description="The decisions, the oldest first.")
    async def decisions(self, info: Info) -> list[Decision]:
        return [Decision.of(row) for row in await self._decisions(info)]

    async def _decisions(self, info: Info) -> list[rules.Decision]:
        return [] if self.row.is_undecided else await info.context.loaders.decisions.load(self.row.id)

    @resolved(description="True if the caller may answer the form.")
    async def can_submit(self, info: Info) -> bool:
        return await self._refusal(info) is None

    @resolved(description="The reason why the caller may not answer; null if the caller may.")
    async def blocked_reason(self, info: Info) -> str | None:
        refusal = await self._refusal(info)
        return refusal.message if refusal else None

    @resolved(description="True if the caller may reject the input request.")
    async def can_reject(self, info: Info) -> bool:
        process, _ = await self._standing(info)
        step = input_request_reads.step_of(info.context.runtime, self.row, process)
        return step is not None and step.kind is StepKind.INPUT and await self._refusal(info) is None

    @resolved(
        description="True if everybody with the permission SUBMIT_FORM may answer: the team has no members, for "
        "example because it was removed from the settings, and the workflow has no rule of its own. False without "
        "sign-in."
    )
    async def is_open_to_all(self, info: Info) -> bool:
        process, _ = await self._standing(info)
        return input_request_reads.is_open_to_all(info.context.runtime, self.row, process)

    @resolved(
        description="The name of the step or group that a rejection can send the process back to; null if it cannot."
    )
    async def send_back_to(self, info: Info) -> str | None:
        process, _ = await self._standing(info)
        return input_request_reads.send_back_to(info.context.runtime, self.row, process)

    @resolved(
        description="The other teams to which the caller may assign the input request; empty if the caller may not "
        "assign it. A member of a team cannot assign its forms to a team without members: everybody could answer."
    )
    async def assignable_to(self, info: Info) -> list[Assignee]:
        runtime, principal = info.context.runtime, info.context.principal
        refused = await self._refusal(info)
        return [Assignee.of(key) for key in input_request_reads.assignable_teams(runtime, principal, self.row, refused)]

    async def _standing(self, info: Info) -> "tuple[ground.Process, list[rules.Decision]]":
        """The process and the decisions of the request, by the loaders: many requests cost one read of each kind."""
        process = await info.context.loaders.process.load(self.row.process_id)
        assert process is not None, "a request goes with its process"
        return process, await self._decisions(info)

    async def _refusal(self, info: Info) -> OrchestratorError | None:
        process, made = await self._standing(info)
        return await input_request_reads.refusal(info.context.runtime, info.context.principal, self.row, process, made)


async def input_request_by_id(info: Info, id: str) -> "InputRequest":
    """The input request with this id; raises `NotFound`."""
    row = await info.context.loaders.request.load(UUID(id))
    if row is None:
        raise NotFound("input request", id)
    return InputRequest.of(row)
