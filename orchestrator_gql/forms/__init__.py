"""The form wizard that the server owns: authors write pages, a turn says what is asked next.

wizard      one turn: the pages so far go in; the next page, field errors or the data come out
answers     one answer against its page          shown     one page as a client sees it
accepted    the answers that were taken, as JSON masks     what of it is hidden, and taken back
faults      pydantic's errors as field errors    schemas   its JSON Schema · hints  how to draw it
pages       the authors' words: FormPage, SubmitFormPage, ReadOnly
"""

from orchestrator_gql.forms.masks import Secrecy
from orchestrator_gql.forms.pages import FormPage, ReadOnly, SubmitFormPage
from orchestrator_gql.forms.shown import Page
from orchestrator_gql.forms.wizard import Complete, Form, NextPage, PageInvalid, Turn, turn

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
