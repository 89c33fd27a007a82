"""Which condition of which step: the keys under which a process remembers what its conditions said."""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator_gql.types import Json


@dataclass(frozen=True, slots=True)
class ConditionKey:
    """A condition, by the ``position`` of the step that opens its run and by its ``depth`` there: 0 is the outermost.

    >>> str(ConditionKey(position=3, depth=0))
    '3.0'
    """

    position: int
    depth: int

    def __str__(self) -> str:
        """The key as it is stored."""
        return f"{self.position}.{self.depth}"

    @classmethod
    def parse(cls, stored: str) -> "ConditionKey":
        """The key of its stored form.

        >>> ConditionKey.parse("3.0")
        ConditionKey(position=3, depth=0)
        """
        position, _, depth = stored.partition(".")
        return cls(int(position), int(depth))


def answers_before(condition_results: Mapping[ConditionKey, bool], position: int) -> dict[ConditionKey, bool]:
    """The answers of the steps before the position; the conditions from there on will be asked again."""
    return {key: yes for key, yes in condition_results.items() if key.position < position}


def to_stored(condition_results: Mapping[ConditionKey, bool]) -> dict[str, Json]:
    """The answers as JSON, to be stored."""
    return {str(key): yes for key, yes in condition_results.items()}


def from_stored(stored: Mapping[str, Json]) -> dict[ConditionKey, bool]:
    """The answers of their stored JSON."""
    return {ConditionKey.parse(key): yes for key, yes in stored.items()}
