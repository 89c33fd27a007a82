"""Mutations on processes."""

from typing import Annotated

import strawberry

from orchestrator_gql import forms
from orchestrator_gql import process as rules
from orchestrator_gql.commands.processes import (
    abort_process,
    continue_process,
    retry_process,
    update_process_note,
)
from orchestrator_gql.commands.workflow_starts import Started, start_workflow
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.errors import (
    AuthorCodeError,
    ConflictError,
    EnginePausedError,
    ForbiddenError,
    NotFoundError,
    PayloadInvalidError,
    result_or_error,
)
from orchestrator_gql.graphql.types.filters import uuid_or_nowhere
from orchestrator_gql.graphql.types.forms import FormInvalid, FormPage
from orchestrator_gql.graphql.types.processes import Process
from orchestrator_gql.graphql.types.resolving import mutation
from orchestrator_gql.graphql.types.scalars import JSON

EXPECTED_VERSION = (
    "The version of the process that the caller read. If the process has changed since, ConflictError refuses the "
    "mutation. Null skips this check."
)


@strawberry.input(description="The input of `startWorkflow`.")
class StartWorkflowInput:
    workflow_name: str = strawberry.field(description="The name of the workflow.")
    pages: list[JSON] = strawberry.field(
        default_factory=list, description="The submitted pages of the start form, in order. Default: none."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="A key that the caller chooses. A second call with the same key and the same pages starts no "
        "second process. Null: every call starts a process.",
    )
    note: str | None = strawberry.field(
        default=None, description="The note of the process, at most 10,000 characters; null for none."
    )
    product_subscription_version: int | None = strawberry.field(
        default=None,
        description="The version of the product subscription that the caller read. If it has changed since, "
        "ConflictError refuses the mutation. Null skips this check.",
    )


@strawberry.type(description="The process was started.")
class StartWorkflowSuccess:
    process: Process = strawberry.field(description="The process that was started.")
    created: bool = strawberry.field(
        description="False if an earlier call with the same idempotency key started the process."
    )


@strawberry.type(description="The form needs more pages; nothing was started or submitted.")
class FormIncomplete:
    next_page: FormPage = strawberry.field(description="The next page of the form.")


StartWorkflowResult = Annotated[
    StartWorkflowSuccess
    | FormIncomplete
    | FormInvalid
    | NotFoundError
    | ForbiddenError
    | ConflictError
    | EnginePausedError
    | PayloadInvalidError
    | AuthorCodeError,
    strawberry.union("StartWorkflowResult", description="The result of `startWorkflow`."),
]


@strawberry.input(description="The input of `retryProcess`.")
class RetryProcessInput:
    process_id: strawberry.ID = strawberry.field(description="The id of the process.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)


@strawberry.input(description="The input of `continueProcess`.")
class ContinueProcessInput:
    process_id: strawberry.ID = strawberry.field(description="The id of the process.")
    reason: str = strawberry.field(description="The reason, which the audit log stores: 1 to 10,000 characters.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)


@strawberry.input(description="The input of `abortProcess`.")
class AbortProcessInput:
    process_id: strawberry.ID = strawberry.field(description="The id of the process.")
    reason: str | None = strawberry.field(
        default=None, description="The reason, which the audit log stores; at most 10,000 characters; null for none."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)


@strawberry.input(description="The input of `updateProcessNote`.")
class UpdateProcessNoteInput:
    process_id: strawberry.ID = strawberry.field(description="The id of the process.")
    note: str | None = strawberry.field(
        default=None, description="The new note, at most 10,000 characters; null removes the note."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)


@strawberry.type(description="The mutation was carried out.")
class ProcessActionSuccess:
    process: Process = strawberry.field(description="The process in its current state.")

    @classmethod
    def of(cls, process: rules.Process) -> "ProcessActionSuccess":
        return cls(process=Process.of(process))


ProcessActionResult = Annotated[
    ProcessActionSuccess
    | NotFoundError
    | ForbiddenError
    | ConflictError
    | PayloadInvalidError
    | EnginePausedError
    | AuthorCodeError,
    strawberry.union("ProcessActionResult", description="The result of a mutation on a process."),
]


@strawberry.type
class ProcessMutations:
    """The mutations of processes, a part of `Mutation`."""

    @mutation(
        description="Start a process. It returns FormIncomplete while the start form needs more pages, and "
        "FormInvalid for a page with errors; then nothing is started. It refuses an unknown workflow (NotFoundError), "
        "a missing permission (ForbiddenError), a blocked workflow, a product subscription on which the workflow may "
        "not start now, or a reused idempotency key (ConflictError), a long note (PayloadInvalidError), a paused "
        "engine (EnginePausedError) and a failure in the code of the workflow's author (AuthorCodeError)."
    )
    async def start_workflow(
        self,
        info: Info,
        input: Annotated[
            StartWorkflowInput, strawberry.argument(description="The workflow and the pages of its start form.")
        ],
    ) -> StartWorkflowResult:
        context = info.context
        command = start_workflow(
            context.runtime,
            context.principal,
            workflow_name=input.workflow_name,
            pages=list(input.pages),
            idempotency_key=input.idempotency_key,
            locale=context.locale,
            note=input.note,
            product_subscription_version=input.product_subscription_version,
            traceparent=context.traceparent,
        )
        return await result_or_error(command, _shown_start)

    @mutation(
        description="Run the failed step of a process again. It refuses an unknown process (NotFoundError), a missing "
        "permission (ForbiddenError), a process without a failed step to retry or with another version "
        "(ConflictError) and a paused engine (EnginePausedError)."
    )
    async def retry_process(
        self, info: Info, input: Annotated[RetryProcessInput, strawberry.argument(description="The process to retry.")]
    ) -> ProcessActionResult:
        context = info.context
        command = retry_process(
            context.runtime,
            context.principal,
            process_id=uuid_or_nowhere(input.process_id),
            expected_version=input.expected_version,
        )
        return await result_or_error(command, ProcessActionSuccess.of, input.process_id)

    @mutation(
        description="Let a process go on before the time for which its step of `wait_until` waits, such as the "
        "begin of a maintenance window. It refuses an unknown process (NotFoundError), a missing permission "
        "(ForbiddenError), a process that does not wait for a time or has another version (ConflictError), an empty "
        "reason (PayloadInvalidError) and a paused engine (EnginePausedError)."
    )
    async def continue_process(
        self,
        info: Info,
        input: Annotated[
            ContinueProcessInput, strawberry.argument(description="The process that goes on, and the reason.")
        ],
    ) -> ProcessActionResult:
        context = info.context
        command = continue_process(
            context.runtime,
            context.principal,
            process_id=uuid_or_nowhere(input.process_id),
            reason=input.reason,
            expected_version=input.expected_version,
        )
        return await result_or_error(command, ProcessActionSuccess.of, input.process_id)

    @mutation(
        description="Abort a process: its callback URLs accept no more results and its open form is closed. It "
        "refuses an unknown process (NotFoundError), a missing permission (ForbiddenError), and a process that has "
        "ended or has another version (ConflictError)."
    )
    async def abort_process(
        self,
        info: Info,
        input: Annotated[AbortProcessInput, strawberry.argument(description="The process to abort, and the reason.")],
    ) -> ProcessActionResult:
        context = info.context
        command = abort_process(
            context.runtime,
            context.principal,
            process_id=uuid_or_nowhere(input.process_id),
            reason=input.reason,
            expected_version=input.expected_version,
        )
        return await result_or_error(command, ProcessActionSuccess.of, input.process_id)

    @mutation(
        description="Set or remove the note of a process. It refuses an unknown process (NotFoundError), a missing "
        "permission (ForbiddenError), another version (ConflictError) and a note of more than 10,000 characters "
        "(PayloadInvalidError)."
    )
    async def update_process_note(
        self,
        info: Info,
        input: Annotated[UpdateProcessNoteInput, strawberry.argument(description="The process and its new note.")],
    ) -> ProcessActionResult:
        context = info.context
        command = update_process_note(
            context.runtime,
            context.principal,
            process_id=uuid_or_nowhere(input.process_id),
            note=input.note,
            expected_version=input.expected_version,
        )
        return await result_or_error(command, ProcessActionSuccess.of, input.process_id)


def _shown_start(
    result: Started | forms.NextPage | forms.PageInvalid,
) -> StartWorkflowSuccess | FormIncomplete | FormInvalid:
    if isinstance(result, Started):
        return StartWorkflowSuccess(process=Process.of(result.process), created=result.created)
    return form_not_accepted(result)


def form_not_accepted(turn: forms.NextPage | forms.PageInvalid) -> FormIncomplete | FormInvalid:
    """The result of a mutation whose form has not all of its pages yet."""
    match turn:
        case forms.NextPage():
            return FormIncomplete(next_page=FormPage.of(turn.page))
        case forms.PageInvalid():
            return FormInvalid.of(turn)
