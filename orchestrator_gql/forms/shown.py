"""Makes one page of a form as a client sees it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from hashlib import sha256

from pydantic import BaseModel
from pydantic_forms.core.shared import get_form_meta

from orchestrator_gql.forms.hints import ui_schema
from orchestrator_gql.forms.masks import NO_SECRECY, Secrecy, schema_shown
from orchestrator_gql.forms.schema_templates import Schema
from orchestrator_gql.forms.schemas import page_schema, without_made_anew
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.utils.json import canonical
from orchestrator_gql.utils.json.secrets import Found
from orchestrator_gql.utils.json.text import beginning_of

LONGEST_SHOWN = 100_000
"""Number of characters of a read-only text that a page shows. Nobody reads more, and each request would carry it."""

LARGEST_HIDDEN = 64 * 1024
"""Bytes of the largest page of which values that are hidden by their names are looked for: a request waits for it."""

_NO_TITLE = "unknown"  # the title that the library gives to a page without a title
_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[_\W]+")


@dataclass(frozen=True, slots=True)
class Page:
    """The data that a client needs to draw one page.

    ``index`` is the number of pages accepted before. ``key`` is the name of the class in kebab-case. ``schema`` is JSON
    Schema 2020-12, ``ui_schema`` has hints for react-jsonschema-form. ``initial_data`` holds the initial values by key.
    ``is_confirmation`` is true if there is no field to fill in. ``digest`` is the SHA-256, in hex, of everything shown
    on this page and on the pages before. ``whole`` has the read-only texts that are cut. ``has_own_label`` is true if
    its author wrote the label of its button, ``has_own_title`` is false if the title is made of the name of the class.
    ``size`` is the bytes of all that is shown.
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
    whole: Mapping[str, str] = attribute(default_factory=dict, repr=False)
    size: int = attribute(default=0, compare=False, repr=False)
    has_own_label: bool = False
    has_own_title: bool = True

    @property
    def of_start(self) -> "Page":
        """The page in a start form: the button of its last page starts a process."""
        return self if self.has_next or self.has_own_label else replace(self, submit_label="Start")

    def cut_to(self, longest: int) -> "Page":
        """The page with at most so many characters of each read-only text; the digest covers the whole texts.

        Only read-only texts are cut: an editable text would come back without its end.
        """
        fields: dict[str, Schema] = self.schema["properties"]
        texts = {key: text for key in fields if (text := self.read_only_text(key)) is not None and len(text) > longest}
        if not texts:
            return self
        cut = {key: beginning_of(text, longest) for key, text in texts.items()}
        shown = {key: {**field, "default": cut[key]} if key in cut else field for key, field in fields.items()}
        return replace(
            self,
            schema=self.schema | {"properties": shown},
            initial_data=self.initial_data | cut,
            whole={**self.whole, **texts},
        )

    def read_only_text(self, key: str) -> str | None:
        """The whole text of a read-only field; None if the page has no such field, or its value is no text."""
        field = self.schema["properties"].get(key, {})
        text = self.whole.get(key, field.get("default")) if field.get("readOnly") else None
        return text if isinstance(text, str) else None


def show(page: type[BaseModel], index: int, behind: str = "", secrecy: Secrecy = NO_SECRECY) -> Page:
    """The page as a client sees it; raises ``StepError`` for a read-only field without a value.

    ``behind`` is the digest of the page before, empty for the first page. Masks replace the secrets of the process and
    those among the page's initial values. What the deployment hides by its name is masked later, in the response.
    """
    check(page)
    words = [word for word in _WORD_BOUNDARY.split(page.__name__) if word] or ["Page"]
    title = _title(page, words)
    found_secrets = Found()
    schema = page_schema(page, found_secrets) | {"title": title}
    schema = schema_shown(schema, secrecy.secrets.knowing(found_secrets.values))
    title = schema["title"]
    fields: dict[str, Schema] = schema["properties"]
    initial_data = {key: field["default"] for key, field in fields.items() if "default" in field}
    schema = without_made_anew(schema)
    fields = schema["properties"]
    meta: Mapping[str, Json] = get_form_meta(page) or {}
    has_next = bool(meta.get("hasNext"))
    is_confirmation = all(field.get("readOnly") for field in fields.values())
    own_label = _own_label(page, meta)
    all_shown = {"title": title, "schema": schema, "initial_data": initial_data}
    written = _canonical({**all_shown, "behind": behind} if behind else all_shown)
    hidden = secrecy.redact(initial_data) if len(written) <= LARGEST_HIDDEN else initial_data
    return Page(
        index=index,
        key="-".join(words).lower(),
        title=title,
        description=schema.get("description", ""),
        schema=schema,
        ui_schema=ui_schema(schema),
        initial_data=initial_data,
        submit_label=own_label or _label(has_next=has_next, is_confirmation=is_confirmation),
        has_next=has_next,
        is_confirmation=is_confirmation,
        digest=sha256(written if hidden is initial_data else _hiding(all_shown, hidden, behind)).hexdigest(),
        size=len(written),
        has_own_label=own_label is not None,
        has_own_title=_own_title(page) is not None,
    ).cut_to(LONGEST_SHOWN)


def _hiding(all_shown: dict[str, Json], hidden: dict[str, Json], behind: str) -> bytes:
    """What the digest of the page covers, with these initial values: a digest of a hidden value would tell it."""
    schema = all_shown["schema"]
    properties = {
        key: {**field, "default": hidden[key]} if "default" in field and key in hidden else field
        for key, field in schema["properties"].items()
    }
    schema = {**schema, "properties": properties}
    return _canonical({**all_shown, "schema": schema, "initial_data": hidden, "behind": behind})


def check(page: type[BaseModel]) -> None:
    """Raise ``StepError`` for a read-only field without a value."""
    for name, field in page.model_fields.items():
        if field.frozen and field.is_required():
            message = f"{page.__name__}.{name} is read-only and has no value: give it a default."
            raise StepError(message, "form-definition")


def _title(page: type[BaseModel], words: list[str]) -> str:
    return _own_title(page) or " ".join(words).capitalize()


def _own_title(page: type[BaseModel]) -> str | None:
    title = page.model_config.get("title")
    return title if title and title != _NO_TITLE else None


def _own_label(page: type[BaseModel], meta: Mapping[str, Json]) -> str | None:
    button = (meta.get("customButtons") or {}).get("next") or {}
    label = getattr(page, "submit_label", None) or button.get("text")
    return label if isinstance(label, str) else None


def _label(*, has_next: bool, is_confirmation: bool) -> str:
    if is_confirmation:
        return "Confirm"
    return "Next" if has_next else "Submit"


def _canonical(shown: Json) -> bytes:
    try:
        return canonical(shown)
    except ValueError:  # RFC 8785 has no NaN and no lone surrogates, but a page may show them
        return json.dumps(shown, sort_keys=True, separators=(",", ":")).encode("ascii")
