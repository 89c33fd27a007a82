"""Checks the names and texts that authors give at import, so that every database can store them.

>>> demand_name("", "name of a step")
Traceback (most recent call last):
...
orchestrator_gql.utils.errors.WorkflowDefinitionError: The name of a step is blank, '': give it at least one visible \
character.
"""

from reprlib import Repr

from orchestrator_gql.utils.errors import WorkflowDefinitionError
from orchestrator_gql.utils.json.flaws import FORBIDDEN_CHARACTER

__all__ = ["LONGEST", "demand_name", "demand_text", "storable"]

LONGEST = 200
"""Characters of a name; an index of PostgreSQL takes at most 2,700 bytes."""


def demand_name(value: object, what: str, *, longest: int = LONGEST) -> str:
    """Return the name; raises `WorkflowDefinitionError` if it is no text, blank, too long, or cannot be stored.

    ``what`` says which name it is.
    """
    name = demand_text(value, what)
    if not name.strip():
        raise WorkflowDefinitionError(f"The {what} is blank, {_shown(name)}: give it at least one visible character.")
    if len(name) > longest:
        raise WorkflowDefinitionError(
            f"The {what}, {_shown(name)}, has {len(name):,} characters: shorten it to at most {longest}."
        )
    return name


def demand_text(value: object, what: str) -> str:
    """Return the text; raises `WorkflowDefinitionError` if it is no text, or if a database cannot store it."""
    if not isinstance(value, str):
        decorated = ", as the first argument of the decorator" if callable(value) else ""
        raise WorkflowDefinitionError(f"The {what} is {_shown(value)}: give it a text{decorated}.")
    found = FORBIDDEN_CHARACTER.search(value)
    if found is None:
        return value
    if found.group() == "\0":
        fault, fix = "a NUL character", "remove it"
    else:
        fault, fix = f"half of a character, U+{ord(found.group()):04X}", "write the whole character"
    raise WorkflowDefinitionError(f"The {what}, {_shown(value)}, holds {fault}, which a database cannot store: {fix}.")


def storable(text: str, *, longest: int = LONGEST) -> str:
    """Return the beginning of a text that an author's code made while it ran, without what cannot be stored."""
    return FORBIDDEN_CHARACTER.sub("\ufffd", text)[:longest]


def _shown(value: object) -> str:
    short = Repr()
    short.maxstring = short.maxother = 60
    return short.repr(value)
