"""The result of a callback as a caller may see it: with masks in place of its secrets."""

from inspect import isawaitable

from orchestrator_gql.callbacks import rules
from orchestrator_gql.domain.differences import differences
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.storage.weight import weight_of_json
from orchestrator_gql.types import Json
from orchestrator_gql.utils.json import decode, encode
from orchestrator_gql.utils.json.secrets import holds_marks, masked, places_in
from orchestrator_gql.utils.secrets import NOTHING, Secrets

INLINE = 64 * 1024
"""The largest size in bytes of a result that is shown as JSON."""

RESULT = "result"
"""The beginning of each path in the differences of two results, which need not be objects."""


async def secrets_of(info: Info, row: rules.Callback) -> Secrets:
    """The known secrets of the callback's process."""
    return await info.context.loaders.secrets.load(row.process_id) or NOTHING


def without_secrets(secrets: Secrets, contract: Json, text: str) -> str:
    """A whole JSON text without the values that its contract marks and the known secrets of its process."""
    if not holds_marks(contract) and secrets.text(text) is text:
        return text
    value = decode(text)
    shown = _shown(secrets, contract, value)
    return text if shown is value else encode(shown)


async def result_of(info: Info, row: rules.Callback | None) -> Json | None:
    """The result as JSON; None if there is none or it is too large."""
    found = await _read(info, row)
    return None if found is None else found[0]


async def differences_of(info: Info, old: rules.Callback | None, new: rules.Callback) -> list[Json] | None:
    """The differences of two results; None if there is none to compare, or if a result is too large."""
    before, after = await _read(info, old), await _read(info, new)
    if before is None or after is None:
        return None
    # Before the comparison: a name such as `password` masks its value, and the differences have the names in paths.
    old_shown, new_shown = await _redacted(info, before[0]), await _redacted(info, after[0])
    return differences({RESULT: old_shown}, {RESULT: new_shown}, dict)


async def _redacted(info: Info, value: Json) -> Json:
    shown = info.context.redacted(value)
    return await shown if isawaitable(shown) else shown


async def _read(info: Info, row: rules.Callback | None) -> tuple[Json] | None:
    if row is None or row.payload_id is None or (row.result_bytes or 0) > INLINE:
        return None
    text = await info.context.loaders.payload.load(row.payload_id)
    if text is None:
        return None
    info.context.weight.load(weight_of_json(text))  # each field that reads it decodes it again
    return (_shown(await secrets_of(info, row), row.contract, decode(text)),)


def _shown(secrets: Secrets, contract: Json, value: Json) -> Json:
    """A result with masks in the places that its contract marks, and without the known secrets of its process."""
    places = places_in(contract, value) if holds_marks(contract) else ()
    return secrets.concealed(masked(value, places))
