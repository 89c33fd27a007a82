"""Mutations on input requests."""

from typing import Annotated

import strawberry

from orchestrator_gql import forms
from orchestrator_gql.commands.input_requests.submit_form import Submitted, submit_form
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.errors import ConflictError, ForbiddenError, NotFoundError, typed
from orchestrator_gql.graphql.mutations.processes import FormIncomplete
from orchestrator_gql.graphql.types.filters import uuid_or_nowhere
from orchestrator_gql.graphql.types.forms import FormInvalid, FormPage
from orchestrator_gql.graphql.types.input_requests import InputRequest
from orchestrator_gql.graphql.types.processes import Process
from orchestrator_gql.graphql.types.resolving import mutation
from orchestrator_gql.graphql.types.scalars import Json
from orchestrator_gql.utils.errors import OrchestratorError


@strawberry.input(description="The answers to an open input request, all pages so far.")
class SubmitFormInput:
    input_request_id: strawberry.ID = strawberry.field(description="The input request.")
    pages: list[Json] = strawberry.field(description="The answers, page by page.")
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


@strawberry.type(description="It was decided; the process goes on.")
class SubmitFormSuccess:
    input_request: InputRequest = strawberry.field(description="As decided.")
    process: Process = strawberry.field(description="As it stands now.")


SubmitFormResult = Annotated[
    SubmitFormSuccess | FormIncomplete | FormInvalid | NotFoundError | ForbiddenError | ConflictError,
    strawberry.union("SubmitFormResult", description="What came of an answer."),
]


@strawberry.type
class InputRequestMutations:
    """Joined into Mutation."""

    @mutation(
        description="Answer an open input request. The last page's acceptance resumes the process; "
        "an earlier page answers with the next one."
    )
    async def submit_form(
        self, info: Info, input: Annotated[SubmitFormInput, strawberry.argument(description="The answer.")]
    ) -> SubmitFormResult:
        context = info.context
        try:
            said = await submit_form(
                context.runtime,
                context.principal,
                input_request_id=uuid_or_nowhere(input.input_request_id),
                pages=list(input.pages),
                expected_version=input.expected_version,
                shown_digest=input.shown_digest,
                comment=input.comment,
                idempotency_key=input.idempotency_key,
            )
        except OrchestratorError as error:
            return typed(error)  # type: ignore[return-value]
        match said:
            case Submitted():
                request = InputRequest.of(said.request)
                return SubmitFormSuccess(input_request=request, process=Process.of(said.process))
            case forms.NextPage():
                return FormIncomplete(next_page=FormPage.of(said.page))
            case forms.PageInvalid():
                return FormInvalid.of(said)
