"""Masks in forms: put where secrets stand before a page is shown, and taken for what they hide when they come back.

A mask is never taken for a value. It stands for the original where it comes back at the place at which it was shown;
everywhere else, and where that is not certain, the field is refused: a secret that is guessed wrong is another's.
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
"""Characters beside a mask in a text that must be as they were shown."""

_WHOLE = (MASK, DISPLAY)
"""Masks of a whole value: ours, and pydantic's."""

_ABSENT = object()


def _as_it_is(value: Json) -> Json:
    return value


@dataclass(frozen=True, slots=True)
class Secrecy:
    """What a form does not show: the secrets of its process, and what the deployment hides (``redact``).

    ``approved`` are the pages that somebody approved already, with which those that others are shown begin.
    """

    secrets: Secrets = NOTHING
    redact: Callable[[Json], Json] = _as_it_is
    approved: Sequence[Json] = field(default=(), repr=False)

    def approved_at(self, index: int) -> dict[str, Json]:
        """What was approved of the page at that place."""
        page = self.approved[index] if index < len(self.approved) else None
        return page if isinstance(page, dict) else {}

    def shown(self, schema: Schema, values: dict[str, Json]) -> dict[str, Json]:
        """The values of a page, of that JSON Schema, without what the process knows to be secret."""
        shown: dict[str, Json] = self.secrets.concealed(masked(values, places_in(schema, values)))
        return shown


NO_SECRECY = Secrecy()


def schema_shown(schema: Schema, secrets: Secrets) -> Schema:
    """A page's JSON Schema with masks in the places of the secrets among its values."""
    definitions = {"$defs": schema["$defs"]} if "$defs" in schema else {}
    return {key: _shown_below(key, below, schema, definitions, secrets) for key, below in schema.items()}


def _shown_below(key: str, below: Json, schema: Schema, definitions: Schema, secrets: Secrets) -> Json:
    if key in _STRUCTURE:
        return below
    if key in VALUES:
        every = below if key == "examples" and isinstance(below, list) else [below]
        marked = [
            masked(one, [""] if is_marked(schema) else places_in({**schema, **definitions}, one)) for one in every
        ]
        return secrets.concealed(marked if every is below else marked[0])
    if key in _MAPS_OF_SCHEMAS and isinstance(below, dict):
        return {name: _nested(each, definitions, secrets) for name, each in below.items()}
    if isinstance(below, dict):
        return _nested(below, definitions, secrets)
    if isinstance(below, list):
        return [_nested(each, definitions, secrets) for each in below]
    return secrets.concealed(below) if isinstance(below, str) else below


def _nested(schema: Json, definitions: Schema, secrets: Secrets) -> Json:
    if not isinstance(schema, dict):
        return secrets.concealed(schema)
    return {key: _shown_below(key, below, schema, definitions, secrets) for key, below in schema.items()}


def holds_mask(value: Json) -> bool:
    """Whether a mask stands anywhere in what a client sent."""
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
    """What was sent, with the original in the place of each mask, and an error for each mask that hides nothing there.

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


def _is_same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _error(place: tuple[str, ...]) -> FieldError:
    path = tuple(clipped(key, MAX_KEY_LENGTH) for key in place)
    return FieldError(path, "This place shows a mask, which is no value: type the value anew.", "mask")


def _restored_object(
    sent: dict[str, Json], original: Any, shown: Any, place: tuple[str, ...], errors: list[FieldError]
) -> Json:
    before = original if isinstance(original, dict) else {}
    seen = shown if isinstance(shown, dict) else {}
    names = dict(zip(seen, before, strict=True)) if len(seen) == len(before) else {key: key for key in before}
    found: dict[str, Json] = {}
    for key, item in sent.items():
        name = names.get(key, key)
        if MASK in key and key not in before and key not in names:
            errors.append(_error((*place, key)))
            continue
        below = before.get(name, _ABSENT)
        found[name] = _restored(item, below, seen.get(key, _ABSENT), (*place, key), errors)
    return found


def _restored_list(
    sent: list[Json], original: Any, shown: Any, place: tuple[str, ...], errors: list[FieldError]
) -> Json:
    """Items by their places where at most one of them changed; else each by the only one that looked like it."""
    before = original if isinstance(original, list) else []
    seen = shown if isinstance(shown, list) and len(shown) == len(before) else [_ABSENT] * len(before)
    changed = sum(not _is_same(item, was) for item, was in zip(sent, seen, strict=False))
    in_place = len(sent) == len(before) and changed <= 1
    found: list[Json] = []
    for index, item in enumerate(sent):
        at = [index] if in_place else [n for n, was in enumerate(seen) if _is_same(item, was)]
        hidden, was = (before[at[0]], seen[at[0]]) if len(at) == 1 else (_ABSENT, _ABSENT)
        found.append(_restored(item, hidden, was, (*place, str(index)), errors))
    return found


def _restored_text(sent: str, original: Any, shown: Any) -> str | None:
    """The text with what its masks hide; None where that is not certain.

    A text was edited: that is certain if what stands around the masks is as it was, and either stands before one mask
    alone, or all changes are between two masks. Then none of them can have changed its place with another.
    """
    if not isinstance(original, str) or not isinstance(shown, str) or sent in _WHOLE:
        return None
    pieces, seen = sent.split(MASK), shown.split(MASK)
    hidden = _hidden(original, seen)
    changed = [index for index, (piece, was) in enumerate(zip(pieces, seen, strict=False)) if piece != was]
    if hidden is None or len(pieces) != len(seen) or (len(changed) > 1 and not _are_told_apart(seen)):
        return None
    if not all(_is_around(pieces[index], seen[index], index, len(pieces) - 1) for index in changed):
        return None
    return "".join(part for pair in zip(pieces, (*hidden, ""), strict=True) for part in pair)


def _is_around(piece: str, was: str, index: int, last: int) -> bool:
    """Whether a changed piece begins and ends, where a mask is beside it, as it was shown."""
    begins = index == 0 or piece.startswith(was[:1] or "\0")
    tail = _tail(was)
    return begins and (index == last or (bool(tail) and piece.endswith(tail)))


def _are_told_apart(seen: Sequence[str]) -> bool:
    tails = [_tail(piece) for piece in seen[:-1]]
    return len(set(tails)) == len(tails)


def _tail(piece: str) -> str:
    """What stands before a mask, on its line."""
    return piece[-_SURROUNDING:].rpartition("\n")[2]


def _hidden(original: str, seen: Sequence[str]) -> list[str] | None:
    """What each mask of a text hides; None where it could be read in two ways.

    It is read from either end, each time with masks that hide as little as they can: no search goes back, for a text of
    a megabyte may hold thousands of masks.
    """
    first = _read(original, seen)
    backwards = _read(original[::-1], [piece[::-1] for piece in reversed(seen)])
    return first if backwards is not None and first == [hidden[::-1] for hidden in reversed(backwards)] else None


def _read(original: str, seen: Sequence[str]) -> list[str] | None:
    begin, *between = seen
    if not original.startswith(begin) or not original.endswith(seen[-1]):
        return None
    found, at = list[str](), len(begin)
    for piece in between[:-1]:
        following = original.find(piece, at + 1)
        if following < 0:
            return None
        found.append(original[at:following])
        at = following + len(piece)
    end = len(original) - len(seen[-1])
    return [*found, original[at:end]] if between and end > at else None
