"""The test kit for workflow authors: a workflow runs without a server, and a wait of a day takes no time.

The kit runs the engine of production, on a SQLite file of its own, and needs no test framework::

    async def test_a_node_is_configured() -> None:
        async with Kit(configure_node) as kit:
            run = await kit.start(configure_node, {"node": "ams-1"})
            await run.answer({"return_code": 0})
            await run.confirm()
            assert (await run.rests("COMPLETED")).state["node"] == "ams-1"

If the engine refuses a verb, the verb raises the error that the server would send to a client: see
`orchestrator_gql.utils.errors`. If an expected state does not come, the kit raises an `AssertionError` that names the
real state of the process.
"""

from orchestrator_gql.testing.callback import Callback
from orchestrator_gql.testing.kit import Kit
from orchestrator_gql.testing.principals import person
from orchestrator_gql.testing.remote import Remote
from orchestrator_gql.testing.run import Run

__all__ = ["Callback", "Kit", "Remote", "Run", "person"]
