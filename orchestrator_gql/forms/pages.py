"""The words in which authors write a form's pages."""

from typing import Annotated, ClassVar, TypeAlias, TypeVar

from pydantic import ConfigDict, Field
from pydantic_forms.core import FormPage as LibraryFormPage
from pydantic_forms.types import FormMeta

T = TypeVar("T")

ReadOnly: TypeAlias = Annotated[T, Field(frozen=True)]
"""A field that is shown and never asked: ``result: ReadOnly[str] = state["result"]``.

It needs a default. What a client sends for it is ignored; its value is the default, at every turn.
"""


class FormPage(LibraryFormPage):
    """One page of a form, with another one behind it.

    The title is ``model_config["title"]`` (or the class's ``Config.title``), else made of the class name; the
    docstring is the description. Unknown fields are errors. Every turn builds the page anew, so a default that
    differs each time (a clock, a random id) gives each showing another digest: take such values from the state.
    """

    model_config = ConfigDict(extra="forbid")

    meta__: ClassVar[FormMeta | None] = {"hasNext": True}

    submit_label: ClassVar[str | None] = None
    """What the button says; by default *Confirm*, *Next* or *Submit*, as fits the page."""


class SubmitFormPage(FormPage):
    """The last page of a form: its button submits."""

    meta__: ClassVar[FormMeta | None] = {"hasNext": False}
