"""Lists of input requests, callbacks and notifications, on both databases: all ways give the same pages, none grows."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import product
from operator import itemgetter
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, insert
from support.many_subscriptions import plain_engine
from support.query_work import statements_of, work_of
from support.rows import BEGIN, process_row, store
from support.sizes import directions

from orchestrator_gql.storage import listing, pages_of_values
from orchestrator_gql.storage import notifications as notification_rows
from orchestrator_gql.storage.listing import CallbackFilter, Inbox, InputRequestFilter
from orchestrator_gql.storage.notifications import NotificationFilter
from orchestrator_gql.storage.pagination import PageArgs, RowPage
from orchestrator_gql.storage.process_filters import ProcessFilter
from orchestrator_gql.storage.tables import callbacks, input_requests, notifications
from orchestrator_gql.types import CallbackStatus, InputRequestStatus, NotificationStatus, ProcessStatus

pytestmark = pytest.mark.one_dispatcher

OPEN, SUBMITTED, EXPIRED = (InputRequestStatus(name) for name in ("OPEN", "SUBMITTED", "EXPIRED"))
NOW = BEGIN + timedelta(days=1)
RARE = 8
"""The first and the last processes have what no other has: a page of it is at the wrong end of the list."""

Row = dict[str, Any]
ReadPage = Callable[[Connection, PageArgs], RowPage[Any]]


@dataclass(frozen=True)
class Wanted:
    """A filter of input requests, and the rows that it finds."""

    statuses: Sequence[InputRequestStatus] | None
    teams: Sequence[str] | None
    workflow: str | None

    def filters(self, **more: Any) -> InputRequestFilter:
        """The filter of the list."""
        names = None if self.workflow is None else [self.workflow]
        process = ProcessFilter(workflow_names=names)
        return InputRequestFilter(NOW, self.statuses, self.teams, process=process, **more)

    def fits(self, row: Row) -> bool:
        """True if the list contains the row."""
        wanted = ((self.statuses, "status"), (self.teams, "assignee"), (self.workflow and [self.workflow], "workflow"))
        return all(values is None or row[name] in values for values, name in wanted)


DEAD, PENDING = NotificationStatus.DEAD, NotificationStatus.PENDING
NOTICES = [
    NotificationFilter(*each)
    for each in product((None, [], [DEAD], [DEAD, PENDING]), (None, [], ["OLD hook"], ["OLD hook", "NOC hook"]))
]
STATUSES: tuple[list[InputRequestStatus] | None, ...] = (None, [], [OPEN], [EXPIRED], [EXPIRED, OPEN, SUBMITTED])
TEAMS: tuple[list[str] | None, ...] = (None, [], ["NOC"], ["YOUNG"], ["YOUNG", "OLD", "YOUNG"], ["NONE"])
WORKFLOWS = (None, "deploy", "young", "old", "none")
CASES = [Wanted(*each) for each in product(STATUSES, TEAMS, WORKFLOWS)]


def made(number: int, count: int) -> Row:
    """The request of the process with this number; the status EXPIRED is one of young requests only."""
    facts = {"assignee": "NOC", "workflow": "deploy"}
    if number < RARE:
        facts = {"assignee": "OLD", "workflow": "old"}
    if number >= count - RARE:
        facts = {"assignee": "YOUNG", "workflow": "young"}
    status = EXPIRED if number >= count - 2 * RARE and number % 4 == 1 else SUBMITTED if number % 3 == 0 else OPEN
    return {"id": UUID(int=number + 1), "status": status, **facts}


def notice(row: Row) -> Row:
    """What is particular in the notification about the process of the request: only old ones were given up."""
    is_old = row["workflow"] == "old"
    facts = {"id": row["id"], "process_id": row["id"], "created_at": BEGIN + timedelta(seconds=row["id"].int // 2)}
    state = {"status": DEAD, "sent_at": None} if is_old else {"status": NotificationStatus.SENT, "sent_at": BEGIN}
    return {**facts, **state, "target": f"{row['assignee']} hook"}


def write(conn: Connection, rows: Sequence[Row]) -> None:
    """Store the requests with their processes, and a callback of each."""
    own = [
        process_row(row["id"].int - 1, status=ProcessStatus.SUSPENDED, ended_at=None, workflow_name=row["workflow"])
        for row in rows
    ]
    store(conn, own, is_analyzed=False)
    common = {"step_index": 0, "record_seq": 1, "version": 1}
    request = {"title": "t", "created_at": BEGIN, "escalations": 0, "approvals_needed": 1}
    forms = [{"process_id": row["id"], **common, **request, **row} for row in rows]
    for form in forms:
        form.pop("workflow")
    conn.execute(insert(input_requests), forms)
    callback = {"wait_seq": 1, "round": 1, "source": "CALLBACK", "issued_at": BEGIN, "expires_at": NOW}
    callback |= {"token_hint": "abcd", "result_key": "result", "is_early": False}
    issued = [
        {"id": row["id"], "process_id": row["id"], **common, **callback}
        | {"status": CallbackStatus.REJECTED if row["workflow"] == "old" else CallbackStatus.WITHDRAWN}
        for row in rows
    ]
    conn.execute(insert(callbacks), issued)
    sent = {"kind": "input-request.opened", "payload": {}, "tries": 1, "tries_before": 0, "log": [], "due_at": BEGIN}
    conn.execute(insert(notifications), [{**sent, **notice(row)} for row in rows])


@pytest.fixture
def engine(storage: str) -> Iterator[Engine]:
    """The database of the test."""
    database = plain_engine(storage)
    yield database
    database.dispose()


def walked(conn: Connection, read: ReadPage, size: int, *, is_forward: bool) -> list[UUID]:
    """The ids of all pages, read forwards or backwards."""
    ids: list[UUID] = []
    cursor = None
    while True:
        args = PageArgs(size, cursor) if is_forward else PageArgs(last=size, before=cursor)
        found = read(conn, args)
        new = [each.id for _, each in found.items]
        ids = ids + new if is_forward else new + ids
        if not found.is_full(args):
            return ids
        cursor = found.items[-1 if is_forward else 0][0]


@pytest.mark.parametrize("most", [0, 1_000])
def test_every_filter_of_requests_selects_the_same_rows_on_every_way(
    engine: Engine, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages_of_values, "MOST_VALUES", most)
    for name in ("MOST_PROCESSES", "MOST_OVERDUE"):
        monkeypatch.setattr(listing, name, most)
    rng = random.Random(most)
    rows = [made(number, 50) for number in range(50)]
    with engine.begin() as conn:
        write(conn, rows)
        for turn, wanted in enumerate(CASES):
            expected = [row["id"] for row in rows if wanted.fits(row)]
            filters = wanted.filters()
            for is_forward in directions(turn + (most > 0)):

                def read(conn: Connection, args: PageArgs, filters: InputRequestFilter = filters) -> RowPage[Any]:
                    return listing.input_request_page(conn, filters, args)

                assert walked(conn, read, rng.choice([7, 30]), is_forward=is_forward) == expected, wanted
            assert listing.input_request_count(conn, filters) == len(expected), wanted


@pytest.mark.parametrize("status", [None, [CallbackStatus.REJECTED], [CallbackStatus.REJECTED, CallbackStatus.EXPIRED]])
def test_callbacks_are_selected_by_their_statuses(engine: Engine, status: list[CallbackStatus] | None) -> None:
    rows = [made(number, 40) for number in range(40)]
    expected = [row["id"] for row in reversed(rows) if status is None or row["workflow"] == "old"]

    def read(conn: Connection, args: PageArgs) -> RowPage[Any]:
        return listing.callback_page(conn, CallbackFilter(NOW, statuses=status), args)

    with engine.begin() as conn:
        write(conn, rows)
        assert [walked(conn, read, 3, is_forward=is_forward) for is_forward in (True, False)] == [expected] * 2


@pytest.mark.parametrize("most", [0, 20])
def test_notifications_are_selected_by_their_statuses_and_targets(
    engine: Engine, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages_of_values, "MOST_VALUES", most)
    rows = [made(number, 40) for number in range(40)]
    with engine.begin() as conn:
        write(conn, rows)
        for filters in NOTICES:
            fitting = [
                each
                for each in map(notice, rows)
                if (filters.statuses is None or each["status"] in filters.statuses)
                and (filters.targets is None or each["target"] in filters.targets)
            ]
            fitting.sort(key=itemgetter("created_at", "id"), reverse=True)

            def read(conn: Connection, args: PageArgs, filters: NotificationFilter = filters) -> RowPage[Any]:
                return notification_rows.page(conn, filters, args)

            for is_forward in (True, False):
                assert walked(conn, read, 3, is_forward=is_forward) == [each["id"] for each in fitting], filters


def test_the_work_for_a_page_does_not_grow_with_the_number_of_requests(engine: Engine) -> None:
    work: dict[str, list[int]] = {}
    mine = Inbox("bob", frozenset())
    few, many = 1_000, 4_000
    for first, last in ((0, few), (few, many)):
        rows = [made(number, many) for number in range(first, last)]
        with engine.begin() as conn:
            write(conn, rows)
        if engine.dialect.name == "postgresql":
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
                conn.exec_driver_sql("VACUUM ANALYZE")  # as the server itself does after many writes
        with engine.begin() as conn:
            reads: dict[str, Callable[[], Any]] = {
                f"{wanted}": partial(listing.input_request_page, conn, wanted.filters(inbox=mine), PageArgs(5))
                for wanted in CASES
            }
            for statuses in ([CallbackStatus.REJECTED], [CallbackStatus.REJECTED, CallbackStatus.EXPIRED]):
                filters = CallbackFilter(NOW, statuses=statuses)
                reads[f"{statuses}"] = partial(listing.callback_page, conn, filters, PageArgs(5))
            for notices in NOTICES:
                reads[f"{notices}"] = partial(notification_rows.page, conn, notices, PageArgs(5))
            for title, read in reads.items():
                work.setdefault(title, []).append(work_of(conn, statements_of(conn, read)))

    allowed = 4_000 if engine.dialect.name == "sqlite" else 600
    assert {title: sizes for title, sizes in work.items() if sizes[1] > 2 * sizes[0] + allowed} == {}
