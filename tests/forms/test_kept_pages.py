"""A page that was just drawn is given out once, within seconds, and few pages are kept."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from orchestrator_gql.forms import FormPage, Page
from orchestrator_gql.forms.kept_pages import LARGEST, MOST, SECONDS, KeptPages
from orchestrator_gql.forms.shown import show


def page(text: str = "") -> Page:
    """A page that shows the text."""

    class Shown(FormPage):
        comment: str = text

    return show(Shown, 0)


@dataclass
class Watch:
    """A clock that a test turns."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def kept(watch: Watch) -> KeptPages:
    return KeptPages(clock=watch)


PROCESS = UUID(int=1)


def test_a_page_is_given_out_once(kept: KeptPages) -> None:
    kept.keep(PROCESS, 3, drawn := page())

    assert [kept.take(PROCESS, 3), kept.take(PROCESS, 3)] == [drawn, None]


def test_a_page_belongs_to_one_execution_of_a_step(kept: KeptPages) -> None:
    kept.keep(PROCESS, 3, page())

    assert (kept.take(PROCESS, 4), kept.take(uuid4(), 3)) == (None, None)


def test_an_old_page_is_not_given_out(kept: KeptPages, watch: Watch) -> None:
    kept.keep(PROCESS, 3, page())
    watch.now = SECONDS + 0.1

    assert kept.take(PROCESS, 3) is None


def test_a_page_that_is_drawn_again_replaces_the_first(kept: KeptPages) -> None:
    kept.keep(PROCESS, 3, page("first"))
    kept.keep(PROCESS, 3, second := page("second"))

    assert kept.take(PROCESS, 3) == second


@pytest.mark.parametrize("seconds", [0.0, SECONDS], ids=["at once", "slowly"])
def test_few_pages_are_kept(kept: KeptPages, watch: Watch, seconds: float) -> None:
    for seq in range(MOST * 3):
        watch.now += seconds
        kept.keep(PROCESS, seq, page())

    assert len(kept._pages) == (MOST if not seconds else 2)
    assert kept.take(PROCESS, MOST * 3 - 1) is not None


def test_a_large_page_is_not_kept(kept: KeptPages) -> None:
    kept.keep(PROCESS, 3, page("x" * LARGEST))

    assert kept.take(PROCESS, 3) is None


def test_a_large_page_does_not_leave_the_page_before(kept: KeptPages) -> None:
    kept.keep(PROCESS, 3, page())
    kept.keep(PROCESS, 3, page("x" * LARGEST))

    assert kept.take(PROCESS, 3) is None
