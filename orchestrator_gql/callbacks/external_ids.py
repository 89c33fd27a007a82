"""Reads the external ids, a remote service's own names for its jobs, from the result of an action."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.utils.json.flaws import FORBIDDEN_CHARACTER

KEY = "remote_ref"
"""The key under which an action returns the external ids; it is never stored in the state."""

LONGEST = 255

Refs: TypeAlias = Mapping[str | None, str]
"""The external ids by callback name; the name is None if there is a single callback."""


def refs_in(result: Any, *, is_named: bool, where: str) -> Refs:
    """The external ids in the result of an action; raises `StepError` if they are not valid.

    >>> refs_in({"job_id": 7, "remote_ref": "7"}, is_named=False, where="Step 'Order'")
    {None: '7'}
    """
    value = result.get(KEY) if isinstance(result, Mapping) else None
    if value is None:
        return {}
    if isinstance(value, Mapping) is not is_named:
        kind = "a dict by the names of the callbacks" if is_named else "one text"
        raise StepError(f"{where} returned a {KEY} that is not {kind}.", "bad-remote-ref")
    refs = dict(value) if isinstance(value, Mapping) else {None: value}
    for ref in refs.values():
        if not isinstance(ref, str) or not 1 <= len(ref) <= LONGEST or FORBIDDEN_CHARACTER.search(ref) or "/" in ref:
            rule = f"it is a text of 1 to {LONGEST} whole characters, without a slash and without NUL."
            raise StepError(f"{where} returned {ref!r:.80} as {KEY}: {rule}", "bad-remote-ref")
    return refs
