"""What resolvers are handed: the server, who asks, and the loaders of this operation."""

from dataclasses import dataclass, field

from strawberry.types import Info as StrawberryInfo

from orchestrator_gql.forms.faults import DEFAULT_LOCALE
from orchestrator_gql.graphql.loaders import Loaders
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Principal


@dataclass(slots=True)
class Context:
    """One operation's; ``peer`` is the address that it came from, ``locale`` the language of what is told of forms."""

    runtime: Runtime
    principal: Principal
    peer: str | None = None
    locale: str = DEFAULT_LOCALE
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Forget what was loaded: the next batch of a subscription sees the rows as they are then."""
        self.loaders = Loaders(self.runtime, self.principal)


Info = StrawberryInfo[Context, None]
