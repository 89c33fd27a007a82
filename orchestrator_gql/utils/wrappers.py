"""Wrappers: authors' classes around a plain value, which have a method ``unwrap`` that returns it.

The state holds the plain value. A step that is annotated with the class gets ``Class(value)``, and a returned wrapper
is stored as the value of ``unwrap()``.

>>> class Vlan:
...     def __init__(self, number: int) -> None:
...         self.number = number
...     def unwrap(self) -> int:
...         return self.number
>>> is_wrapper(Vlan(10)), is_wrapper(Vlan), has_wrapper(list[Vlan] | None)
(True, False, True)
"""

import types
import typing
from functools import reduce
from operator import or_
from typing import Annotated, Any, Union

from pydantic import Field, PlainValidator

_METHOD = "unwrap"


def is_wrapper(value: object) -> bool:
    """True if the value is of a class with a method ``unwrap``."""
    return callable(getattr(type(value), _METHOD, None))


def has_wrapper(annotation: Any) -> bool:
    """True if the annotation names a class with a method ``unwrap``, at any depth."""
    return _is_wrapper_class(annotation) or any(map(has_wrapper, _parts_of(annotation)))


def with_wrappers(annotation: Any) -> Any:
    """The annotation for pydantic: each wrapper class in it is called with the plain value.

    >>> from pydantic import TypeAdapter
    >>> class Speed(int):
    ...     def unwrap(self) -> int:
    ...         return int(self)
    >>> TypeAdapter(with_wrappers(dict[str, Speed | None])).validate_python({"up": 10, "down": None})
    {'up': 10, 'down': None}
    """
    if _is_wrapper_class(annotation):
        return Annotated[annotation, PlainValidator(_maker_of(annotation))]
    if not has_wrapper(annotation):
        return annotation
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return Annotated[(with_wrappers(parts[0]), *parts[1:])]
    if origin in (Union, types.UnionType):
        return _union(parts)
    return origin[tuple(map(with_wrappers, parts))]


def _union(members: tuple[Any, ...]) -> Any:
    # A wrapper comes last, because it may take the value of any other member; pydantic itself tries None first.
    ordered = sorted((member for member in members if member is not types.NoneType), key=has_wrapper)
    joined = reduce(or_, map(with_wrappers, ordered))
    if len(ordered) > 1:
        joined = Annotated[joined, Field(union_mode="left_to_right")]
    return joined | None if types.NoneType in members else joined


def _parts_of(annotation: Any) -> tuple[Any, ...]:
    parts = typing.get_args(annotation)
    return parts[:1] if typing.get_origin(annotation) is Annotated else parts


def _is_wrapper_class(annotation: Any) -> bool:
    return isinstance(annotation, type) and callable(getattr(annotation, _METHOD, None))


def _maker_of(wrapper: Any) -> Any:
    def make(value: Any) -> Any:
        if isinstance(value, wrapper):
            return value
        try:
            return wrapper(value)
        except TypeError as problem:  # pydantic reports a ValueError with the name of the parameter, but no TypeError
            raise ValueError(str(problem)) from problem

    return make
