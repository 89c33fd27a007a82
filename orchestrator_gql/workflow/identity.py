"""Gives steps and workflows the name and the docstring of the author's function of which they were made."""

from typing import Any

_FIELDS = ("function", "form", "body")
"""The fields that hold the author's function: of a step, of an input step, of a workflow."""


class Named:
    """The base of steps and workflows: ``__name__`` and ``__doc__`` are those of the author's function."""

    __slots__ = ()

    name: str

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if not isinstance(vars(cls).get("__doc__"), _Doc):  # a dataclass with slots is made twice
            cls.__doc__ = _Doc(cls.__doc__)  # type: ignore[assignment]

    @property
    def __name__(self) -> str:
        return getattr(_source_of(self), "__name__", self.name)  # a `partial`, for example, has no name


class _Doc:
    """The docstring: of the class for the class, of the author's function for an object of the class."""

    def __init__(self, of_class: str | None) -> None:
        self._of_class = of_class

    def __get__(self, instance: Named | None, owner: type) -> str | None:
        return self._of_class if instance is None else getattr(_source_of(instance), "__doc__", None)


def _source_of(instance: Named) -> Any:
    return next((getattr(instance, name) for name in _FIELDS if hasattr(instance, name)), None)
