"""Masks in forms: hides the secrets before a page is shown, and restores them when a client sends the masks back.

A mask is never accepted as a value. If a mask comes back at the place where it was shown, the original value replaces
it. In all other cases, and in every case of doubt, the field is refused: a wrong guess could put the secret of one
field into another.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator_gql.forms.errors import MAX_KEY_LENGTH, clipped
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import FieldError
from orchestrator_gql.utils.json.redaction import MASK, VALUES
from orchestrator_gql.utils.json.secrets import DISPLAY, is_marked, masked, places_in
from orchestrator_gql.utils.secrets import NOTHING, Secrets

Schema = dict[str, Any]

_STRUCTURE = frozenset({"$ref", "type", "format", "enum", "required", "pattern", "options"})
_MAPS_OF_SCHEMAS = frozenset({"properties", "patternProperties", "$defs"})
_SURROUNDING = 60
"""Number of characters beside a mask in a text that must not change."""

_WHOLE = (MASK, DISPLAY)
"""The masks of a whole value: our mask and pydantic's mask."""

_ABSENT = object()


def _as_it_is(value: Json) -> Json:
    return value


@dataclass(frozen=True, slots=True)
class Secrecy:
    """The values that a form hides: the secrets of its process, and what the deployment hides (``redact``).

    ``approved`` are the pages that somebody approved already. The next person sees their values in the fields.
    """

    secrets: Secrets = NOTHING
    redact: Callable[[Json], Json] = _as_it_is
    approved: Sequence[Json] = field(default=(), repr=False)

    def approved_at(self, index: int) -> dict[str, Json]:
        """The approved values of the page at this index; empty if there are none."""
        page = self.approved[index] if index < len(self.approved) else None
        return page if isinstance(page, dict) else {}

    def shown(self, schema: Schema, values: dict[str, Json]) -> dict[str, Json]:
        """The values of a page with this JSON Schema, with masks in the places of secrets."""
        shown: dict[str, Json] = self.secrets.concealed(masked(values, places_in(schema, values)))
        return shown


NO_SECRECY = Secrecy()


def schema_shown(schema: Schema, secrets: Secrets) -> Schema:
    """The JSON Schema of a page, with masks in the places of the secrets among its values."""
    definitions = {"$defs": schema["$defs"]} if "$defs" in schema else {}
    return {key: _shown_below(key, below, schema, definitions, secrets) for key, below in schema.items()}


def _shown_below(key: str, below: Json, schema: Schema, definitions: Schema, secrets: Secrets) -> Json:
    if key in _STRUCTURE:
        return below
    if key in VALUES:
        values = below if key == "examples" and isinstance(below, list) else [below]
        masked_values = [
            masked(value, [""] if is_marked(schema) else places_in({**schema, **definitions}, value))
            for value in values
        ]
        return secrets.concealed(masked_values if values is below else masked_values[0])
    if key in _MAPS_OF_SCHEMAS and isinstance(below, dict):
        return {name: _nested(schema_below, definitions, secrets) for name, schema_below in below.items()}
    if isinstance(below, dict):
        return _nested(below, definitions, secrets)
    if isinstance(below, list):
        return [_nested(schema_below, definitions, secrets) for schema_below in below]
    return secrets.concealed(below) if isinstance(below, str) else below


def _nested(schema: Json, definitions: Schema, secrets: Secrets) -> Json:
    if not isinstance(schema, dict):
        return secrets.concealed(schema)
    return {key: _shown_below(key, below, schema, definitions, secrets) for key, below in schema.items()}


def holds_mask(value: Json) -> bool:
    """True if a value from a client contains a mask anywhere."""
    match value:
        case str():
            return MASK in value or value == DISPLAY
        case dict():
            return any(MASK in key for key in value) or any(map(holds_mask, value.values()))
        case list():
            return any(map(holds_mask, value))
        case _:
            return False


def restored(sent: Json, original: Json, shown: Json) -> tuple[Json, tuple[FieldError, ...]]:
    """The sent value with the original in the place of each mask, and an error for each mask that hides nothing there.

    ``shown`` is the ``original`` as the client saw it.
    """
    errors: list[FieldError] = []
    return _restored(sent, original, shown, (), errors), tuple(errors)


def _restored(sent: Json, original: Any, shown: Any, place: tuple[str, ...], errors: list[FieldError]) -> Json:
    if not holds_mask(sent) or _is_same(sent, original):
        return sent
    if original is not _ABSENT and (_is_same(sent, shown) or (_is_whole(sent) and _is_whole(shown))):
        return original
    match sent:
        case str():
            text = _restored_text(sent, original, shown)
            if text is None:
                errors.append(_error(place))
            return sent if text is None else text
        case dict():
            return _restored_object(sent, original, shown, place, errors)
        case list():
            return _restored_list(sent, original, shown, place, errors)
        case _:
            return sent


def _is_whole(value: Any) -> bool:
    return isinstance(value, str) and value in _WHOLE


def _is_same(value: Any, other: Any) -> bool:
    return type(value) is type(other) and bool(value == other)


def _error(place: tuple[str, ...]) -> FieldError:
    path = tuple(clipped(key, MAX_KEY_LENGTH) for key in place)
    return FieldError(path, "The value is a mask: type the value again.", "mask")


def _restored_object(
    sent: dict[str, Json], original: Any, shown: Any, place: tuple[str, ...], errors: list[FieldError]
) -> Json:
    before = original if isinstance(original, dict) else {}
    shown_items = shown if isinstance(shown, dict) else {}
    names = (
        dict(zip(shown_items, before, strict=True)) if len(shown_items) == len(before) else {key: key for key in before}
    )
    result: dict[str, Json] = {}
    for key, item in sent.items():
        name = names.get(key, key)
        if MASK in key and key not in before and key not in names:
            errors.append(_error((*place, key)))
            continue
        below = before.get(name, _ABSENT)
        result[name] = _restored(item, below, shown_items.get(key, _ABSENT), (*place, key), errors)
    return result


def _restored_list(
    sent: list[Json], original: Any, shown: Any, place: tuple[str, ...], errors: list[FieldError]
) -> Json:
    """Match the items by index if at most one item changed; otherwise match each with the only equal shown item."""
    before = original if isinstance(original, list) else []
    shown_items = shown if isinstance(shown, list) and len(shown) == len(before) else [_ABSENT] * len(before)
    changed = sum(not _is_same(item, was) for item, was in zip(sent, shown_items, strict=False))
    in_place = len(sent) == len(before) and changed <= 1
    result: list[Json] = []
    for index, item in enumerate(sent):
        places = [index] if in_place else [position for position, was in enumerate(shown_items) if _is_same(item, was)]
        hidden, was = (before[places[0]], shown_items[places[0]]) if len(places) == 1 else (_ABSENT, _ABSENT)
        result.append(_restored(item, hidden, was, (*place, str(index)), errors))
    return result


def _restored_text(sent: str, original: Any, shown: Any) -> str | None:
    """The text with the original in the place of each mask; None if the original is not certain.

    The original is certain if the text around the masks did not change, and if either only one piece changed or the
    text before each mask is different. Then no mask can have changed places with another mask.
    """
    if not isinstance(original, str) or not isinstance(shown, str) or sent in _WHOLE:
        return None
    pieces, shown_pieces = sent.split(MASK), shown.split(MASK)
    hidden = _hidden(original, shown_pieces)
    changed = [index for index, (piece, was) in enumerate(zip(pieces, shown_pieces, strict=False)) if piece != was]
    if (
        hidden is None
        or len(pieces) != len(shown_pieces)
        or (len(changed) > 1 and not _are_distinguishable(shown_pieces))
    ):
        return None
    if not all(_is_around(pieces[index], shown_pieces[index], index, len(pieces) - 1) for index in changed):
        return None
    return "".join(part for pair in zip(pieces, (*hidden, ""), strict=True) for part in pair)


def _is_around(piece: str, was: str, index: int, last: int) -> bool:
    """True if a changed piece still begins and ends as it was shown, on each side that touches a mask."""
    begins = index == 0 or piece.startswith(was[:1] or "\0")
    tail = _tail(was)
    return begins and (index == last or (bool(tail) and piece.endswith(tail)))


def _are_distinguishable(shown_pieces: Sequence[str]) -> bool:
    tails = [_tail(piece) for piece in shown_pieces[:-1]]
    return len(set(tails)) == len(tails)


def _tail(piece: str) -> str:
    """The text before a mask, on the same line."""
    return piece[-_SURROUNDING:].rpartition("\n")[2]


def _hidden(original: str, shown_pieces: Sequence[str]) -> list[str] | None:
    """The hidden text of each mask; None if there are two possible solutions.

    The text is read from both ends, and each time the masks hide as little as possible. There is no backtracking: a
    text of a megabyte may hold thousands of masks.
    """
    first = _hidden_from_the_left(original, shown_pieces)
    backwards = _hidden_from_the_left(original[::-1], [piece[::-1] for piece in reversed(shown_pieces)])
    return first if backwards is not None and first == [hidden[::-1] for hidden in reversed(backwards)] else None


def _hidden_from_the_left(original: str, shown_pieces: Sequence[str]) -> list[str] | None:
    begin, *between = shown_pieces
    if not original.startswith(begin) or not original.endswith(shown_pieces[-1]):
        return None
    hidden, start = list[str](), len(begin)
    for piece in between[:-1]:
        following = original.find(piece, start + 1)
        if following < 0:
            return None
        hidden.append(original[start:following])
        start = following + len(piece)
    end = len(original) - len(shown_pieces[-1])
    return [*hidden, original[start:end]] if between and end > start else None
