"""The limiter counts misses by address and minute, forgets them, and holds a bounded number of addresses."""

import logging

import pytest

from orchestrator_gql.authentication.guess_limiter import ADDRESSES, WINDOW, GuessLimiter
from orchestrator_gql.utils.errors import Unauthenticated
from orchestrator_gql.utils.request_errors import RateLimited

WRONG = Unauthenticated()


class Hand:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def refusals(limiter: GuessLimiter, address: str | None, times: int) -> list[bool]:
    """For each miss, whether it was limited."""
    return [isinstance(limiter.refusal(address, WRONG), RateLimited) for _ in range(times)]


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7", None])
def test_misses_over_the_limit_are_limited_until_the_minute_is_over(address: str | None) -> None:
    hand = Hand()
    limiter = GuessLimiter(2, clock=hand)

    first = refusals(limiter, address, 4)
    other = refusals(limiter, "192.0.2.8", 1)
    hand.seconds = WINDOW
    later = refusals(limiter, address, 3)

    assert (first, other, later) == ([False, False, True, True], [False], [False, False, True])


def test_the_addresses_of_one_ipv6_network_count_as_one() -> None:
    limiter = GuessLimiter(2, clock=Hand())

    same = [refusals(limiter, address, 1) for address in ("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:0:8::3%eth0")]
    others = [refusals(limiter, address, 1) for address in ("2001:db8:0:1::1", "2001:db9::1", "no:address", "::1")]

    assert same == [[False], [False], [True]]
    assert others == [[False]] * 4
    assert (limiter.has_missed("2001:db8::9"), limiter.has_missed("2001:db8:0:2::9")) == (True, False)


def test_an_address_has_missed_until_the_minute_is_over() -> None:
    hand = Hand()
    limiter = GuessLimiter(2, clock=hand)

    before = limiter.has_missed("192.0.2.7")
    refusals(limiter, "192.0.2.7", 1)
    seen = [limiter.has_missed("192.0.2.7"), limiter.has_missed("192.0.2.8")]
    hand.seconds = WINDOW

    assert (before, seen, limiter.has_missed("192.0.2.7")) == (False, [True, False], False)


def test_the_memory_is_bounded_and_the_newest_addresses_are_kept() -> None:
    limiter = GuessLimiter(1, clock=Hand())

    for number in range(ADDRESSES + 100):
        limiter.refusal(f"192.0.2.{number}", WRONG)

    assert len(limiter) == ADDRESSES
    assert refusals(limiter, f"192.0.2.{ADDRESSES + 99}", 1) == [True]
    assert refusals(limiter, "192.0.2.0", 1) == [False]


def test_the_log_is_bounded_too(caplog: pytest.LogCaptureFixture) -> None:
    limiter = GuessLimiter(2, clock=Hand())

    with caplog.at_level(logging.WARNING):
        refusals(limiter, "192.0.2.7", 50)

    assert [record.__dict__["address"] for record in caplog.records] == ["192.0.2.7"] * 3
    assert "not logged" in caplog.records[-1].getMessage()
