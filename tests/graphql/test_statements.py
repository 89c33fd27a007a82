"""What a page of a list costs the database: the same at one row and at sixty."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from sqlalchemy import Engine, event
from stories import SUSPENDED, Story, telling

from orchestrator_gql.types import Json

DASHBOARD = """{ processes(first: 60) { totalCount pageInfo { endCursor } nodes {
  id status version availableActions createdBy { name } productSubscriptions { id }
  subject workflow { name } failure { code } failureReason { message } currentStep { name } startPages state
  steps { name status failure { code } callbacks { id } inputRequest { id } }
  openInputRequest { id title }
  callbacks { id status result resultText { text } process { id } step { name }
    progressLog(first: 5) { totalCount nodes { message } } attempts { totalCount nodes { outcome } } }
  pendingCallbacks { id } } } }"""
INBOX = """{ inputRequests(first: 60, filter: {mine: true}) { totalCount nodes {
  id title canSubmit canReject blockedReason sendBackTo approvalsNeeded decisions { comment by { name } }
  assignee { name } claimedBy { name } form { ... on FormPage { schema digest initialData } }
  process { id workflowName status } step { name } } } }"""
CALLBACKS = """{ callbacks(first: 60) { nodes { id result process { status } attempts { nodes { receipt } } } } }"""


SENT: ContextVar[list[str] | None] = ContextVar("SENT", default=None)


@contextmanager
def counting() -> Iterator[list[str]]:
    """The statements that the block itself sends; what the server's own work asks meanwhile is not among them."""

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if (by_us := SENT.get()) is not None:
            by_us.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    sent: list[str] = []
    token = SENT.set(sent)
    try:
        yield sent
    finally:
        SENT.reset(token)
        event.remove(Engine, "before_cursor_execute", note)


async def cost(story: Story, query: str, **variables: Json) -> int:
    """How many statements read tables for an operation."""
    with counting() as sent:
        await story.site.ask(query, **variables)
    return len([one for one in sent if "FROM" in one])


async def test_sixty_rows_cost_as_many_statements_as_two(tmp_path: Path) -> None:
    # Statements for a single row are prepared: they go to the driver without SQLAlchemy, so `cost` cannot count them.
    counts = []
    async with telling(tmp_path) as story:
        for rows in (2, 60):
            for _ in range(rows - len((await story.site.ask(DASHBOARD))["processes"]["nodes"])):
                process_id, token = await story.waits()
                await story.say("reportCallbackProgress", token=token, message="on it")
                await story.say("receiveCallback", token=token, result={"rc": 0})
                await story.site.engine.reaches(process_id, SUSPENDED)
            counts.append([await cost(story, query) for query in (DASHBOARD, INBOX, CALLBACKS)])
        response = await story.site.ask(DASHBOARD)

    assert len(response["processes"]["nodes"]) == 60
    assert counts[0] == counts[1]


async def test_many_nodes_cost_as_many_statements_as_two(tmp_path: Path) -> None:
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"

    async with telling(tmp_path) as story:
        ids = await story.notes(8)
        counts = [await cost(story, query, ids=asked) for asked in (ids[:2], ids)]

    assert counts == [1, 1]


async def test_a_total_is_counted_only_when_it_is_selected(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        plain = await cost(story, "{ processes { nodes { id } } }")
        counted = await cost(story, "{ processes { totalCount nodes { id } } }")

        asked_twice = await cost(story, "{ processes { totalCount totalCountIsExact nodes { id } } }")

    # Before SQLite counts, another statement looks if the list is too long to be counted on the event loop.
    assert plain == 1
    assert plain < counted == asked_twice <= 3
