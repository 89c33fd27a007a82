"""What clients are shown, without its secrets: little at once, and much of it in a thread.

A field's value is redacted before its scalar is written, as scalars are written without giving way:

    resolver ─▶ little, and not much yet in this operation ─▶ redacted at once ─────────────────────┐
            └─▶ else one batch of all that wait ─▶ a thread, one at a time for the whole server ─────┴─▶ scalar

One at a time, as every thread that computes takes its turn before the event loop gets its own: 5 ms each.
"""

import asyncio
from collections.abc import Awaitable
from functools import wraps
from inspect import isawaitable
from typing import Any, TypeVar, cast

from graphql import GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, get_named_type
from strawberry.dataloader import DataLoader

from orchestrator_gql.types import Json
from orchestrator_gql.utils.json.redaction import Redactor, Shape

T = TypeVar("T")

AT_ONCE = 16 * 1024
"""Characters that one operation has redacted before it gives way, some milliseconds' worth."""

_BATCH = 100
_NODE = 16
"""Characters that a number or a key counts as."""


class Shown:
    """A value that was redacted already: its scalar writes it as it is."""

    __slots__ = ("value",)

    def __init__(self, value: Json) -> None:
        self.value = value


class Whole(str):
    """The text of a whole JSON value."""

    __slots__ = ()


class Redaction:
    """One operation's; ``turn`` is the server's: whoever holds it uses the thread."""

    def __init__(self, redact: Redactor, turn: asyncio.Lock) -> None:
        self._redact = redact
        self._turn = turn
        self._left = AT_ONCE
        self._later: DataLoader[Json, Json] = DataLoader(self._in_a_thread, max_batch_size=_BATCH, cache=False)

    def __call__(self, value: T) -> T:
        """The value without its secrets, or something that the executor awaits for it."""
        if value is None:
            return value
        size = weight(value, self._left)
        if size > self._left:
            self._left = 0  # what is small may wait too: the thread gets all of it at once
            return cast("T", self._later.load(value))
        self._left -= size
        return cast("T", redacted(self._redact, value))

    async def _in_a_thread(self, values: list[Json]) -> list[Json]:
        async with self._turn:
            return await asyncio.to_thread(lambda: [_remembered(self._redact, value) for value in values])


def redacted(redact: Redactor, value: Json) -> Json:
    """The value without its secrets; a schema keeps its keys, as they name properties."""
    match value:
        case Shape():
            return redact.schema(value)
        case Whole():
            return redact.json_text(value)
        case _:
            return redact(value)


def _remembered(redact: Redactor, value: Json) -> Json:
    return redacted(redact, value) if isinstance(value, Shape | str) else redact.remembered(value)


def weight(value: Json, limit: int) -> int:
    """About how many characters the value has; not counted on behind the limit."""
    size = 0
    waiting = [value]
    while waiting and size <= limit:
        item = waiting.pop()
        if isinstance(item, str):
            size += len(item)
        elif isinstance(item, dict):
            size += _NODE * len(item)
            if size <= limit:
                waiting += item.values()
        elif isinstance(item, list | tuple):
            size += len(item)
            if size <= limit:
                waiting += item
        else:
            size += _NODE
    return size


def redact_before_writing(schema: GraphQLSchema, scalar: str) -> None:
    """Have each field of the scalar's type redacted by the operation's `Redaction`: no field can forget to."""
    for kind in schema.type_map.values():
        if not isinstance(kind, GraphQLObjectType):
            continue
        for field in kind.fields.values():
            if get_named_type(field.type).name == scalar and field.resolve is not None:
                field.resolve = _redacting(field.resolve, is_list=_is_list(field.type))


def _is_list(kind: Any) -> bool:
    return isinstance(kind.of_type if isinstance(kind, GraphQLNonNull) else kind, GraphQLList)


def _redacting(resolve: Any, *, is_list: bool) -> Any:
    def wrapped(value: Any) -> Any:
        if value is None:
            return None
        return [Shown(item) for item in value] if is_list else Shown(value)

    async def later(value: Awaitable[Any]) -> Any:
        return wrapped(await value)

    async def resolved_later(value: Awaitable[Any], redact: Redaction) -> Any:
        found = redact(await value)
        return wrapped(await found if isawaitable(found) else found)

    @wraps(resolve)
    def resolver(source: Any, info: Any, **arguments: Any) -> Any:
        value = resolve(source, info, **arguments)
        redact = getattr(info.context, "redacted", None)
        if redact is None:
            return value  # the scalar does it
        if isawaitable(value):
            return resolved_later(value, redact)
        found = redact(value)
        return later(found) if isawaitable(found) else wrapped(found)

    return resolver
