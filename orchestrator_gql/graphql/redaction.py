"""Remove secrets from the values of a response: small values at once, large values in a thread.

A value is redacted before its scalar is written, because the scalars are written without a pause for the event loop:

    resolver ─▶ small, and little so far in this operation ─▶ redacted at once ──────────────┐
            └─▶ else a batch of all waiting values ─▶ a thread, one for the whole server ─────┴─▶ scalar

Only one thread runs at a time, because each computing thread can delay the event loop by 5 ms.
"""

import asyncio
from collections.abc import Awaitable
from functools import cached_property, wraps
from inspect import isawaitable
from typing import Any, TypeVar, cast

from graphql import GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, get_named_type
from strawberry.dataloader import DataLoader

from orchestrator_gql.types import Json
from orchestrator_gql.utils.json.redaction import Redactor, Shape

T = TypeVar("T")

AT_ONCE = 16 * 1024
"""Characters that one operation redacts at once, which takes some milliseconds; the rest waits for the thread."""

_BATCH = 100
_NODE = 16
"""The characters that a number or a key counts for."""


class Shown:
    """A value that is already redacted: its scalar writes it unchanged."""

    __slots__ = ("value",)

    def __init__(self, value: Json) -> None:
        self.value = value


class Whole(str):
    """The text of a whole JSON value."""

    __slots__ = ()


class Redaction:
    """Redacts the values of one operation; all operations share ``turn``, and its holder uses the thread."""

    def __init__(self, redact: Redactor, turn: asyncio.Lock) -> None:
        self._redact = redact
        self._turn = turn
        self._left = AT_ONCE

    @cached_property
    def _later(self) -> DataLoader[Json, Json]:
        return DataLoader(self._in_a_thread, max_batch_size=_BATCH, cache=False)

    def __call__(self, value: T) -> T:
        """The value without its secrets, or an awaitable of it for the executor."""
        if value is None:
            return value
        size = weight(value, self._left)
        if size > self._left:
            self._left = 0  # small values wait from now on, too: the thread gets all of them at once
            return cast("T", self._later.load(value))
        self._left -= size
        return cast("T", redacted(self._redact, value))

    async def _in_a_thread(self, values: list[Json]) -> list[Json]:
        async with self._turn:
            return await asyncio.to_thread(lambda: [_remembered(self._redact, value) for value in values])


def redacted(redact: Redactor, value: Json) -> Json:
    """The value without its secrets; a schema keeps its keys, because they are names of properties."""
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
    """The approximate number of characters of the value; the count stops after the limit."""
    size = 0
    items = [value]
    while items and size <= limit:
        item = items.pop()
        if isinstance(item, str):
            size += len(item)
        elif isinstance(item, dict):
            size += _NODE * len(item)
            if size <= limit:
                items += item.values()
        elif isinstance(item, list | tuple):
            size += len(item)
            if size <= limit:
                items += item
        else:
            size += _NODE
    return size


def redact_before_writing(schema: GraphQLSchema, scalar: str) -> None:
    """Redact every field of the scalar with the `Redaction` of the operation, so that no field can be forgotten."""
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
        shown = redact(await value)
        return wrapped(await shown if isawaitable(shown) else shown)

    @wraps(resolve)
    def resolver(source: Any, info: Any, **arguments: Any) -> Any:
        value = resolve(source, info, **arguments)
        redact: Redaction = info.context.redacted
        if info.is_awaitable(value):  # it notes the coroutine, see `coroutines`
            return resolved_later(value, redact)
        shown = redact(value)
        return later(shown) if isawaitable(shown) else wrapped(shown)

    return resolver
