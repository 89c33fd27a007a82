"""The types of a form: a page, a page with errors, and a completed form."""

from dataclasses import replace
from typing import Annotated

import strawberry

from orchestrator_gql import forms
from orchestrator_gql.forms.shown import LONGEST_SHOWN
from orchestrator_gql.graphql.types.enums import ErrorCode
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.utils import errors
from orchestrator_gql.utils.json.redaction import Shape


@strawberry.interface(
    description="The interface of every typed error. A client that selects it also understands errors that later "
    "releases add."
)
class UserError:
    code: ErrorCode = strawberry.field(description="The error code for programs.")
    message: str = strawberry.field(description="The message for people: what is wrong and what is expected.")


@strawberry.type(description="An error in one field.")
class FieldError:
    path: list[str] = strawberry.field(description="The keys from the root to the field; list indexes as text.")
    pointer: str = strawberry.field(description="The path as a JSON pointer (RFC 6901).")
    message: str = strawberry.field(description="The message for people.")
    type: str = strawberry.field(description="The kind of error for programs, such as `missing`.")
    context: JSON | None = strawberry.field(description="The limits that the value breaks; null if there are none.")

    @classmethod
    def of(cls, error: errors.FieldError) -> "FieldError":
        context = dict(error.context) if error.context else None
        return cls(
            path=list(error.path), pointer=error.pointer, message=error.message, type=error.type, context=context
        )


@strawberry.type(description="A read-only text of a page that is shown without its end.")
class FormCut:
    key: str = strawberry.field(description="The key of the field.")
    shown_length: int = strawberry.field(description="The number of characters that are shown.")
    total_length: int = strawberry.field(
        description="The length of the whole text in characters; `InputRequest.fieldText` returns it in parts."
    )
    total_bytes: int = strawberry.field(description="The size of the whole text in bytes.")


@strawberry.type(description="One page of a form.")
class FormPage:
    page: strawberry.Private[forms.Page]
    index: int = strawberry.field(
        description="The position of the page, counted from 0: the number of pages accepted so far."
    )
    key: str = strawberry.field(description="The name of the page within its form.")
    title: str = strawberry.field(description="The heading of the page.")
    description: str | None = strawberry.field(description="The description of the page; null if its author gave none.")
    schema: JSON = strawberry.field(
        description="The JSON Schema (2020-12) of the page; it refers to no other document. A field whose value is "
        "made anew each time has no `default`: send it as it was shown."
    )
    ui_schema: JSON = strawberry.field(
        description="Hints for the presentation. A client ignores hints that it does not know."
    )
    initial_data: JSON = strawberry.field(description="The initial values of the fields.")
    submit_label: str = strawberry.field(description="The label of the submit button.")
    has_next: bool = strawberry.field(description="True if more pages are expected after this page.")
    is_confirmation: bool = strawberry.field(
        description="True if the page has nothing to fill in and only asks for a confirmation."
    )
    digest: str = strawberry.field(
        description="The digest of the schema, the initial data and the read-only content of the page. `submitForm` "
        "takes it as `shownDigest`."
    )

    @classmethod
    def of(cls, page: forms.Page) -> "FormPage":
        return cls(
            page=page,
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

    @resolved(
        description="The read-only texts that are shown without their ends: at most 100,000 characters of each, or as "
        "many as `longestText` says. A note behind the text has the number of the others. Editable texts are whole."
    )
    def cuts(self) -> list[FormCut]:
        return [
            FormCut(
                key=key,
                shown_length=len(self.initial_data[key].rpartition("\n[… ")[0]),
                total_length=len(text),
                total_bytes=len(text.encode("utf-8", "surrogatepass")),
            )
            for key, text in self.page.whole.items()
        ]


@strawberry.type(description="A page of the form has errors; nothing was stored.")
class FormInvalid(UserError):
    page_index: int = strawberry.field(description="The position of the wrong page in `pages`, counted from 0.")
    errors: list[FieldError] = strawberry.field(description="The errors, one for each wrong field.")
    page: FormPage = strawberry.field(description="The wrong page, to show it again.")

    @classmethod
    def of(cls, turn: forms.PageInvalid) -> "FormInvalid":
        return cls(
            code=ErrorCode.FORM_INVALID,
            message=errors.FormInvalid().message,
            page_index=turn.page_index,
            errors=[FieldError.of(error) for error in turn.errors],
            page=FormPage.of(turn.page),
        )


@strawberry.type(
    description="All pages are accepted, but nothing is submitted yet. The mutation with the same pages submits them."
)
class FormComplete:
    data: JSON = strawberry.field(description="The values that the form adds to the state of the process.")
    pages: list[JSON] = strawberry.field(description="The accepted pages, in order.")


FormResult = Annotated[
    FormPage | FormInvalid | FormComplete,
    strawberry.union(
        "FormResult",
        description="The result of an evaluation of a form: the next page, the errors of a page, or the completed "
        "form.",
    ),
]


def cut_turn(turn: forms.Turn, longest: int | None) -> forms.Turn:
    """The turn, whose page shows at most so many characters of each read-only text."""
    if longest is None or isinstance(turn, forms.Complete):
        return turn
    return replace(turn, page=turn.page.cut_to(min(max(longest, 0), LONGEST_SHOWN)))


def form_result(turn: forms.Turn) -> FormPage | FormInvalid | FormComplete:
    """The GraphQL result of one evaluation of a form."""
    match turn:
        case forms.NextPage():
            return FormPage.of(turn.page)
        case forms.PageInvalid():
            return FormInvalid.of(turn)
        case forms.Complete():
            pages = turn.page_secrets.shown(list(turn.pages))
            return FormComplete(data=turn.secrets.shown(turn.data), pages=pages)
