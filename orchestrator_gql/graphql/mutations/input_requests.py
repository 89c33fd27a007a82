"""Mutations on input requests."""

from functools import partial
from typing import Annotated

import strawberry

from orchestrator_gql import forms
from orchestrator_gql.commands.input_request_assignees import (
    assign_input_request,
    claim_input_request,
    release_input_request,
)
from orchestrator_gql.commands.input_requests import reject_input_request, submit_form
from orchestrator_gql.commands.many_decisions import decide_input_requests
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
    result_or_error,
)
from orchestrator_gql.graphql.mutations.processes import FormIncomplete, form_not_accepted
from orchestrator_gql.graphql.types.enums import ErrorCode
from orchestrator_gql.graphql.types.filters import uuid_or_nowhere
from orchestrator_gql.graphql.types.forms import FormInvalid
from orchestrator_gql.graphql.types.input_requests import InputRequest
from orchestrator_gql.graphql.types.processes import Process
from orchestrator_gql.graphql.types.resolving import mutation
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.utils.errors import StorageUnavailable

DECIDING = EXECUTION_SECONDS * 0.8
"""Seconds of an operation in which it makes decisions; the rest of its time is for the response."""

EXPECTED_VERSION = (
    "The version of the input request that the caller read. If it has changed since, ConflictError refuses the "
    "mutation. Null skips this check."
)


@strawberry.input(description="The input of `submitForm`: all pages so far.")
class SubmitFormInput:
    input_request_id: strawberry.ID = strawberry.field(description="The id of the input request.")
    pages: list[JSON] = strawberry.field(description="The submitted pages of the form, in order.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)
    shown_digest: str | None = strawberry.field(
        default=None,
        description="The `FormPage.digest` of the page that the user confirmed. If the page has changed since, "
        "ConflictError refuses the mutation. Null skips this check.",
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="A key that the caller chooses. A second call with the same key and the same pages returns the "
        "first result. Null: every call is a new one.",
    )
    comment: str | None = strawberry.field(
        default=None, description="A comment on the decision, at most 10,000 characters; null for none."
    )


@strawberry.type(description="The form was submitted. The process continues, unless more approvals are needed.")
class SubmitFormSuccess:
    input_request: InputRequest = strawberry.field(description="The input request in its current state.")
    process: Process = strawberry.field(description="The process in its current state.")

    @classmethod
    def of(cls, result: DecisionResult) -> "SubmitFormSuccess":
        return cls(input_request=InputRequest.of(result.request), process=Process.of(result.process))


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
    strawberry.union("SubmitFormResult", description="The result of `submitForm`."),
]


@strawberry.input(description="The input of `claimInputRequest`.")
class ClaimInputRequestInput:
    input_request_id: strawberry.ID = strawberry.field(description="The id of the input request.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)


@strawberry.input(description="The input of `releaseInputRequest`.")
class ReleaseInputRequestInput:
    input_request_id: strawberry.ID = strawberry.field(description="The id of the input request.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)


@strawberry.input(description="The input of `assignInputRequest`.")
class AssignInputRequestInput:
    input_request_id: strawberry.ID = strawberry.field(description="The id of the input request.")
    assignee_key: str = strawberry.field(description="The key of the team that should answer.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)


@strawberry.input(description="The input of `rejectInputRequest`.")
class RejectInputRequestInput:
    input_request_id: strawberry.ID = strawberry.field(description="The id of the input request.")
    comment: str = strawberry.field(
        description="The reason, which later steps and other people can read; it must not be empty."
    )
    send_back: bool = strawberry.field(
        default=False,
        description="True sends the process back to `InputRequest.sendBackTo`; false stops it. Default: false.",
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)


@strawberry.input(description="The input of `decideInputRequests`: at most 100 decisions in total.")
class DecideInputRequestsInput:
    submit: list[SubmitFormInput] | None = strawberry.field(
        default=None, description="The forms to submit; null for none."
    )
    reject: list[RejectInputRequestInput] | None = strawberry.field(
        default=None, description="The input requests to reject; null for none."
    )


@strawberry.type(description="The mutation was carried out.")
class InputRequestActionSuccess:
    input_request: InputRequest = strawberry.field(description="The input request in its current state.")
    process: Process = strawberry.field(description="The process in its current state.")

    @classmethod
    def of(cls, result: DecisionResult) -> "InputRequestActionSuccess":
        return cls(input_request=InputRequest.of(result.request), process=Process.of(result.process))


InputRequestActionResult = Annotated[
    InputRequestActionSuccess
    | NotFoundError
    | ForbiddenError
    | ConflictError
    | PayloadInvalidError
    | AuthorCodeError
    | ServerError,
    strawberry.union("InputRequestActionResult", description="The result of a mutation on an input request."),
]


@strawberry.type(description="The results of `decideInputRequests`, one for each decision.")
class DecideInputRequestsResult:
    submitted: list[SubmitFormResult] = strawberry.field(description="The results of `submit`, in the same order.")
    rejected: list[InputRequestActionResult] = strawberry.field(
        description="The results of `reject`, in the same order."
    )


@strawberry.type
class InputRequestMutations:
    """The mutations of input requests, a part of `Mutation`."""

    @mutation(
        description="Submit the form of an open input request. The accepted last page resumes the process if no more "
        "approvals are needed; an earlier page returns FormIncomplete with the next page, and a page with errors "
        "returns FormInvalid. It refuses an unknown input request (NotFoundError), a missing permission "
        "(ForbiddenError), a closed or changed input request or one that somebody else has claimed (ConflictError), a "
        "comment that is too long (PayloadInvalidError), a paused engine (EnginePausedError) and a failure in the "
        "code of the workflow's author (AuthorCodeError)."
    )
    async def submit_form(
        self,
        info: Info,
        input: Annotated[
            SubmitFormInput, strawberry.argument(description="The input request and the pages of its form.")
        ],
    ) -> SubmitFormResult:
        return await _submitted(info, input)

    @mutation(
        description="Claim an input request, so that nobody else can decide it. To claim it twice changes nothing. It "
        "refuses an unknown input request (NotFoundError), a missing permission (ForbiddenError), a closed or changed "
        "input request or one that somebody else has claimed (ConflictError)."
    )
    async def claim_input_request(
        self,
        info: Info,
        input: Annotated[ClaimInputRequestInput, strawberry.argument(description="The input request to claim.")],
    ) -> InputRequestActionResult:
        command = claim_input_request(
            info.context.runtime,
            info.context.principal,
            input_request_id=uuid_or_nowhere(input.input_request_id),
            expected_version=input.expected_version,
        )
        return await result_or_error(command, InputRequestActionSuccess.of, input.input_request_id)

    @mutation(
        description="Release a claimed input request. With MANAGE_ENGINE the caller can also release what another "
        "user has claimed. It refuses an unknown input request (NotFoundError), a missing permission "
        "(ForbiddenError), a closed or changed input request or one that somebody else has claimed (ConflictError), "
        "also one that nobody has claimed."
    )
    async def release_input_request(
        self,
        info: Info,
        input: Annotated[ReleaseInputRequestInput, strawberry.argument(description="The input request to release.")],
    ) -> InputRequestActionResult:
        command = release_input_request(
            info.context.runtime,
            info.context.principal,
            input_request_id=uuid_or_nowhere(input.input_request_id),
            expected_version=input.expected_version,
        )
        return await result_or_error(command, InputRequestActionSuccess.of, input.input_request_id)

    @mutation(
        description="Assign an input request to another team and release it. It refuses an unknown input request "
        "(NotFoundError), a missing permission (ForbiddenError), a closed or changed input request or one that "
        "somebody else has claimed (ConflictError). NotFoundError also refuses an unknown team."
    )
    async def assign_input_request(
        self,
        info: Info,
        input: Annotated[
            AssignInputRequestInput, strawberry.argument(description="The input request and its new team.")
        ],
    ) -> InputRequestActionResult:
        command = assign_input_request(
            info.context.runtime,
            info.context.principal,
            input_request_id=uuid_or_nowhere(input.input_request_id),
            assignee_key=input.assignee_key,
            expected_version=input.expected_version,
        )
        return await result_or_error(command, InputRequestActionSuccess.of, input.input_request_id)

    @mutation(
        description="Reject an open input request: the process stops, or goes back if `sendBack` is true. It refuses "
        "an unknown input request (NotFoundError), a missing permission (ForbiddenError), a closed or changed input "
        "request, one that somebody else has claimed or a step that cannot be rejected or sent back (ConflictError) "
        "and an empty comment (PayloadInvalidError)."
    )
    async def reject_input_request(
        self,
        info: Info,
        input: Annotated[RejectInputRequestInput, strawberry.argument(description="The input request and the reason.")],
    ) -> InputRequestActionResult:
        return await _rejected(info, input)

    @mutation(
        description="Submit and reject up to 100 input requests at once, each in its own transaction. Each decision "
        "has its own result; a failure does not stop the others. A missing permission or more than 100 decisions is a "
        "top-level error."
    )
    async def decide_input_requests(
        self,
        info: Info,
        input: Annotated[
            DecideInputRequestsInput,
            strawberry.argument(description="The forms to submit and the input requests to reject."),
        ],
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
            message = "This decision took too long and was perhaps stored: look at the form before you decide again."
            return ErrorCode.EXECUTION_TIMEOUT, message
        case StorageUnavailable():
            return ErrorCode.STORAGE_UNAVAILABLE, error.message
        case _:
            return ErrorCode.INTERNAL, "An internal error: the server's log says more."


async def _submitted(info: Info, input: SubmitFormInput) -> SubmitFormResult:
    context = info.context
    command = submit_form(
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
    return await result_or_error(command, _shown_decision, input.input_request_id)


def _shown_decision(
    result: DecisionResult | forms.NextPage | forms.PageInvalid,
) -> SubmitFormSuccess | FormIncomplete | FormInvalid:
    return SubmitFormSuccess.of(result) if isinstance(result, DecisionResult) else form_not_accepted(result)


async def _rejected(info: Info, input: RejectInputRequestInput) -> InputRequestActionResult:
    command = reject_input_request(
        info.context.runtime,
        info.context.principal,
        input_request_id=uuid_or_nowhere(input.input_request_id),
        comment=input.comment,
        to_earlier_step=input.send_back,
        expected_version=input.expected_version,
    )
    return await result_or_error(command, InputRequestActionSuccess.of, input.input_request_id)
