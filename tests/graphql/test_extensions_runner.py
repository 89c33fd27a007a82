"""Extensions of the schema: their hooks are called, and nothing is done for hooks that no extension has."""

from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest
import strawberry
from strawberry.extensions import SchemaExtension
from strawberry.extensions.context import ExtensionContextManagerBase
from strawberry.extensions.runner import SchemaExtensionsRunner

from orchestrator_gql.graphql.extensions_runner import ExtensionsRunner
from orchestrator_gql.graphql.masking import QuietSchema

EVENTS = 5


@strawberry.type
class Query:
    n: int = 1


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def numbers(self) -> AsyncGenerator[int, None]:
        for number in range(EVENTS):
            yield number


called: list[str] = []


class Executing(SchemaExtension):
    def on_execute(self) -> Iterator[None]:
        called.append("execute")
        yield


class Results(SchemaExtension):
    def on_stream_result(self, result: Any) -> Iterator[None]:
        called.append("result")
        yield


class Adding(SchemaExtension):
    async def get_results(self) -> dict[str, Any]:
        return {"added": True}


class Parsing(SchemaExtension):
    def on_parse(self) -> Iterator[None]:
        called.append("parse")
        yield


async def streamed(extensions: list[type[SchemaExtension]], query: str) -> list[Any]:
    called.clear()
    schema = QuietSchema(query=Query, subscription=Subscription, extensions=extensions)
    return [result async for result in await schema.stream(query)]


@pytest.mark.parametrize("query", ["{ n }", "subscription { numbers }"])
async def test_every_hook_of_an_extension_is_called(query: str) -> None:
    results = await streamed([Executing, Results, Adding, Parsing], query)

    assert called == ["parse", "execute", *["result"] * len(results)]
    assert [result.extensions for result in results] == [{"added": True}] * len(results)


@pytest.mark.parametrize("extension", [Executing, Results, Parsing])
async def test_an_extension_alone_is_called(extension: type[SchemaExtension]) -> None:
    await streamed([extension], "{ n }")

    assert called == [{Executing: "execute", Results: "result", Parsing: "parse"}[extension]]


async def test_the_results_of_a_subscription_ask_no_extension_without_a_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    begin = ExtensionContextManagerBase.__init__

    def counted(self: Any, extensions: Any) -> None:
        asked.append(type(self).__name__)
        begin(self, extensions)

    monkeypatch.setattr(ExtensionContextManagerBase, "__init__", counted)

    results = await streamed([Parsing], "subscription { numbers }")

    assert len(results) == EVENTS
    assert len(asked) == 3, asked  # operation, parsing, validation


def test_strawberry_has_the_methods_that_the_runner_replaces() -> None:
    replaced = {name for name in vars(ExtensionsRunner) if not name.startswith("_")}

    assert replaced <= vars(SchemaExtensionsRunner).keys()
