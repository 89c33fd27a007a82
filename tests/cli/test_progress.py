"""Signs of life on standard error: after a second at a terminal, and never elsewhere."""

import io
import threading
from types import SimpleNamespace

import pytest

from orchestrator_gql.cli import progress
from orchestrator_gql.cli.progress import Counter, working


class Screen(io.StringIO):
    """A terminal, or a file."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal
        self.is_drawn = threading.Event()

    def isatty(self) -> bool:
        return self._is_terminal

    def write(self, text: str) -> int:
        self.is_drawn.set()
        return super().write(text)


@pytest.fixture
def screen(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Screen:
    screen = Screen(is_terminal=request.param)
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=screen))  # pytest sets `sys.stderr` after a fixture
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setattr(progress, "INTERVAL", 0.01)
    return screen


@pytest.mark.parametrize("screen", [True], indirect=True)
def test_a_terminal_gets_a_spinner_that_is_removed(screen: Screen) -> None:
    with working("Copying a database with a very long name"):
        assert screen.is_drawn.wait(60)

    assert "Copying a database with a" in screen.getvalue()
    assert max(len(part.strip("\r")) for part in screen.getvalue().split("\x1b[K")) < 30
    assert screen.getvalue().endswith("\r\x1b[K")


@pytest.mark.parametrize("screen", [True], indirect=True)
def test_a_terminal_gets_a_bar_that_is_removed(screen: Screen) -> None:
    counter = Counter("rows", 4)
    counter.show(2)
    drawn = screen.getvalue()
    counter.end()

    assert "[##########..........] 2 of" in drawn
    assert screen.getvalue().endswith("\r\x1b[K")


@pytest.mark.parametrize("screen", [False], indirect=True)
def test_a_file_gets_nothing(screen: Screen) -> None:
    with working("Copying"):
        counter = Counter("rows", 4)
        counter.show(2)
        counter.end()

    assert screen.getvalue() == ""


@pytest.mark.parametrize("screen", [True], indirect=True)
def test_a_terminal_that_cannot_go_back_gets_nothing(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with working("Copying"):
        Counter("rows", 4).show(2)

    assert screen.getvalue() == ""


@pytest.mark.parametrize("screen", [True], indirect=True)
def test_what_is_done_within_a_second_shows_nothing(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 60.0)
    with working("Copying") as end:
        Counter("rows", 4).show(4)
        end()

    assert screen.getvalue() == ""
