"""Strange exceptions that authors' code or libraries may raise: by name, each as a function that raises."""

import asyncio
from collections.abc import Callable
from typing import Any, NoReturn

from orchestrator_gql.engine.commit import Fenced
from orchestrator_gql.utils.errors import Forbidden, ProcessFailureError, StorageUnavailable

HUGE = 5_000_000


class Panic(BaseException):
    """The exception of a library in another language that panics."""


class Mute(Exception):
    """Its `str` raises."""

    def __str__(self) -> str:
        raise ValueError("no words")

    __repr__ = __str__


class Interrupting(Exception):
    """Its `str` raises KeyboardInterrupt."""

    def __str__(self) -> str:
        raise KeyboardInterrupt


class Textless(Exception):
    """Its `str` is not a text."""

    def __str__(self) -> str:
        return 7  # type: ignore[return-value]  # noqa: PLE0307


class Closed(Exception):
    """Every access to an attribute raises."""

    def __getattribute__(self, name: str) -> Any:
        raise SystemExit(name)


class Liar(Exception):
    """Its `__class__` claims to be `ProcessFailureError`."""

    @property
    def __class__(self) -> Any:
        return ProcessFailureError

    @__class__.setter
    def __class__(self, _: Any) -> None: ...


class Meta(type):
    """The names of its classes raise."""

    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise KeyboardInterrupt

    @property
    def __module__(cls) -> str:  # type: ignore[override]
        raise KeyboardInterrupt

    def __getattribute__(cls, name: str) -> Any:
        raise KeyboardInterrupt(name)


class Nameless(Exception, metaclass=Meta):
    """Its class has no readable attribute."""


class Endless(Exception):
    """Each of its causes has another one."""

    @property
    def __cause__(self) -> BaseException | None:  # type: ignore[override]
        return Endless()


class Impolite(ProcessFailureError):
    """A `ProcessFailureError` without the attributes that it should have."""

    code = 7  # type: ignore[assignment]

    def __init__(self) -> None: ...

    @property
    def details(self) -> Any:
        raise KeyboardInterrupt


def _raise(error: BaseException) -> Callable[[], NoReturn]:
    def body() -> NoReturn:
        raise BaseException.with_traceback(error, None)

    return body


def _cancel_itself() -> None:
    """Cancel the current task: only an async function has one."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()


def _circle() -> NoReturn:
    first, second = ValueError("one"), ValueError("other")
    first.__cause__, second.__cause__ = second, first
    first.__context__ = second
    raise first


def _chain() -> NoReturn:
    error: BaseException | None = None
    for number in range(10_000):
        link = ValueError(number)
        link.__cause__ = error
        error = link
    assert error is not None
    raise error


def _noted() -> NoReturn:
    error = ValueError("see the notes")
    error.__notes__ = ["x" * HUGE] * 10
    raise error


def _deep() -> None:
    _deep()


def _group() -> NoReturn:
    raise BaseExceptionGroup("several", [KeyboardInterrupt(), ExceptionGroup("more", [Mute(), ValueError("x")] * 500)])


ODD: dict[str, Callable[[], Any]] = {
    "keyboard-interrupt": _raise(KeyboardInterrupt()),
    "system-exit": _raise(SystemExit(3)),
    "generator-exit": _raise(GeneratorExit()),
    "panic": _raise(Panic("a foreign panic")),
    "group": _group,
    "stop-iteration": _raise(StopIteration(1)),
    "stop-async-iteration": _raise(StopAsyncIteration()),
    "cancelled": _raise(asyncio.CancelledError()),
    "cancels-itself": _cancel_itself,
    "timeout": _raise(TimeoutError()),
    "recursion": _deep,
    "memory": _raise(MemoryError()),
    "mute": _raise(Mute()),
    "interrupting": _raise(Interrupting()),
    "textless": _raise(Textless()),
    "closed": _raise(Closed("no")),
    "liar": _raise(Liar("I am polite")),
    "nameless": _raise(Nameless("no name")),
    "endless": _raise(Endless()),
    "circle": _circle,
    "chain": _chain,
    "huge": _raise(ValueError("x" * HUGE)),
    "many": _raise(ValueError(list(range(1_000_000)))),
    "noted": _noted,
    "unfit": _raise(ValueError("a\0b\ud800c")),
    "away": _raise(StorageUnavailable()),
    "fenced": _raise(Fenced()),
    "forbidden": _raise(Forbidden("READ")),
    "message-dict": _raise(ProcessFailureError({"rc": 1})),  # type: ignore[arg-type]
    "message-exception": _raise(ProcessFailureError(ValueError("inner"))),  # type: ignore[arg-type]
    "message-none": _raise(ProcessFailureError(None)),  # type: ignore[arg-type]
    "message-unfit": _raise(ProcessFailureError("a\0b\ud800c")),
    "details-unfit": _raise(ProcessFailureError("no", details={"at": object(), "text": "\ud800"})),
    "details-circle": _raise(ProcessFailureError("no", details=(notify := [], notify.append(notify))[0])),  # type: ignore[var-annotated,func-returns-value]
    "impolite": _raise(Impolite()),
}

POLITE = {name for name in ODD if name.startswith(("message", "details"))} | {"impolite"}
"""The names of correct failures, as authors should raise them."""

IN_TASKS = {"cancels-itself"}
"""The names of those that only an async function can raise."""

NEAR_A_DATABASE = {
    "keyboard-interrupt", "generator-exit", "cancelled", "cancels-itself", "timeout", "recursion", "huge", "unfit",
    "away", "fenced", "message-unfit", "details-unfit",
}  # fmt: skip
"""The names of those that interrupt a transaction, cannot be stored, or are errors of a database. The others are
described before a database sees them, so one database is enough for each of their places."""
