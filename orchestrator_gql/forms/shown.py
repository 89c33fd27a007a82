"""Makes one page of a form as a client sees it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import rfc8785
from pydantic import BaseModel
from pydantic_forms.core.shared import get_form_meta

from orchestrator_gql.forms.hints import ui_schema
from orchestrator_gql.forms.masks import schema_shown
from orchestrator_gql.forms.schemas import Schema, page_schema
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.utils.json.secrets import Found
from orchestrator_gql.utils.secrets import NOTHING, Secrets

LONGEST_SHOWN = 100_000
"""Number of characters of a read-only text that a page shows. Nobody reads more, and each request would carry it."""

_NO_TITLE = "unknown"  # the title that the library gives to a page without a title
_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[_\W]+")


@dataclass(frozen=True, slots=True)
class Page:
    """The data that a client needs to draw one page.

    ``index`` is the number of pages accepted before. ``key`` is the name of the class in kebab-case. ``schema`` is JSON
    Schema 2020-12, ``ui_schema`` has hints for react-jsonschema-form. ``initial_data`` holds the initial values by key.
    ``is_confirmation`` is true if there is no field to fill in. ``digest`` is the SHA-256, in hex, of everything shown
    on this page and on the pages before.
    """

    index: int
    key: str
    title: str
    description: str
    schema: dict[str, Json]
    ui_schema: dict[str, Json]
    initial_data: dict[str, Json]
    submit_label: str
    has_next: bool
    is_confirmation: bool
    digest: str


def show(page: type[BaseModel], index: int, behind: str = "", secrets: Secrets = NOTHING) -> Page:
    """The page as a client sees it; raises ``StepError`` for a read-only field without a value.

    ``behind`` is the digest of the page before, empty for the first page. Masks replace the ``secrets`` and the secrets
    among the page's initial values.
    """
    check(page)
    words = [word for word in _WORD_BOUNDARY.split(page.__name__) if word] or ["Page"]
    title = _title(page, words)
    found_secrets = Found()
    schema = page_schema(page, found_secrets) | {"title": title}
    schema = schema_shown(schema, secrets.knowing(found_secrets.values))
    title = schema["title"]
    fields: dict[str, Schema] = schema["properties"]
    initial_data = {key: field["default"] for key, field in fields.items() if "default" in field}
    meta: Mapping[str, Json] = get_form_meta(page) or {}
    has_next = bool(meta.get("hasNext"))
    is_confirmation = all(field.get("readOnly") for field in fields.values())
    all_shown = {"title": title, "schema": schema, "initial_data": initial_data}
    digest = _digest({**all_shown, "behind": behind} if behind else all_shown)
    cut = {key: _cut(field["default"]) for key, field in fields.items() if _is_too_long(field)}
    shown = {key: {**field, "default": cut[key]} if key in cut else field for key, field in fields.items()}
    return Page(
        index=index,
        key="-".join(words).lower(),
        title=title,
        description=schema.get("description", ""),
        schema=schema | {"properties": shown} if cut else schema,
        ui_schema=ui_schema(schema),
        initial_data=initial_data | cut,
        submit_label=_own_label(page, meta) or _label(has_next=has_next, is_confirmation=is_confirmation),
        has_next=has_next,
        is_confirmation=is_confirmation,
        digest=digest,
    )


def _is_too_long(field: Schema) -> bool:
    """True only for read-only fields: an editable text would come back without its end."""
    text = field.get("default")
    return bool(field.get("readOnly")) and isinstance(text, str) and len(text) > LONGEST_SHOWN


def _cut(text: str) -> str:
    """The beginning of the text and the number of characters left out; the digest covers the whole text."""
    return f"{text[:LONGEST_SHOWN]}\n[… {len(text) - LONGEST_SHOWN:,} more characters]"


def check(page: type[BaseModel]) -> None:
    """Raise ``StepError`` for a read-only field without a value."""
    for name, field in page.model_fields.items():
        if field.frozen and field.is_required():
            message = f"{page.__name__}.{name} is read-only and has no value: give it a default."
            raise StepError(message, "form-definition")


def _title(page: type[BaseModel], words: list[str]) -> str:
    title = page.model_config.get("title")
    return title if title and title != _NO_TITLE else " ".join(words).capitalize()


def _own_label(page: type[BaseModel], meta: Mapping[str, Json]) -> str | None:
    button = (meta.get("customButtons") or {}).get("next") or {}
    label = getattr(page, "submit_label", None) or button.get("text")
    return label if isinstance(label, str) else None


def _label(*, has_next: bool, is_confirmation: bool) -> str:
    if is_confirmation:
        return "Confirm"
    return "Next" if has_next else "Submit"


def _digest(shown: Json) -> str:
    try:
        canonical = rfc8785.dumps(shown)
    except ValueError:  # RFC 8785 has no integers beyond 2**53, no NaN and no lone surrogates, but a page may show them
        canonical = json.dumps(shown, sort_keys=True, separators=(",", ":")).encode("ascii")
    return sha256(canonical).hexdigest()
