"""Where the request that acts now came from: an audit entry takes its address and method from here."""

from contextvars import ContextVar
from dataclasses import dataclass

LONGEST = 200
"""Characters of an address that are stored; the longest IPv6 address has 45 without its zone."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The network address of the client, if there is one, and the method: the API and the credential of the request.

    The method is ``API/CREDENTIAL``: ``graphql`` or ``rest``, and ``api-token``, ``callback-token``, ``credential`` or
    ``signature`` of a remote service, or ``none`` on a server without sign-in.
    """

    address: str | None
    method: str


INTERNAL = Origin(None, "internal")
"""The origin of everything that no request caused: the engine acts, or code inside the server."""

_current: ContextVar[Origin] = ContextVar("origin", default=INTERNAL)


def current() -> Origin:
    """The origin of the request that this task, or the unit of a transaction, belongs to."""
    return _current.get()


class acting:
    """A context manager: audit entries that are written in the block have this origin.

    A block must not contain a ``yield`` of an async generator: its caller would get the origin too.
    """

    __slots__ = ("_origin", "_token")

    def __init__(self, address: str | None, method: str) -> None:
        self._origin = Origin(address[:LONGEST] if address else None, method)

    def __enter__(self) -> None:
        self._token = _current.set(self._origin)

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)
