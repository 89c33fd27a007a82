"""The assignee of an input request: the key of a team."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Assignee:
    """The key of the team that should answer, such as ``NOC``.

    ``Assignee("SYSTEM")`` needs no configuration. The deployment gives the key a name and members; if a key has no
    members, everybody who may submit forms can answer.
    """

    key: str

    def __str__(self) -> str:
        return self.key


SYSTEM = Assignee("SYSTEM")
