"""Mutations on processes."""

from collections.abc import Awaitable
from typing import Annotated

import strawberry

from orchestrator_gql import forms
from orchestrator_gql import process as rules
from orchestrator_gql.commands.processes import (
    Started,
    abort_process,
    retry_process,
    start_workflow,
    update_process_note,
)
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.errors import (
    AuthorCodeError,
    ConflictError,
    EnginePausedError,
    ForbiddenError,
    NotFoundError,
    PayloadInvalidError,
    typed,
)
from orchestrator_gql.graphql.types.filters import uuid_or_nowhere
from orchestrator_gql.graphql.types.forms import FormInvalid, FormPage
from orchestrator_gql.graphql.types.processes import Process
from orchestrator_gql.graphql.types.resolving import mutation
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.utils.errors import OrchestratorError


@strawberry.input(description="Which workflow to start, and the answers of its start form.")
class StartWorkflowInput:
    workflow_name: str = strawberry.field(description="The workflow.")
    pages: list[JSON] = strawberry.field(default_factory=list, description="The answers, page by page.")
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key with the same answers starts once."
    )
    note: str | None = strawberry.field(default=None, description="What to write beside it.")


@strawberry.type(description="The process was started.")
class StartWorkflowSuccess:
    process: Process = strawberry.field(description="It.")
    created: bool = strawberry.field(description="False: an earlier call with this key had started it.")


@strawberry.type(description="More pages are needed; nothing was started or resumed.")
class FormIncomplete:
    next_page: FormPage = strawberry.field(description="The page to show next.")


StartWorkflowResult = Annotated[
    StartWorkflowSuccess
    | FormIncomplete
    | FormInvalid
    | NotFoundError
    | ForbiddenError
    | ConflictError
    | EnginePausedError
    | AuthorCodeError,
    strawberry.union("StartWorkflowResult", description="What came of starting a workflow."),
]


@strawberry.input(description="Which process to retry.")
class RetryProcessInput:
    process_id: strawberry.ID = strawberry.field(description="The process.")
    expected_version: int | None = strawberry.field(default=None, description="The version that the caller saw.")


@strawberry.input(description="Which process to abort, and why.")
class AbortProcessInput:
    process_id: strawberry.ID = strawberry.field(description="The process.")
    reason: str | None = strawberry.field(default=None, description="Why.")
    expected_version: int | None = strawberry.field(default=None, description="The version that the caller saw.")


@strawberry.input(description="What to write beside a process.")
class UpdateProcessNoteInput:
    process_id: strawberry.ID = strawberry.field(description="The process.")
    note: str | None = strawberry.field(default=None, description="The note; null removes it.")
    expected_version: int | None = strawberry.field(default=None, description="The version that the caller saw.")


@strawberry.type(description="It was done.")
class ProcessActionSuccess:
    process: Process = strawberry.field(description="The process as it stands now.")


ProcessActionResult = Annotated[
    ProcessActionSuccess | NotFoundError | ForbiddenError | ConflictError | PayloadInvalidError | EnginePausedError,
    strawberry.union("ProcessActionResult", description="What came of a verb on a process."),
]


@strawberry.type
class ProcessMutations:
    """Joined into Mutation."""

    @mutation(description="Start a process. The same `idempotencyKey` again returns the first one.")
    async def start_workflow(
        self, info: Info, input: Annotated[StartWorkflowInput, strawberry.argument(description="What to start.")]
    ) -> StartWorkflowResult:
        context = info.context
        try:
            result = await start_workflow(
                context.runtime,
                context.principal,
                workflow_name=input.workflow_name,
                pages=list(input.pages),
                idempotency_key=input.idempotency_key,
                locale=info.context.locale,
                note=input.note,
            )
        except OrchestratorError as error:
            return typed(error)  # type: ignore[return-value]
        match result:
            case Started():
                return StartWorkflowSuccess(process=Process.of(result.process), created=result.created)
            case forms.NextPage():
                return FormIncomplete(next_page=FormPage.of(result.page))
            case forms.PageInvalid():
                return FormInvalid.of(result)

    @mutation(description="Enter again at the step that failed.")
    async def retry_process(
        self, info: Info, input: Annotated[RetryProcessInput, strawberry.argument(description="What to retry.")]
    ) -> ProcessActionResult:
        context = info.context
        return await acted(
            retry_process(
                context.runtime,
                context.principal,
                process_id=uuid_or_nowhere(input.process_id),
                expected_version=input.expected_version,
            )
        )

    @mutation(description="End a process where it stands: its URLs are dead, its form is closed.")
    async def abort_process(
        self, info: Info, input: Annotated[AbortProcessInput, strawberry.argument(description="What to abort.")]
    ) -> ProcessActionResult:
        context = info.context
        return await acted(
            abort_process(
                context.runtime,
                context.principal,
                process_id=uuid_or_nowhere(input.process_id),
                reason=input.reason,
                expected_version=input.expected_version,
            )
        )

    @mutation(description="Write, change or remove the note beside a process.")
    async def update_process_note(
        self, info: Info, input: Annotated[UpdateProcessNoteInput, strawberry.argument(description="What to write.")]
    ) -> ProcessActionResult:
        context = info.context
        return await acted(
            update_process_note(
                context.runtime,
                context.principal,
                process_id=uuid_or_nowhere(input.process_id),
                note=input.note,
                expected_version=input.expected_version,
            )
        )


async def acted(verb: Awaitable[rules.Process]) -> ProcessActionResult:
    """The process as the verb left it, or the typed answer that refuses it."""
    try:
        process = await verb
    except OrchestratorError as error:
        return typed(error)  # type: ignore[return-value]
    return ProcessActionSuccess(process=Process.of(process))
