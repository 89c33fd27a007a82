"""What is secret in a callback's result, by the contract that its wait was issued with, and in what it brings along."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks.rules import Callback, Delivery, Rejected
from orchestrator_gql.process import Process
from orchestrator_gql.storage import callbacks
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import FieldError
from orchestrator_gql.utils.json import encode
from orchestrator_gql.utils.json.secrets import Found, holds_marks, masked, place_of, places_in, value_at
from orchestrator_gql.utils.json.text import PREVIEW
from orchestrator_gql.utils.secrets import NOTHING, Secrets
from orchestrator_gql.workflow.model import AwaitStep


def of_letter(callback: Callback, letter: Json) -> Secrets:
    """What the contract of the callback marks as secret in a result."""
    if not holds_marks(callback.contract):
        return NOTHING
    found = Found()
    for each in places_in(callback.contract, letter):
        found.add(place_of(each), value_at(letter, place_of(each)))
    return Secrets.of(found)


def of_answers(
    conn: Connection, step: AwaitStep, taken: Sequence[Callback], polled: Mapping[UUID, Delivery | None]
) -> Secrets:
    """What is secret in the results of a wait, as its step puts them into the state."""
    marked = [callback for callback in taken if holds_marks(callback.contract)]
    results = callbacks.results(conn, marked) if marked else {}
    secrets = NOTHING
    for callback in taken:
        asked = polled.get(callback.id)
        own = asked.secrets if asked is not None else NOTHING
        own = own.also(of_letter(callback, results[callback.id])) if callback.id in results else own
        keys = (step.result_key,) if step.expect is None else (step.result_key, callback.name or "")
        secrets = secrets.also(own.under(*keys))
    return secrets


def preview_of(callback: Callback, delivery: Delivery, secrets: Secrets) -> str | None:
    """The beginning of a result without secrets, as lists and events show it; None where it knows of none."""
    own = of_letter(callback, delivery.payload).also(delivery.secrets)
    known = own.knowing(secrets.values)
    if not known:
        return None
    text = encode(known.shown(delivery.payload)) if own else encode(delivery.payload)
    return known.text(text[:PREVIEW])


def refusal_shown(refused: Rejected, secrets: Secrets) -> Rejected:
    """The refusal without secrets: places are named by the sender's own names."""
    return replace(refused, message=secrets.concealed(refused.message), errors=errors_shown(refused.errors, secrets))


def errors_shown(errors: Sequence[FieldError], secrets: Secrets) -> tuple[FieldError, ...]:
    """The errors without secrets in the names of their places."""
    return tuple(replace(each, path=tuple(secrets.concealed(list(each.path)))) for each in errors)


def body_shown(body: bytes, secrets: Secrets) -> bytes:
    """A body, or its beginning, without secrets."""
    if not secrets.values:
        return body
    return secrets.text(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def result_before(conn: Connection, process: Process, callback: Callback) -> tuple[Json, Json]:
    """The result that the callback has, and the same as it is shown; None where it has none."""
    if callback.payload_id is None:
        return None, None
    letter = callbacks.results(conn, [callback])[callback.id]
    known = process.secrets.also(of_letter(callback, letter))
    return letter, known.concealed(masked(letter, places_in(callback.contract, letter)))
