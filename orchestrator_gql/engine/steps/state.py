"""Selects the part of the state that a step sees, and merges its result back into the whole state."""

import asyncio
import hashlib
from collections.abc import Collection, Mapping
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.process import Process
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import callbacks
from orchestrator_gql.types import Json
from orchestrator_gql.utils.author_demands import demand
from orchestrator_gql.utils.json import decode, encode
from orchestrator_gql.utils.json.equality import is_same
from orchestrator_gql.utils.json.stored import Stored
from orchestrator_gql.workflow.model import Step
from orchestrator_gql.workflow.step_options import Lens


class Focused(Protocol):
    """A step or a condition: it sees the state through its lenses."""

    @property
    def lenses(self) -> tuple[Lens, ...]:
        """The lenses, the outermost first."""
        ...


def focus(focused: Focused, state: Mapping[str, Json]) -> dict[str, Json]:
    """The part of the state that the step or condition sees."""
    view = dict(state)
    for lens in focused.lenses:
        view = lens.part_of(view)
    return view


def put_back(
    step: Step, state: Mapping[str, Json], visible: Mapping[str, Json], added: Mapping[str, Any]
) -> dict[str, Json]:
    """The changes of the whole state, if the step saw the part ``visible`` and added ``added`` to it."""
    if not step.lenses:
        return dict(added)
    views = [dict(state)]
    for lens in step.lenses[:-1]:
        views.append(lens.part_of(views[-1]))
    whole: dict[str, Json] = {**visible, **added}
    for lens, view in zip(reversed(step.lenses), reversed(views), strict=True):
        whole = lens.whole_of(view, whole)
    return {key: value for key, value in whole.items() if key not in state or not is_same(state[key], value)}


def has_large_values(state: Mapping[str, Json]) -> bool:
    """True if a value of the state is in a row of its own, so that `fetched` reads it."""
    return Stored in map(type, state.values())  # nothing inherits from it


async def fetched(
    runtime: Runtime, state: Mapping[str, Json], keys: Collection[str] | None = None
) -> Mapping[str, Json]:
    """The state with the large values of ``keys`` (None: all keys) loaded; the same object if there are none."""
    wanted = _wanted(state, keys)
    if not wanted:
        return state
    texts = await runtime.database.read(lambda conn: callbacks.texts(conn, list(wanted.values())))
    return await asyncio.to_thread(_filled, state, wanted, texts)


def fetched_now(conn: Connection, state: Mapping[str, Json]) -> Mapping[str, Json]:
    """Like `fetched`, inside a transaction and for all keys."""
    wanted = _wanted(state, None)
    return _filled(state, wanted, callbacks.texts(conn, list(wanted.values()))) if wanted else state


def through_lenses(conn: Connection, process: Process, step: Step, added: Mapping[str, Json]) -> dict[str, Json]:
    """The changes of the state if the step adds values through its lenses. Raises `AuthorRaised`.

    Lenses are authors' code, so the transaction demands what they return.
    """
    whole = fetched_now(conn, process.state)
    digest = hashlib.sha256(encode([whole, added]).encode()).digest()
    combined = demand(
        ("lenses", process.id, process.position, step.name, digest),
        lambda: put_back(step, whole, focus(step, whole), added),
        name=f"The lens of {step.name!r}",
    )
    return changed(process.state, whole, combined)


def changed(before: Mapping[str, Json], whole: Mapping[str, Json], delta: Mapping[str, Json]) -> dict[str, Json]:
    """The changes of a step without the large values that it returned unchanged: those stay in their own rows.

    ``whole`` is the state as the step saw it; ``before`` has references in place of the large values.
    """

    if not has_large_values(before):
        return {**delta}

    def is_kept(key: str, value: Json) -> bool:
        return isinstance(before.get(key), Stored) and is_same(whole[key], value)

    return {key: value for key, value in delta.items() if not is_kept(key, value)}


def _wanted(state: Mapping[str, Json], keys: Collection[str] | None) -> dict[str, UUID]:
    return {
        key: value.payload_id
        for key, value in state.items()
        if isinstance(value, Stored) and (keys is None or key in keys)
    }


def _filled(state: Mapping[str, Json], wanted: Mapping[str, UUID], texts: Mapping[UUID, str]) -> dict[str, Json]:
    return {**state, **{key: decode(texts[id]) for key, id in wanted.items()}}
