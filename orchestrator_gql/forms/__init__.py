"""The form wizard of the server: authors write the pages, and the wizard decides which page comes next.

wizard           runs a form for one turn       dialogue  decides the turn: the next page, field errors or the data
submitted_pages  validates one submitted page   shown     one page as a client sees it
accepted         the accepted pages as JSON     masks     hides secrets in pages, and restores them
errors           pydantic's errors as fields    schemas   the JSON Schema of a page
hints            how to draw a page             pages     FormPage, SubmitFormPage and ReadOnly
kept_pages       the pages that were just drawn schema_templates  the JSON Schemas of simple pages
submission_keys  the keys under which a page takes its values
"""

from orchestrator_gql.forms.dialogue import Complete, NextPage, PageInvalid, Turn
from orchestrator_gql.forms.masks import Secrecy
from orchestrator_gql.forms.pages import FormPage, ReadOnly, SubmitFormPage
from orchestrator_gql.forms.shown import Page
from orchestrator_gql.forms.wizard import Form, turn

__all__ = [
    "Complete",
    "Form",
    "FormPage",
    "NextPage",
    "Page",
    "PageInvalid",
    "ReadOnly",
    "Secrecy",
    "SubmitFormPage",
    "Turn",
    "turn",
]
