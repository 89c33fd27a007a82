"""Calls the hooks that the extensions of the schema have, and nothing for those that they do not have."""

from contextlib import AbstractAsyncContextManager, nullcontext
from functools import lru_cache
from typing import Any

from strawberry.extensions import SchemaExtension
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.types import ExecutionContext

RESULTS = "get_results"

_NOTHING: AbstractAsyncContextManager[Any] = nullcontext()


class ExtensionsRunner(SchemaExtensionsRunner):
    """Strawberry asks each extension for each hook, for each result of a subscription too; most have one hook."""

    def __init__(self, execution_context: ExecutionContext, extensions: list[SchemaExtension] | None = None) -> None:
        super().__init__(execution_context, extensions)
        self._hooks = _hooks_of(tuple(map(type, self.extensions)))

    def executing(self) -> Any:
        """Around the execution."""
        return super().executing() if "on_execute" in self._hooks else _NOTHING

    def on_stream_result(self, result: Any) -> Any:
        """Around each result."""
        return super().on_stream_result(result) if "on_stream_result" in self._hooks else _NOTHING

    async def get_extensions_results(self, ctx: ExecutionContext) -> dict[str, Any]:
        """What the extensions add to a result."""
        if RESULTS in self._hooks:
            return await super().get_extensions_results(ctx)
        return {**ctx.extensions_results}


@lru_cache(maxsize=16)
def _hooks_of(extensions: tuple[type[SchemaExtension], ...]) -> frozenset[str]:
    """The names of the hooks that at least one of the extensions has."""
    names = ("on_execute", "on_stream_result", RESULTS)
    return frozenset(
        name
        for name in names
        if any(getattr(extension, name, None) is not getattr(SchemaExtension, name, None) for extension in extensions)
    )
