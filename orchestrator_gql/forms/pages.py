"""The base classes and field types with which authors write the pages of a form."""

from typing import Annotated, ClassVar, TypeAlias, TypeVar

from pydantic import ConfigDict, Field
from pydantic_forms.core import FormPage as LibraryFormPage
from pydantic_forms.types import FormMeta

T = TypeVar("T")

ReadOnly: TypeAlias = Annotated[T, Field(frozen=True, validate_default=False)]
"""A field that is shown but cannot be changed: ``result: ReadOnly[str] = state["result"]``.

The field needs a default. Its value is always the default: a value from a client is ignored.
"""


class FormPage(LibraryFormPage):
    """One page of a form that has a page after it.

    The title is ``model_config["title"]`` (or the class's ``Config.title``), otherwise it is made of the class name.
    The docstring is the description. Unknown fields are errors. Every turn builds the page again, so a default that
    changes (a clock, a random id) changes the digest each time: take such values from the state.
    """

    model_config = ConfigDict(extra="forbid")

    meta__: ClassVar[FormMeta | None] = {"hasNext": True}

    submit_label: ClassVar[str | None] = None
    """The text of the button; the default is *Confirm*, *Next* or *Submit*, depending on the page."""

    @classmethod
    def __pydantic_on_complete__(cls) -> None:
        """Build the class only once: the library builds it twice, to keep the defaults of read-only fields unvalidated.

        The default of a `ReadOnly` field is unvalidated from the start.
        """
        if all(field.validate_default is False for field in cls.model_fields.values() if field.frozen):
            cls.form_meta()  # raises for buttons that are declared twice
        else:
            super().__pydantic_on_complete__()


class SubmitFormPage(FormPage):
    """The last page of a form: its button submits."""

    meta__: ClassVar[FormMeta | None] = {"hasNext": False}
