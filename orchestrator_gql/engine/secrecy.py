"""Finds and hides secrets in the result of a callback, by the contract that it was issued with, and in digests."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks.rules import Callback, Delivery, Rejected
from orchestrator_gql.process import Process
from orchestrator_gql.storage import callbacks
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import FieldError
from orchestrator_gql.utils.json import canonical, encode
from orchestrator_gql.utils.json.secrets import Found, holds_marks, masked, place_of, places_in, value_at
from orchestrator_gql.utils.json.text import PREVIEW
from orchestrator_gql.utils.secrets import NOTHING, Secrets
from orchestrator_gql.workflow.model import AwaitStep

LARGEST_SEARCHED = 64 * 1024
"""Characters of the largest value in which secrets are masked before its digest is made: a request waits for it."""


def digest_of(value: Json, secrets: Secrets) -> str | None:
    """The SHA-256, in hex, of the value as canonical JSON, for the audit log: of its masks if it has secrets.

    A reader of the log knows the rest of the value, so a digest of it with its secret would tell each short secret: a
    computer tries all PINs in a second. None if the value has secrets and is too large to mask them.
    """
    text = canonical(value)
    if secrets:
        if len(text) > LARGEST_SEARCHED:
            return None
        text = canonical(secrets.shown(value))
    return hashlib.sha256(text).hexdigest()


def delivery_digest_of(callback: Callback, delivery: Delivery, secrets: Secrets) -> str | None:
    """As `digest_of`, of a delivery: its own digest if neither it nor the process, which has ``secrets``, has any."""
    known = of_payload(callback, delivery.payload).also(delivery.secrets).knowing(secrets.values)
    return digest_of(delivery.payload, known) if known else delivery.digest


def of_payload(callback: Callback, payload: Json) -> Secrets:
    """The values that the contract of the callback marks as secret in a payload."""
    if not holds_marks(callback.contract):
        return NOTHING
    found = Found()
    for marked in places_in(callback.contract, payload):
        found.add(place_of(marked), value_at(payload, place_of(marked)))
    return Secrets.of(found)


def of_results(
    conn: Connection,
    step: AwaitStep,
    with_result: Sequence[Callback],
    polled: Mapping[UUID, Delivery | None],
    new: Mapping[UUID, Json],
) -> Secrets:
    """The secrets in the results of a wait, at the places where its step puts the results into the state.

    ``new`` are the results that are not stored yet, by callback id.
    """
    marked = [callback for callback in with_result if holds_marks(callback.contract)]
    results = {callback.id: new[callback.id] for callback in marked if callback.id in new}
    if stored := [callback for callback in marked if callback.id not in new]:
        results |= callbacks.results(conn, stored)
    secrets = NOTHING
    for callback in with_result:
        delivery = polled.get(callback.id)
        own = delivery.secrets if delivery is not None else NOTHING
        own = own.also(of_payload(callback, results[callback.id])) if callback.id in results else own
        keys = (step.result_key,) if callback.name is None else (step.result_key, callback.name)
        secrets = secrets.also(own.under(*keys))
    return secrets


def preview_of(callback: Callback, delivery: Delivery, secrets: Secrets) -> str | None:
    """The beginning of a result without its secrets, for lists and events; None if no secret is known."""
    own = of_payload(callback, delivery.payload).also(delivery.secrets)
    known = own.knowing(secrets.values)
    if not known:
        return None
    text = encode(known.shown(delivery.payload)) if own else encode(delivery.payload)
    return known.text(text[:PREVIEW])


def refusal_shown(refused: Rejected, secrets: Secrets) -> Rejected:
    """The refusal without secrets: the paths of its errors contain names that the sender chose."""
    return replace(refused, message=secrets.concealed(refused.message), errors=errors_shown(refused.errors, secrets))


def errors_shown(errors: Sequence[FieldError], secrets: Secrets) -> tuple[FieldError, ...]:
    """The errors without secrets in their paths."""
    return tuple(replace(error, path=tuple(secrets.concealed(list(error.path)))) for error in errors)


def body_shown(body: bytes, secrets: Secrets) -> bytes:
    """The body of a request, or the beginning of it, without secrets."""
    if not secrets.values:
        return body
    return secrets.text(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def result_before(conn: Connection, process: Process, callback: Callback) -> tuple[Json, Json]:
    """The stored result of the callback and the same result without secrets; both None if it has no result."""
    if callback.payload_id is None:
        return None, None
    payload = callbacks.results(conn, [callback])[callback.id]
    known = process.secrets.also(of_payload(callback, payload))
    return payload, known.concealed(masked(payload, places_in(callback.contract, payload)))
