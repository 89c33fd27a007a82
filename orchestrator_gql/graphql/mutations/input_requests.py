"""Mutations on input requests."""

from collections.abc import Awaitable
from functools import partial
from typing import Annotated

import strawberry

from orchestrator_gql import forms
from orchestrator_gql.commands.input_request_assignees import (
    assign_input_request,
    claim_input_request,
    release_input_request,
)
from orchestrator_gql.commands.input_requests import decide_input_requests, reject_input_request, submit_form
from orchestrator_gql.engine.input_requests.requests import DecisionResult
from orchestrator_gql.graphql import masking
from orchestrator_gql.graphql.context import EXECUTION_SECONDS, Info
from orchestrator_gql.graphql.errors import (
    AuthorCodeError,
    ConflictError,
    EnginePausedError,
    ForbiddenError,
    NotFoundError,
    PayloadInvalidError,
    ServerError,
    typed,
)
from orchestrator_gql.graphql.mutations.processes import FormIncomplete
from orchestrator_gql.graphql.types.enums import ErrorCode
from orchestrator_gql.graphql.types.filters import uuid_or_nowhere
from orchestrator_gql.graphql.types.forms import FormInvalid, FormPage
from orchestrator_gql.graphql.types.input_requests import InputRequest
from orchestrator_gql.graphql.types.processes import Process
from orchestrator_gql.graphql.types.resolving import mutation
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.utils.errors import OrchestratorError, StorageUnavailable

DECIDING = EXECUTION_SECONDS * 0.8
"""Seconds of an operation in which its decisions are made; the rest is for telling what came of them."""

SEEN = "The input request's version that the caller saw."


@strawberry.input(description="The answers to an open input request, all pages so far.")
class SubmitFormInput:
    input_request_id: strawberry.ID = strawberry.field(description="The input request.")
    pages: list[JSON] = strawberry.field(description="The answers, page by page.")
    expected_version: int | None = strawberry.field(
        default=None, description="The input request's version that the caller saw."
    )
    shown_digest: str | None = strawberry.field(
        default=None, description="`FormPage.digest` of the page that was confirmed."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key with the same answers submits once."
    )
    comment: str | None = strawberry.field(default=None, description="What to say with it.")


@strawberry.type(description="It counts; the process goes on, unless further approvals are needed.")
class SubmitFormSuccess:
    input_request: InputRequest = strawberry.field(description="As it is now.")
    process: Process = strawberry.field(description="As it stands now.")


SubmitFormResult = Annotated[
    SubmitFormSuccess
    | FormIncomplete
    | FormInvalid
    | NotFoundError
    | ForbiddenError
    | ConflictError
    | PayloadInvalidError
    | EnginePausedError
    | AuthorCodeError
    | ServerError,
    strawberry.union("SubmitFormResult", description="What came of an answer."),
]


@strawberry.input(description="Which form to take.")
class ClaimInputRequestInput:
    input_request_id: strawberry.ID = strawberry.field(description="The input request.")
    expected_version: int | None = strawberry.field(default=None, description=SEEN)


@strawberry.input(description="Which form to give back.")
class ReleaseInputRequestInput:
    input_request_id: strawberry.ID = strawberry.field(description="The input request.")
    expected_version: int | None = strawberry.field(default=None, description=SEEN)


@strawberry.input(description="Which form another team should answer.")
class AssignInputRequestInput:
    input_request_id: strawberry.ID = strawberry.field(description="The input request.")
    assignee_key: str = strawberry.field(description="The team's key.")
    expected_version: int | None = strawberry.field(default=None, description=SEEN)


@strawberry.input(description="Which form to refuse, and why.")
class RejectInputRequestInput:
    input_request_id: strawberry.ID = strawberry.field(description="The input request.")
    comment: str = strawberry.field(description="Why; later steps and people read it.")
    send_back: bool = strawberry.field(
        default=False, description="Go back to `InputRequest.sendBackTo` instead of stopping."
    )
    expected_version: int | None = strawberry.field(default=None, description=SEEN)


@strawberry.input(description="Many decisions at once, at most 100 in all.")
class DecideInputRequestsInput:
    submit: list[SubmitFormInput] | None = strawberry.field(default=None, description="What to answer.")
    reject: list[RejectInputRequestInput] | None = strawberry.field(default=None, description="What to refuse.")


@strawberry.type(description="It was done.")
class InputRequestActionSuccess:
    input_request: InputRequest = strawberry.field(description="As it is now.")
    process: Process = strawberry.field(description="As it stands now.")


InputRequestActionResult = Annotated[
    InputRequestActionSuccess
    | NotFoundError
    | ForbiddenError
    | ConflictError
    | PayloadInvalidError
    | AuthorCodeError
    | ServerError,
    strawberry.union("InputRequestActionResult", description="What came of it."),
]


@strawberry.type(description="A result for each, in order.")
class DecideInputRequestsResult:
    submitted: list[SubmitFormResult] = strawberry.field(description="Of each of `submit`.")
    rejected: list[InputRequestActionResult] = strawberry.field(description="Of each of `reject`.")


@strawberry.type
class InputRequestMutations:
    """Joined into Mutation."""

    @mutation(
        description="Answer an open input request. The last page's acceptance resumes the process, where no further "
        "approval is needed; an earlier page answers with the next one."
    )
    async def submit_form(
        self, info: Info, input: Annotated[SubmitFormInput, strawberry.argument(description="The answer.")]
    ) -> SubmitFormResult:
        return await _submitted(info, input)

    @mutation(description="Take a form, so that nobody else decides it meanwhile.")
    async def claim_input_request(
        self, info: Info, input: Annotated[ClaimInputRequestInput, strawberry.argument(description="Which one.")]
    ) -> InputRequestActionResult:
        id = uuid_or_nowhere(input.input_request_id)
        context = info.context
        verb = claim_input_request(
            context.runtime, context.principal, input_request_id=id, expected_version=input.expected_version
        )
        return await _acted(verb)

    @mutation(description="Give a form back that was taken: one's own, or, with MANAGE_ENGINE, anybody's.")
    async def release_input_request(
        self, info: Info, input: Annotated[ReleaseInputRequestInput, strawberry.argument(description="Which one.")]
    ) -> InputRequestActionResult:
        id = uuid_or_nowhere(input.input_request_id)
        context = info.context
        verb = release_input_request(
            context.runtime, context.principal, input_request_id=id, expected_version=input.expected_version
        )
        return await _acted(verb)

    @mutation(description="Have another team answer a form.")
    async def assign_input_request(
        self, info: Info, input: Annotated[AssignInputRequestInput, strawberry.argument(description="Whose it is.")]
    ) -> InputRequestActionResult:
        verb = assign_input_request(
            info.context.runtime,
            info.context.principal,
            input_request_id=uuid_or_nowhere(input.input_request_id),
            assignee_key=input.assignee_key,
            expected_version=input.expected_version,
        )
        return await _acted(verb)

    @mutation(
        description="Refuse what is asked: stop, or go back where the step says so. A comment is required, and the "
        "form stays open without one."
    )
    async def reject_input_request(
        self, info: Info, input: Annotated[RejectInputRequestInput, strawberry.argument(description="The refusal.")]
    ) -> InputRequestActionResult:
        return await _rejected(info, input)

    @mutation(description="Up to 100 decisions at once; a result for each, in order. One that fails stops no other.")
    async def decide_input_requests(
        self, info: Info, input: Annotated[DecideInputRequestsInput, strawberry.argument(description="What to decide.")]
    ) -> DecideInputRequestsResult:
        submitted, rejected = await decide_input_requests(
            info.context.principal,
            submit=[partial(_submitted, info, submission) for submission in input.submit or []],
            reject=[partial(_rejected, info, rejection) for rejection in input.reject or []],
            failed=_server_error,
            until=info.context.began + DECIDING,
        )
        return DecideInputRequestsResult(submitted=submitted, rejected=rejected)


def _server_error(error: Exception) -> ServerError:
    """The result for a decision that an unexpected error stopped; the other decisions go on."""
    error_id = masking.masked(error)["extensions"]["errorId"]
    code, message = _described(error)
    return ServerError(code=code, message=message, error_id=error_id)


def _described(error: Exception) -> tuple[ErrorCode, str]:
    match error:
        case TimeoutError():
            message = "This one took too long, and may have been done: look before you do it again."
            return ErrorCode.EXECUTION_TIMEOUT, message
        case StorageUnavailable():
            return ErrorCode.STORAGE_UNAVAILABLE, error.message
        case _:
            return ErrorCode.INTERNAL, "An internal error: the server's log says more."


async def _submitted(info: Info, input: SubmitFormInput) -> SubmitFormResult:
    context = info.context
    try:
        result = await submit_form(
            context.runtime,
            context.principal,
            input_request_id=uuid_or_nowhere(input.input_request_id),
            pages=list(input.pages),
            expected_version=input.expected_version,
            shown_digest=input.shown_digest,
            comment=input.comment,
            idempotency_key=input.idempotency_key,
            locale=context.locale,
        )
    except OrchestratorError as error:
        return typed(error)  # type: ignore[return-value]
    match result:
        case DecisionResult():
            request = InputRequest.of(result.request)
            return SubmitFormSuccess(input_request=request, process=Process.of(result.process))
        case forms.NextPage():
            return FormIncomplete(next_page=FormPage.of(result.page))
        case forms.PageInvalid():
            return FormInvalid.of(result)


async def _rejected(info: Info, input: RejectInputRequestInput) -> InputRequestActionResult:
    verb = reject_input_request(
        info.context.runtime,
        info.context.principal,
        input_request_id=uuid_or_nowhere(input.input_request_id),
        comment=input.comment,
        to_earlier_step=input.send_back,
        expected_version=input.expected_version,
    )
    return await _acted(verb)


async def _acted(verb: Awaitable[DecisionResult]) -> InputRequestActionResult:
    try:
        result = await verb
    except OrchestratorError as error:
        return typed(error)  # type: ignore[return-value]
    return InputRequestActionSuccess(input_request=InputRequest.of(result.request), process=Process.of(result.process))
