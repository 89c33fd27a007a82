"""An operation makes only the loaders that its fields need."""

from pathlib import Path

import pytest
from stories import telling

from orchestrator_gql.graphql.context import Context

PROCESSES = "{ processes(first: 5) { nodes { id status openInputRequest { id } } } }"


async def test_an_operation_makes_only_the_loaders_of_its_fields(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contexts: list[Context] = []
    made = Context.renew

    def noted(context: Context) -> None:
        contexts.append(context)
        made(context)

    monkeypatch.setattr(Context, "renew", noted)
    async with telling(tmp_path) as story:
        await story.asks()
        contexts.clear()
        await story.site.ask(PROCESSES)

    assert [set(vars(context.loaders)) for context in contexts] == [{"runtime", "principal", "loop", "requests"}]
