"""What resolvers are handed: the server, who asks, and the loaders of this operation."""

import asyncio
import time
from dataclasses import dataclass, field

from strawberry.types import Info as StrawberryInfo

from orchestrator_gql.forms.errors import DEFAULT_LOCALE
from orchestrator_gql.graphql.loaders import Loaders
from orchestrator_gql.graphql.redaction import Redaction
from orchestrator_gql.reads.weight import Places, Weight, weighing
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Principal

EXECUTION_SECONDS = 30.0
"""How long a query or a mutation may take."""


@dataclass(slots=True)
class Context:
    """One operation's; ``peer`` is the address that it came from, ``locale`` the language of what is told of forms, and
    ``began`` when it came, by the monotonic clock.

    ``turn`` is the server's: one operation at a time has much redacted. ``reading`` is the server as those reads see it
    that are made for the answer: what they load counts for ``weight``. What a command reads for itself does not, so no
    decision fails because an answer is large.
    """

    runtime: Runtime
    principal: Principal
    peer: str | None = None
    locale: str = DEFAULT_LOCALE
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    places: Places = field(default_factory=Places)
    began: float = field(default_factory=time.monotonic)
    redacted: Redaction = field(init=False)
    weight: Weight = field(init=False)
    reading: Runtime = field(init=False)
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        settings = self.runtime.settings
        self.weight = Weight(settings.max_answer_bytes, self.places, largest=settings.max_callback_bytes)
        self.reading = weighing(self.runtime, self.weight)
        self.renew()

    def renew(self) -> None:
        """Forget what was loaded: the next batch of a subscription sees the rows as they are then."""
        self.loaders = Loaders(self.reading, self.principal)
        self.redacted = Redaction(self.runtime.redact, self.turn)


Info = StrawberryInfo[Context, None]
