"""Copies of frozen dataclasses with slots, with some fields changed."""

from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import TypeVar

T = TypeVar("T")


def copier(kind: type[T]) -> Callable[..., T]:
    """A function that does the same as `dataclasses.replace` for objects of the class, in a tenth of the time.

    `replace` looks at every field and calls ``__init__``, which stores every field by a call of Python. Every
    transition makes some ten copies. A new object begins here as a draft: its class has the same slots but is not frozen,
    so an assignment stores a field. Then the object gets its class. The class needs slots and no ``__post_init__``. A
    subclass needs a function of its own.
    """
    assert not hasattr(kind, "__post_init__"), "a copy does not call it"
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    assert kind.__slots__ is not None, "an object without slots cannot change its class"  # type: ignore[attr-defined]
    # Both methods: with one of them alone, the interpreter calls it for every store.
    thawed = {"__slots__": (), "__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    draft = type(f"{kind.__name__}Draft", (kind,), thawed)
    variables = {"_kind": kind, "_draft": draft, "_new": object.__new__, "_same": object(), "_refuse": _refuse}
    exec(_written(names), variables)  # noqa: S102 - as `dataclasses` does: a loop over the fields takes twice as long
    copied: Callable[..., T] = variables["_copied"]  # type: ignore[assignment]
    return copied


def _written(names: Iterable[str]) -> str:
    """A function that stores each field of the source, or its change, in a new object."""
    parameters = ", ".join(f"{name}=_same" for name in names)
    lines = [f"_made.{name} = _source.{name} if {name} is _same else {name}" for name in names]
    body = "\n    ".join(["_made = _new(_draft)", *lines, "_made.__class__ = _kind", "return _made"])
    head = f"def _copied(_source, /, *, {parameters}, **_others):\n    "
    return f"{head}if type(_source) is not _kind or _others:\n        _refuse(_kind, _source, _others)\n    {body}\n"


def _refuse(kind: type, source: object, others: Iterable[str]) -> None:
    for name in others:
        raise TypeError(f"{kind.__name__} has no field {name!r}.")
    raise TypeError(f"{type(source).__name__} is not {kind.__name__}: its copy would lack fields.")
