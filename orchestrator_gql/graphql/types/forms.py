"""One page of a form, what is wrong with an answer, and a form that is filled in."""

from typing import Annotated

import strawberry

from orchestrator_gql import forms
from orchestrator_gql.graphql.types.enums import ErrorCode
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.utils import errors
from orchestrator_gql.utils.json.redaction import Shape


@strawberry.interface(description="Implemented by every error member: select it, and new members break no client.")
class UserError:
    code: ErrorCode = strawberry.field(description="For programs.")
    message: str = strawberry.field(description="For people: what it was, and what was expected.")


@strawberry.type(description="What is wrong with one field.")
class FieldError:
    path: list[str] = strawberry.field(description="The keys from the root; list indexes as text.")
    pointer: str = strawberry.field(description="The same place as a JSON pointer (RFC 6901).")
    message: str = strawberry.field(description="For people.")
    type: str = strawberry.field(description="Machine-readable kind, such as `missing`.")
    context: JSON | None = strawberry.field(description="The limits that were broken, where there are any.")

    @classmethod
    def of(cls, error: errors.FieldError) -> "FieldError":
        context = dict(error.context) if error.context else None
        return cls(
            path=list(error.path), pointer=error.pointer, message=error.message, type=error.type, context=context
        )


@strawberry.type(description="One page of a form, to be shown.")
class FormPage:
    index: int = strawberry.field(description="0-based: the number of pages accepted so far.")
    key: str = strawberry.field(description="Names the page within its form.")
    title: str = strawberry.field(description="Its heading.")
    description: str | None = strawberry.field(description="A few words more, where its author gave some.")
    schema: JSON = strawberry.field(description="JSON Schema 2020-12 of the answer, self-contained.")
    ui_schema: JSON = strawberry.field(description="Presentation hints; renderers ignore what they do not know.")
    initial_data: JSON = strawberry.field(description="The values to begin with.")
    submit_label: str = strawberry.field(description="What the button says.")
    has_next: bool = strawberry.field(description="More pages are expected behind it.")
    is_confirmation: bool = strawberry.field(description="There is nothing to fill in: it only asks for a yes.")
    digest: str = strawberry.field(description="Of what is shown: schema, initial data, read-only content.")

    @classmethod
    def of(cls, page: forms.Page) -> "FormPage":
        return cls(
            index=page.index,
            key=page.key,
            title=page.title,
            description=page.description or None,
            schema=Shape(page.schema),
            ui_schema=Shape(page.ui_schema),
            initial_data=page.initial_data,
            submit_label=page.submit_label,
            has_next=page.has_next,
            is_confirmation=page.is_confirmation,
            digest=page.digest,
        )


@strawberry.type(description="A page was not accepted; nothing was stored.")
class FormInvalid(UserError):
    page_index: int = strawberry.field(description="Which of the pages that were sent.")
    errors: list[FieldError] = strawberry.field(description="What is wrong, field by field.")
    page: FormPage = strawberry.field(description="The page to show again.")

    @classmethod
    def of(cls, turn: forms.PageInvalid) -> "FormInvalid":
        return cls(
            code=ErrorCode.FORM_INVALID,
            message=errors.FormInvalid().message,
            page_index=turn.page_index,
            errors=[FieldError.of(error) for error in turn.errors],
            page=FormPage.of(turn.page),
        )


@strawberry.type(description="The form is filled in; sending the same pages again submits it.")
class FormComplete:
    data: JSON = strawberry.field(description="What the form contributes to the state.")
    pages: list[JSON] = strawberry.field(description="The accepted answers.")


FormResult = Annotated[
    FormPage | FormInvalid | FormComplete, strawberry.union("FormResult", description="One turn of a form.")
]


def form_result(turn: forms.Turn) -> FormPage | FormInvalid | FormComplete:
    """A turn as clients see it."""
    match turn:
        case forms.NextPage():
            return FormPage.of(turn.page)
        case forms.PageInvalid():
            return FormInvalid.of(turn)
        case forms.Complete():
            pages = turn.page_secrets.shown(list(turn.pages))
            return FormComplete(data=turn.secrets.shown(turn.data), pages=pages)
