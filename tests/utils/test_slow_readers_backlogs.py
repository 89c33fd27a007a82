"""Clients that read too slowly are disconnected; the test sets the clock and the bytes that clients take."""

from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from orchestrator_gql.utils.slow_readers import PACE, Backlog, Limits, Reason, SlowReaders

LIMITS = Limits(total=1000, seconds=30)


@dataclass(slots=True)
class Client:
    """A client, the bytes that wait for it, and the bytes that it took."""

    buffered: int = 0
    taken: int = 0
    is_connected: bool = True

    def leave(self) -> None:
        """Lose the connection."""
        self.is_connected = False
        self.buffered = 0


class World:
    """Clients of one server."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.now = 0.0
        self.readers = SlowReaders(limits, lambda: self.now)
        self._backlogs: dict[int, Backlog] = {}
        self._held = ExitStack()

    def send(self, client: Client, size: int) -> None:
        """Add bytes that wait for the client."""
        backlog = self._backlogs.setdefault(
            id(client), Backlog(lambda: client.buffered, lambda: client.taken, client.leave)
        )
        client.buffered += size
        self.readers.note(backlog)

    def take(self, client: Client, size: int) -> None:
        """Let the client read."""
        client.buffered -= size
        client.taken += size

    def pass_by(self, seconds: int) -> None:
        """Let time pass; the server checks every second."""
        for _ in range(seconds):
            self.now += 1
            self.readers.sweep()

    def hold(self, client: Client, size: int) -> None:
        """Let another message wait for the transport."""
        self._held.enter_context(self.readers.holding(self._backlogs[id(client)], size))


def test_a_client_that_takes_nothing_is_disconnected_after_its_time() -> None:
    world, client = World(), Client()
    world.send(client, 100)

    world.pass_by(29)
    assert not world.readers.disconnected
    world.pass_by(1)

    assert (client.is_connected, world.readers.disconnected) == (False, {Reason.STALLED: 1})
    assert world.readers.bytes_waiting == 0


@pytest.mark.parametrize(("pace", "is_kept"), [(1, False), (PACE // 2, False), (2 * PACE, True)])
def test_a_client_must_keep_the_pace(pace: int, is_kept: bool) -> None:
    world, client = World(Limits(total=10**9)), Client()
    world.send(client, 10**7)

    for _ in range(95):
        world.pass_by(1)
        if client.is_connected:
            world.take(client, pace)

    assert client.is_connected is is_kept
    assert world.readers.disconnected == ({} if is_kept else {Reason.TOO_SLOW: 1})


def test_a_client_without_waiting_bytes_may_be_silent_for_any_time() -> None:
    world, client = World(), Client()
    world.send(client, 100)
    world.take(client, 100)

    world.pass_by(1000)
    world.send(client, 100)
    world.pass_by(29)

    assert client.is_connected


def test_the_slowest_clients_are_disconnected_first_when_too_much_waits_for_all() -> None:
    world = World()
    stalled, slow, quick = Client(), Client(), Client()
    for client in (stalled, slow, quick):
        world.send(client, 300)
    world.pass_by(1)
    world.take(slow, 10)
    world.pass_by(1)
    world.take(quick, 10)
    world.pass_by(1)

    world.send(newest := Client(), 400)
    assert [client.is_connected for client in (stalled, slow, quick, newest)] == [False, True, True, True]
    world.send(newer := Client(), 300)

    assert [client.is_connected for client in (slow, quick, newest, newer)] == [False, True, True, True]
    assert world.readers.disconnected == {Reason.CROWDED: 2}
    assert world.readers.bytes_waiting <= LIMITS.total


def test_one_client_may_have_half_of_the_bytes_or_any_single_message() -> None:
    world, client, other = World(), Client(), Client()
    world.send(client, 5000)
    assert not world.readers.disconnected

    world.hold(client, 1)
    assert world.readers.disconnected == {Reason.TOO_MUCH: 1}

    world.send(other, 300)
    world.hold(other, 100)
    assert world.readers.disconnected == {Reason.TOO_MUCH: 1}
    world.hold(other, 101)

    assert (other.is_connected, world.readers.disconnected) == (False, {Reason.TOO_MUCH: 2})


def test_a_disconnected_client_counts_once() -> None:
    world, client = World(), Client()
    world.send(client, 400)
    for _ in range(5):
        world.hold(client, 400)

    assert world.readers.disconnected == {Reason.TOO_MUCH: 1}
    assert world.readers.bytes_waiting == 0
