"""A remote service's own names for its jobs, as actions tell of them."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from orchestrator_gql.utils.errors import StepError

KEY = "remote_ref"
"""What an action returns them under; it never stands in the state."""

LONGEST = 255

Refs: TypeAlias = Mapping[str | None, str]
"""By the name of the callback; None where there is but one."""


def refs_in(result: Any, *, is_named: bool, where: str) -> Refs:
    """What an action's result says of its jobs' names; `StepError` where it says it wrongly.

    >>> refs_in({"job_id": 7, "remote_ref": "7"}, is_named=False, where="Step 'Order'")
    {None: '7'}
    """
    said = result.get(KEY) if isinstance(result, Mapping) else None
    if said is None:
        return {}
    if isinstance(said, Mapping) is not is_named:
        kind = "a dict by the names of the callbacks" if is_named else "one text"
        raise StepError(f"{where} returned a {KEY} that is not {kind}.", "bad-remote-ref")
    named = dict(said) if isinstance(said, Mapping) else {None: said}
    for ref in named.values():
        if not isinstance(ref, str) or not 1 <= len(ref) <= LONGEST or "\0" in ref or "/" in ref:
            told = f"it is a text of 1 to {LONGEST} characters, without a slash."
            raise StepError(f"{where} returned {ref!r:.80} as {KEY}: {told}", "bad-remote-ref")
    return named
