"""The keys under which a process stores the results of its conditions."""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator_gql.types import Json


@dataclass(frozen=True, slots=True)
class ConditionKey:
    """A condition: the ``position`` of the first step that it covers, and its ``depth`` there (0 is the outermost).

    >>> str(ConditionKey(position=3, depth=0))
    '3.0'
    """

    position: int
    depth: int

    def __str__(self) -> str:
        """The stored form of the key."""
        return f"{self.position}.{self.depth}"

    @classmethod
    def parse(cls, stored: str) -> "ConditionKey":
        """The key from its stored form.

        >>> ConditionKey.parse("3.0")
        ConditionKey(position=3, depth=0)
        """
        position, _, depth = stored.partition(".")
        return cls(int(position), int(depth))


def results_before(condition_results: Mapping[ConditionKey, bool], position: int) -> dict[ConditionKey, bool]:
    """The results of the steps before the position; the conditions from there on are called again."""
    return {key: result for key, result in condition_results.items() if key.position < position}


def to_stored(condition_results: Mapping[ConditionKey, bool]) -> dict[str, Json]:
    """The results as JSON, for the database."""
    return {str(key): result for key, result in condition_results.items()}


def from_stored(stored: Mapping[str, Json]) -> dict[ConditionKey, bool]:
    """The results from their stored JSON."""
    return {ConditionKey.parse(key): result for key, result in stored.items()}
