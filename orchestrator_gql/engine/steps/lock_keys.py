"""Makes the keys of a workflow's lock of the input of a start."""

import re
from collections.abc import Iterable, Iterator

from orchestrator_gql.engine.steps import calls
from orchestrator_gql.engine.steps.arguments import bound_at_start
from orchestrator_gql.engine.steps.execution import values_of_start
from orchestrator_gql.engine.steps.failures import in_request
from orchestrator_gql.forms import Complete
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Principal
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.utils.json.secrets import texts_in
from orchestrator_gql.workflow.lock import BAD_KEY, LockKeys, key_of, keys_of
from orchestrator_gql.workflow.model import Workflow


async def lock_keys(runtime: Runtime, workflow: Workflow, principal: Principal, turn: Complete) -> tuple[str, ...]:
    """The keys that a process of the workflow with this input must hold, sorted; none without a lock.

    Raises `AuthorCodeFailed` if the input makes no good key, or a key that shows a secret: people see the keys.
    """
    if workflow.lock is None:
        return ()
    what = f"The lock of workflow {workflow.name!r}"
    with in_request(what):
        keys = await _keys(runtime, what, workflow.lock.keys, workflow, principal, turn)
        masked = tuple(_masked(turn.data, runtime.redact(turn.secrets.shown(turn.data))))
        secrets = turn.secrets.knowing(masked)
        if any(secrets.concealed(key) != key or _holds_word(key, masked) for key in keys):
            raise StepError("A key would show a secret: make it of other values.", BAD_KEY)
        return keys


def _masked(value: Json, shown: Json) -> Iterator[str]:
    """The texts and numbers of the input that are shown to nobody, because of their types or of their names."""
    if isinstance(value, dict) and isinstance(shown, dict):
        for key, item in value.items():
            yield from _masked(item, shown.get(key))
    elif isinstance(value, list) and isinstance(shown, list):
        for item, shown_item in zip(value, shown, strict=True):
            yield from _masked(item, shown_item)
    elif value != shown:
        yield from texts_in(value)


def _holds_word(key: str, texts: Iterable[str]) -> bool:
    """True if one of the texts is a word of the key. `Secrets` does not look for a short text within another text."""
    return any(re.search(rf"(?<!\w){re.escape(text)}(?!\w)", key) for text in texts)


async def _keys(
    runtime: Runtime, what: str, lock: LockKeys, workflow: Workflow, principal: Principal, turn: Complete
) -> tuple[str, ...]:
    if not callable(lock):
        key, shown = key_of(lock, turn.data), key_of(lock, runtime.redact(turn.secrets.shown(turn.data)))
        if key != shown:
            raise StepError("A key would show a secret: make it of other values.", BAD_KEY)
        return keys_of(key)
    function = await bound_at_start(runtime, lock, turn.data, values_of_start(workflow, principal))
    return await calls.for_person(runtime, what, lock).call(function, {}, keys_of)
