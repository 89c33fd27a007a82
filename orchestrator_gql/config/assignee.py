"""The assignee of an input request: the key of a team."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Assignee:
    """The key of the team that should answer, such as ``NOC``.

    ``Assignee.SYSTEM`` needs no configuration. The deployment gives the key a name and members; if a key has no
    members, everybody who may submit forms can answer. Any other key is ``Assignee("ACCESS-TEAM")``.
    """

    SYSTEM: ClassVar["Assignee"]
    NOC: ClassVar["Assignee"]
    CHANGES: ClassVar["Assignee"]
    KLANTSUPPORT: ClassVar["Assignee"]

    key: str

    def __str__(self) -> str:
        return self.key


SYSTEM = Assignee.SYSTEM = Assignee("SYSTEM")
# The other teams that workflows of this family name.
Assignee.NOC = Assignee("NOC")
Assignee.CHANGES = Assignee("CHANGES")
Assignee.KLANTSUPPORT = Assignee("KLANTSUPPORT")
