"""Select the media type of a response (RFC 9110, section 12.5.1; GraphQL over HTTP, section 6.1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from orchestrator_gql.utils.quality_values import quality_values

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
EVENTS = "text/event-stream"

LONGEST_REMEMBERED = 256
"""Characters of a header whose result is remembered: most clients send one of a few."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The preferred media type, and whether the client accepts events: some accept them only for subscriptions."""

    media_type: str
    takes_events: bool

    @property
    def json_type(self) -> str:
        """The media type of a response that is not a stream."""
        return JSON if self.media_type == EVENTS else self.media_type


@dataclass(frozen=True, slots=True)
class _Range:
    media_type: str
    quality: float

    def covers(self, media_type: str) -> int:
        """How precisely the range matches the type: 0 not at all, 1 by ``*/*``, 2 by ``application/*``, 3 by name."""
        if self.media_type == media_type:
            return 3
        if self.media_type == media_type.partition("/")[0] + "/*":
            return 2
        return int(self.media_type == "*/*")


def negotiate(accept: str | None) -> Accepted | None:
    """The media types for the response; None if the client accepts none of ours.

    A client that accepts any type gets ``application/json``, which every client reads.

    >>> negotiate("application/json, application/graphql-response+json").media_type
    'application/graphql-response+json'
    >>> negotiate("*/*").media_type
    'application/json'
    >>> negotiate("text/html") is None
    True
    """
    wanted = accept or "*/*"
    return _remembered(wanted) if len(wanted) <= LONGEST_REMEMBERED else _negotiated(wanted)


def _negotiated(accept: str) -> Accepted | None:
    ranges = [_Range(media_type, quality) for media_type, quality in quality_values(accept)]
    wishes = {offered: _wish(ranges, offered) for offered in (GRAPHQL, JSON, EVENTS)}
    # Only a client that names the type gets a stream: the `*/*` of a browser does not count.
    candidates = [media_type for media_type in (GRAPHQL, JSON) if wishes[media_type][0] > 0]
    takes_events = wishes[EVENTS][0] > 0 and wishes[EVENTS][1] == 3
    if takes_events:
        candidates.append(EVENTS)
    if not candidates:
        return None
    # max() returns the first of equal entries: GraphQL's own type if the client names it, else plain JSON.
    return Accepted(max(_ordered(candidates, wishes[GRAPHQL][1]), key=wishes.__getitem__), takes_events)


_remembered = lru_cache(maxsize=64)(_negotiated)


def _ordered(candidates: list[str], named: int) -> Iterable[str]:
    return candidates if named == 3 else sorted(candidates, key=(JSON, GRAPHQL, EVENTS).index)


def _wish(ranges: list[_Range], media_type: str) -> tuple[float, int]:
    """The quality of the range that matches the type most precisely, and how precisely it matches."""
    closest = max(ranges, key=lambda range_: range_.covers(media_type), default=None)
    if closest is None or not closest.covers(media_type):
        return 0.0, 0
    return closest.quality, closest.covers(media_type)


def is_json(content_type: str | None) -> bool:
    """True for JSON in UTF-8, the only type of body that is read.

    >>> is_json("application/json; charset=utf-8"), is_json("application/json; charset=latin-1"), is_json(None)
    (True, False, False)
    """
    if content_type == JSON:
        return True
    media_type, *parameters = (piece.strip().lower() for piece in (content_type or "").split(";"))
    charsets = [
        value.strip('" ')
        for name, _, value in (parameter.partition("=") for parameter in parameters)
        if name == "charset"
    ]
    return media_type == JSON and all(charset in ("utf-8", "utf8") for charset in charsets)
