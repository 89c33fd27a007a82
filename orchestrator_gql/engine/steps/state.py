"""What part of the state a step works on, and how what it made goes back."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import callbacks
from orchestrator_gql.types import Json
from orchestrator_gql.utils.json import decode
from orchestrator_gql.utils.json.stored import Stored
from orchestrator_gql.workflow.model import Step


def focus(step: Step, state: Mapping[str, Json]) -> dict[str, Json]:
    """The part of the state that the step sees."""
    seen = dict(state)
    for lens in step.lenses:
        seen = dict(lens.get(seen))
    return seen


def put_back(
    step: Step, state: Mapping[str, Json], seen: Mapping[str, Json], added: Mapping[str, Any]
) -> dict[str, Json]:
    """What the step adds to the whole state, having seen a part of it and added to that."""
    if not step.lenses:
        return dict(added)
    views = [dict(state)]
    for lens in step.lenses[:-1]:
        views.append(dict(lens.get(views[-1])))
    whole: dict[str, Json] = {**seen, **added}
    for lens, view in zip(reversed(step.lenses), reversed(views), strict=True):
        whole = dict(lens.set(view)(whole))
    return {key: value for key, value in whole.items() if key not in state or state[key] != value}


async def fetched(
    runtime: Runtime, state: Mapping[str, Json], keys: Collection[str] | None = None
) -> Mapping[str, Json]:
    """The state with the values of those keys (None: of all) in their places; the very same where none is stored."""
    wanted = _wanted(state, keys)
    if not wanted:
        return state
    texts = await runtime.database.read(lambda conn: callbacks.texts(conn, list(wanted.values())))
    return await asyncio.to_thread(_filled, state, wanted, texts)


def fetched_now(conn: Connection, state: Mapping[str, Json]) -> Mapping[str, Json]:
    """The same within a transaction, of all keys."""
    wanted = _wanted(state, None)
    return _filled(state, wanted, callbacks.texts(conn, list(wanted.values()))) if wanted else state


def changed(before: Mapping[str, Json], whole: Mapping[str, Json], delta: Mapping[str, Json]) -> dict[str, Json]:
    """What a step adds to the state without what it gave back as it was: that stays where it is stored.

    ``whole`` is the state as the step saw it, with the values that ``before`` keeps out of line.
    """

    def is_kept(key: str, value: Json) -> bool:
        return isinstance(before.get(key), Stored) and (whole[key] is value or whole[key] == value)

    return {key: value for key, value in delta.items() if not is_kept(key, value)}


def _wanted(state: Mapping[str, Json], keys: Collection[str] | None) -> dict[str, UUID]:
    return {
        key: value.payload_id
        for key, value in state.items()
        if isinstance(value, Stored) and (keys is None or key in keys)
    }


def _filled(state: Mapping[str, Json], wanted: Mapping[str, UUID], texts: Mapping[UUID, str]) -> dict[str, Json]:
    return {**state, **{key: decode(texts[id]) for key, id in wanted.items()}}
