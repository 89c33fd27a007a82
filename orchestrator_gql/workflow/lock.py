"""The `lock=` of a workflow: which keys a process holds from its start to its end, and no other process with it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import StepError, WorkflowDefinitionError
from orchestrator_gql.utils.json.text import in_words
from orchestrator_gql.utils.names import demand_name
from orchestrator_gql.workflow.limits import demand_choice, demand_function
from orchestrator_gql.workflow.title import demand_template, titled, value_at

LockKeys: TypeAlias = str | Callable[..., Any]
OnLocked: TypeAlias = Literal["refuse", "queue"]

ON_LOCKED: tuple[OnLocked, ...] = get_args(OnLocked)

MOST_KEYS = 50
"""The most keys of one process: each is a row, and a lock of the transaction of its start."""

BAD_KEY = "bad-lock-key"
"""The code of the error of a start whose workflow makes no good key of its input."""


@dataclass(frozen=True, slots=True)
class Lock:
    """The lock of a workflow: ``keys`` is a template or a function, ``on_locked`` says what becomes of other starts."""

    keys: LockKeys
    on_locked: OnLocked


def lock_of(keys: LockKeys | None, on_locked: OnLocked, workflow: str) -> Lock | None:
    """Return the lock; raises `WorkflowDefinitionError` if it is no template and no function, or has no policy."""
    demand_choice(on_locked, ON_LOCKED, f"on_locked of workflow {workflow!r}")
    if keys is None:
        if on_locked != "refuse":
            example = "give it one, such as lock='node:{node}'"
            raise WorkflowDefinitionError(f"Workflow {workflow!r} has on_locked={on_locked!r} and no lock: {example}.")
        return None
    if callable(keys):
        demand_function(keys, f"lock of workflow {workflow!r}")
    else:
        demand_template(keys, f"lock of workflow {workflow!r}", "`node:{node}`")
    return Lock(keys, on_locked)


def key_of(template: str, values: Mapping[str, Json]) -> str:
    """Return the key that the template makes of the input; raises `StepError` if a field has no value.

    >>> key_of("node:{node}/{port.name}", {"node": "ams-1", "port": {"name": "ge-0/0/1"}})
    'node:ams-1/ge-0/0/1'
    """

    def text_of(name: str) -> str:
        value = value_at(dict(values), name)
        if value is None or isinstance(value, list | dict) or not (text := in_words(value)).strip():
            raise StepError(
                f"The lock {template!r} needs a text or a number for {name!r}: let the start form return one, or "
                "make the keys with a function.",
                BAD_KEY,
            )
        return text

    return titled(template, text_of)


def keys_of(result: Any) -> tuple[str, ...]:
    """Return the keys that the function of a lock returned, sorted; raises `StepError` if these are no keys.

    >>> keys_of(["node:b", "node:a", "node:b"])
    ('node:a', 'node:b')
    """
    if result is None:
        return ()
    keys = [result] if isinstance(result, str) else result
    if not isinstance(keys, list | tuple | set | frozenset):
        raise StepError(f"A lock is a text, a list of texts or None, and not {type(result).__name__}.", BAD_KEY)
    return tuple(sorted(set(_checked(keys))))


def _checked(keys: Iterable[Any]) -> Iterable[str]:
    found = list(keys)
    if len(found) > MOST_KEYS:
        raise StepError(f"A lock has at most {MOST_KEYS} keys, and this one has {len(found)}.", BAD_KEY)
    try:
        return [demand_name(key, "lock key") for key in found]
    except WorkflowDefinitionError as error:
        raise StepError(error.message, BAD_KEY) from None
