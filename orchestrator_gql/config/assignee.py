"""The teams and roles that answer forms."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Assignee:
    """Who should answer: a key, such as ``NOC``.

    ``Assignee("SYSTEM")`` works without any configuration. The deployment gives a key its name and its members; a key
    without configured members is open to everybody who may submit forms.
    """

    key: str

    def __str__(self) -> str:
        return self.key


SYSTEM = Assignee("SYSTEM")
