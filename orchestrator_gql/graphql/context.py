"""The context of one operation, which every resolver gets: the runtime, the caller and the loaders."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from ipaddress import ip_address, ip_network
from typing import TypeAlias

from strawberry.types import Info as StrawberryInfo

from orchestrator_gql.authentication.guess_limiter import GuessLimiter
from orchestrator_gql.events.stream import Batch
from orchestrator_gql.forms.errors import DEFAULT_LOCALE
from orchestrator_gql.graphql.coroutines import Coroutines
from orchestrator_gql.graphql.document_queue import DocumentQueue
from orchestrator_gql.graphql.loaders import Loaders
from orchestrator_gql.graphql.redaction import Redaction
from orchestrator_gql.graphql.slow_lane import Pace, SlowLane
from orchestrator_gql.reads.weight import Places, Weight, weighing
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import LOCAL_OPERATOR, Principal
from orchestrator_gql.storage.events import EventFilter

EXECUTION_SECONDS = 30.0
"""The longest time that a query or a mutation may take."""

Source: TypeAlias = Callable[["Context", EventFilter], AsyncGenerator[Batch, None]]
"""Gives the batches of a subscription to events."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all operations of one server share.

    The holder of ``turn`` redacts large values, and who loads much waits for one of the ``places``. Large operations
    wait for the event loop in ``lane``, unknown documents in ``documents``. ``callback_guesses`` counts wrong callback
    tokens.
    """

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    places: Places = field(default_factory=Places)
    lane: SlowLane = field(default_factory=SlowLane)
    documents: DocumentQueue = field(default_factory=DocumentQueue)
    callback_guesses: GuessLimiter = field(default_factory=lambda: GuessLimiter(60))


@dataclass(slots=True)
class Context:
    """The context of one operation.

    ``peer`` is the network address of the client, ``locale`` the language of form messages, ``traceparent`` that of
    the request (see `utils.traces`), and ``began`` the start of the operation by the monotonic clock.
    ``last_event_id`` is the cursor of the last batch that a client of server-sent events received before it connected
    again, and ``cursor`` is the cursor of the batch that a subscription sends now.
    ``source`` replaces the event log as the source of a subscription to events. ``batches`` counts the batches that the
    subscription has begun to send, ``results`` the results that were made of them, and ``caught_up`` is that of the
    last batch. ``is_plain``: the subscription selects only values of the events themselves, which are equal for all
    callers with equal rights.
    ``coroutines`` has the coroutines of the operation that may not have begun.

    Reads for the response use ``reading``, so the rows that they load count for ``weight``. Reads of a command use
    ``runtime`` and do not count, so no decision fails because its response is large.
    """

    runtime: Runtime
    principal: Principal
    peer: str | None = None
    locale: str = DEFAULT_LOCALE
    shared: Shared = field(default_factory=Shared)
    traceparent: str | None = None
    last_event_id: str | None = None
    cursor: str | None = None
    began: float = field(default_factory=time.monotonic)
    source: Source | None = None
    batches: int = 0
    results: int = 0
    caught_up: bool = False
    is_plain: bool = False
    coroutines: Coroutines = field(default_factory=Coroutines)
    redacted: Redaction = field(init=False)
    weight: Weight = field(init=False)
    reading: Runtime = field(init=False)
    loaders: Loaders = field(init=False)
    pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        settings = self.runtime.settings
        self.pace = Pace(self.shared.lane, self.client)
        most, largest = settings.max_answer_bytes, settings.max_callback_bytes
        self.weight = Weight(most, self.shared.places, largest=largest, turn=self.pace.next_read)
        self.reading = weighing(self.runtime, self.weight)
        self.renew()

    @property
    def documents(self) -> DocumentQueue:
        """The queue for documents that the server does not know."""
        return self.shared.documents

    @property
    def client(self) -> tuple[str, str | None]:
        """Whose operation this is: the clients take turns with large operations.

        More addresses give nobody more turns: a person who has signed in is one client, and so is a network of IPv6.
        """
        has_signed_in = self.principal.credential != LOCAL_OPERATOR.credential
        return self.principal.id, None if has_signed_in else _network_of(self.peer)

    @property
    def is_in_step(self) -> bool:
        """True if the last result was made of the last batch; otherwise the position of the subscription is unknown.

        The libraries ask for a batch only after the result before.
        """
        return self.batches == self.results

    def maker(self) -> "MakeContext":
        """Makes contexts for the same caller with another source, or with none.

        It is small: a subscriber keeps it while it waits.
        """
        make = partial(Context, self.runtime, self.principal, self.peer, self.locale, self.shared, self.traceparent)
        return lambda source: make(source=source)

    def renew(self) -> None:
        """Make new loaders, so that the next batch of a subscription reads the current rows."""
        self.loaders = Loaders(self.reading, self.principal, self.pace)
        self.redacted = Redaction(self.runtime.redact, self.shared.turn)


@lru_cache(maxsize=1024)
def _network_of(peer: str | None) -> str | None:
    """The address, or the /64 network of an IPv6 address: one machine has all addresses of such a network."""
    try:
        address = ip_address(peer or "")
    except ValueError:  # no address of the internet, such as that of a test client
        return peer
    if address.version == 4 or address.ipv4_mapped is not None:
        return peer
    return str(ip_network((address.packed, 64), strict=False))


MakeContext: TypeAlias = Callable[[Source | None], Context]
"""Makes the context of one operation of a known caller."""

Info = StrawberryInfo[Context, None]
