"""The kit for workflow authors' tests: a workflow runs without a server, and a wait of a day takes no time.

It is the very engine that production runs, on a SQLite file of its own, and needs no test framework::

    async def test_a_node_is_configured() -> None:
        async with Kit(configure_node) as kit:
            run = await kit.start(configure_node, {"node": "ams-1"})
            await run.answer({"return_code": 0})
            await run.confirm()
            assert (await run.rests("COMPLETED")).state["node"] == "ams-1"

What a verb refuses is raised as the error that the server would translate: see `orchestrator_gql.utils.errors`. What a
test expected in vain is an `AssertionError` that says where the process stands instead.
"""

from orchestrator_gql.testing.callback import Callback
from orchestrator_gql.testing.kit import Kit
from orchestrator_gql.testing.principals import person
from orchestrator_gql.testing.remote import Remote
from orchestrator_gql.testing.run import Run

__all__ = ["Callback", "Kit", "Remote", "Run", "person"]
