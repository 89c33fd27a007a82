"""Finds the objects of ours that only the garbage collector would free, because they hold each other."""

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

from graphql import Visitor


@contextmanager
def only_circles() -> Iterator[list[str]]:
    """The names of our objects that only the garbage collector finds, after the context."""
    names: list[str] = []
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield names
        gc.collect()
        names += sorted(Counter(filter(None, map(_name, gc.garbage))))
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
        gc.collect()


def _name(thing: object) -> str:
    if isinstance(thing, Visitor):
        return ""  # those of graphql-core hold their own methods, and are made for new documents only
    if isinstance(thing, TracebackType):
        thing = thing.tb_frame
    if isinstance(thing, FrameType):
        module, name = thing.f_globals.get("__name__", ""), thing.f_code.co_qualname
    else:
        module, name = type(thing).__module__, type(thing).__qualname__
    return f"{module}.{name}" if module.startswith("orchestrator_gql.") else ""
