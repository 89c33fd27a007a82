"""A link leaves its connection usable after every error, and closes it if nobody knows what the server does."""

import asyncio
import select
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url
from support.database import PostgresServer
from support.until import PATIENCE

from orchestrator_gql.storage.database import link as links
from orchestrator_gql.storage.database.link import OFTEN, Link

PREPARED = f"SELECT count(*)::int FROM pg_prepared_statements WHERE name LIKE '{links.PREFIX}%'"


@pytest.fixture
async def connection(postgres: PostgresServer) -> AsyncIterator["psycopg.AsyncConnection[Any]"]:
    with postgres.database() as url:
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        async with await psycopg.AsyncConnection.connect(plain, autocommit=True) as conn:
            yield conn


async def value(link: Link, sql: str, *parameters: Any) -> Any:
    return (await link.run([(sql, parameters)]))[0].rows[0][0]


async def test_statements_of_one_round_trip_are_executed_in_order(
    connection: "psycopg.AsyncConnection[Any]",
) -> None:
    link = Link(connection)
    texts = "CREATE TEMPORARY TABLE texts (text text)"
    add = "INSERT INTO texts VALUES ($1), ($2)"
    *_, added, found = await link.run([(texts, ()), (add, ("a", None)), ("SELECT text FROM texts", ())])
    assert added.count == found.count == 2
    assert found.rows == [("a",), (None,)]


async def test_the_reader_stays_with_the_event_loop(
    connection: "psycopg.AsyncConnection[Any]", monkeypatch: pytest.MonkeyPatch
) -> None:
    """To remove it and to add it again for each statement takes as long as to send the statement."""
    link, loop = Link(connection), asyncio.get_running_loop()
    added = list[object]()
    add_reader = loop.add_reader

    def noting(socket: Any, *arguments: Any) -> None:
        added.append(socket)
        add_reader(socket, *arguments)

    monkeypatch.setattr(loop, "add_reader", noting)
    for sql in ("SELECT 1", "SELECT length(repeat('x', 1000000))", "SELECT repeat('x', 1000000)") * 3:
        await value(link, sql)
        await asyncio.sleep(0)  # the event loop asks the socket again
    assert added == [connection.pgconn.socket]


async def test_the_reader_ends_at_once_with_the_socket(
    connection: "psycopg.AsyncConnection[Any]", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the next connection of a client, which gets the number of the socket, would lose its reader."""
    link = Link(connection)
    take, seen = link._take, list[tuple[bool, bool]]()

    def noting(waiter: "asyncio.Future[None]") -> None:
        take(waiter)
        seen.append((waiter.exception() is not None, link._reader is not None))

    monkeypatch.setattr(link, "_take", noting)
    with pytest.raises(psycopg.OperationalError):
        await value(link, "SELECT pg_terminate_backend(pg_backend_pid())")
    assert seen[-1] == (True, False)


async def test_a_frequent_statement_is_prepared_and_few_are(
    connection: "psycopg.AsyncConnection[Any]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "PREPARED", 2)
    link = Link(connection)
    for _ in range(OFTEN):
        assert await value(link, "SELECT 1") == 1
    assert await value(link, PREPARED) == 0
    for sql in ("SELECT 1", "SELECT 2", "SELECT 3", "SELECT $1::int + 1"):
        for _ in range(OFTEN + 1):
            assert await value(link, sql, *(["3"] if "$1" in sql else [])) in (1, 2, 3, 4)
    assert await value(link, PREPARED) == 2


async def test_nothing_is_prepared_behind_a_pooler_that_forbids_it(connection: "psycopg.AsyncConnection[Any]") -> None:
    connection.prepare_threshold = None
    link = Link(connection)
    for _ in range(OFTEN + 2):
        await value(link, "SELECT 1")
    assert await value(link, PREPARED) == 0


async def test_a_session_that_was_terminated_is_an_outage(connection: "psycopg.AsyncConnection[Any]") -> None:
    """SQLAlchemy takes only an `OperationalError` for the loss of a connection."""
    link = Link(connection)
    for sql in ("SELECT pg_terminate_backend(pg_backend_pid())", "SELECT 1"):
        with pytest.raises(psycopg.OperationalError):
            await value(link, sql)
    assert connection.closed


@pytest.mark.parametrize("executions", [1, OFTEN + 2])
async def test_the_first_error_is_raised_and_the_connection_goes_on(
    connection: "psycopg.AsyncConnection[Any]", executions: int
) -> None:
    link = Link(connection)
    for _ in range(executions):
        with pytest.raises(psycopg.errors.DivisionByZero):
            await link.run([("SELECT 1", ()), ("SELECT 1 / $1::int", ("0",)), ("SELECT nothing", ())])
    assert await value(link, "SELECT 1") == 1


async def test_a_statement_that_cannot_be_prepared_is_tried_again(connection: "psycopg.AsyncConnection[Any]") -> None:
    link = Link(connection)
    for _ in range(OFTEN + 3):
        with pytest.raises(psycopg.errors.UndefinedTable):
            await link.run([("SELECT 1 FROM later", ())])
    await link.run([("CREATE TEMPORARY TABLE later ()", ())])
    for _ in range(OFTEN + 1):
        assert (await link.run([("SELECT 1 FROM later", ())]))[0].rows == ()


async def test_failed_preparations_do_not_use_up_the_places(
    connection: "psycopg.AsyncConnection[Any]", monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server runs for months, and some of its statements are refused."""
    monkeypatch.setattr(links, "PREPARED", 2)
    link = Link(connection)
    for _ in range(OFTEN + 4):
        with pytest.raises(psycopg.errors.UndefinedTable):
            await link.run([("SELECT 1 FROM nothing", ())])
    for _ in range(OFTEN + 1):
        await value(link, "SELECT 1")
    assert await value(link, PREPARED) == 1


async def test_connections_that_share_a_session_never_execute_another_statement(
    connection: "psycopg.AsyncConnection[Any]",
) -> None:
    """As behind a pooler: what one of them prepared has a name that no other statement has."""
    for sql, expected in (("SELECT 1", 1), ("SELECT 2", 2)):
        link = Link(connection)
        for _ in range(OFTEN + 2):
            assert await value(link, sql) == expected


@pytest.mark.parametrize(("text", "error"), [("before\0behind", psycopg.DataError), ("\ud800", UnicodeEncodeError)])
async def test_a_text_that_postgresql_cannot_have_is_refused_and_costs_nothing(
    connection: "psycopg.AsyncConnection[Any]", text: str, error: type[Exception]
) -> None:
    link = Link(connection)
    with pytest.raises(error):
        await link.run([("SELECT 1", ()), ("SELECT $1::text", (text,))])
    assert await value(link, "SELECT 1") == 1


@pytest.mark.parametrize("value_", [b"", b"\0\xff", "ü\n'\\", 2.5])
async def test_values_come_back_as_they_were(connection: "psycopg.AsyncConnection[Any]", value_: object) -> None:
    types = {bytes: "bytea", str: "text", float: "float8"}
    assert await value(Link(connection), f"SELECT $1::{types[type(value_)]}", value_) == value_


async def test_a_large_value_goes_both_ways(connection: "psycopg.AsyncConnection[Any]") -> None:
    large = "x" * 20_000_000  # more than the buffers of the socket: both sides would wait for each other
    found = await Link(connection).run([("SELECT $1::text", (large,)), ("SELECT $1::text", (large,))])
    assert [result.rows[0][0] == large for result in found] == [True, True]


async def test_a_cancelled_round_trip_ends_on_the_server_and_closes_the_connection(
    connection: "psycopg.AsyncConnection[Any]",
) -> None:
    link = Link(connection)
    backend, dsn = await value(link, "SELECT pg_backend_pid()"), connection.info.dsn
    active = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND state = 'active'"
    running = asyncio.create_task(link.run([("SELECT pg_sleep(60)", ())]))
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as other, asyncio.timeout(PATIENCE):
        while not (await other.execute(active, [backend])).rowcount:  # noqa: ASYNC110 - another session looks
            await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert connection.closed
        with pytest.raises(psycopg.OperationalError):
            await value(link, "SELECT 1")
        while (await other.execute(active, [backend])).rowcount:  # noqa: ASYNC110 - another session looks
            await asyncio.sleep(0.01)


async def test_psycopg_and_the_link_take_turns(connection: "psycopg.AsyncConnection[Any]") -> None:
    link = Link(connection)
    async with asyncio.timeout(PATIENCE):
        for number in range(3):
            assert await value(link, "SELECT $1::int", str(number)) == number
            assert await (await connection.execute("SELECT %s::int", [number])).fetchone() == (number,)


async def test_nobody_waits_for_a_posted_statement(connection: "psycopg.AsyncConnection[Any]") -> None:
    link = Link(connection)
    await link.run([("BEGIN", ()), ("SELECT 1", ())])
    link.post(b"COMMIT")
    assert link.owes
    assert await value(link, "SELECT 1") == 1
    assert link.is_idle

    await link.run([("BEGIN", ()), ("SELECT 1", ())])
    link.post(b"COMMIT")
    await link.settle()
    assert link.is_idle and not link.owes


async def test_a_session_that_the_server_ended_is_noticed_with_its_reason(
    connection: "psycopg.AsyncConnection[Any]",
) -> None:
    link = Link(connection)
    await link.run([("SET idle_in_transaction_session_timeout = '10ms'", ()), ("BEGIN", ()), ("SELECT 1", ())])
    assert select.select([connection], [], [], PATIENCE)[0]  # the reason has arrived
    with pytest.raises(psycopg.Error) as raised:
        await value(link, "SELECT 1")
    assert raised.value.sqlstate == "25P03"
    assert connection.closed


async def test_a_closed_connection_leaves_the_number_of_its_socket_to_others(
    connection: "psycopg.AsyncConnection[Any]",
) -> None:
    link = Link(connection)
    await value(link, "SELECT 1")
    socket = connection.fileno()
    await connection.close()
    assert not asyncio.get_running_loop().remove_reader(socket)
