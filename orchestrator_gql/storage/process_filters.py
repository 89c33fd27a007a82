"""The filters of lists of processes, and their conditions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Boolean, ColumnCollection, ColumnElement, Select, Text, cast, func, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from orchestrator_gql.storage.columns import asked_per_row
from orchestrator_gql.storage.pagination import escaped
from orchestrator_gql.storage.tables import process_subscriptions, product_subscriptions, products
from orchestrator_gql.targets import Target
from orchestrator_gql.types import ProcessStatus

SHORTEST_ID, LONGEST_ID = 4, 32
"""Digits of an id from which a search compares the text with ids, and digits of a whole id."""

Columns: TypeAlias = ColumnCollection[str, Any]
"""The columns of the table of processes, or of a query for some of its rows."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time span: ``start`` is included, ``end`` is not; None means no bound."""

    start: datetime | None = None
    end: datetime | None = None

    def within(self, other: "Span") -> "Span":
        """What both spans have in common."""
        starts = [each for each in (self.start, other.start) if each is not None]
        ends = [each for each in (self.end, other.end) if each is not None]
        return Span(max(starts, default=None), min(ends, default=None))


ANY_TIME = Span()


@dataclass(frozen=True, slots=True)
class ProcessFilter:
    """Selects processes; None means any."""

    ids: Sequence[UUID] | None = None
    statuses: Sequence[ProcessStatus] | None = None
    workflow_names: Sequence[str] | None = None
    targets: Sequence[Target] | None = None
    assignee_keys: Sequence[str] | None = None
    product_subscription_id: UUID | None = None
    created_by: str | None = None
    started_at: Span = ANY_TIME
    updated_at: Span = ANY_TIME
    search: str | None = None
    found_workflows: Sequence[str] = ()
    """The workflows whose description contains ``search``: descriptions are in code, not in the database."""
    products: Sequence[str] | None = None
    failure_codes: Sequence[str] | None = None


def conditions_of(filters: ProcessFilter, c: Columns) -> list[ColumnElement[bool]]:
    """The conditions of the filter on the rows with these columns, of which it needs those that it compares."""
    listed: dict[str, Sequence[Any] | None] = {
        "id": filters.ids,
        "status": filters.statuses,
        "workflow_name": filters.workflow_names,
        "target": filters.targets,
        "assignee": filters.assignee_keys,
    }
    conditions: list[ColumnElement[bool]] = [c[name].in_(each) for name, each in listed.items() if each is not None]
    if filters.created_by is not None:
        conditions.append(c.created_by == filters.created_by)
    if filters.failure_codes is not None:
        conditions += [c.failure_code.in_(filters.failure_codes), c.status == ProcessStatus.FAILED]
    if filters.products is not None:
        conditions.append(_works_on(filters.products, c))
    if filters.product_subscription_id is not None:
        conditions.append(c.id.in_(of_subscription(filters.product_subscription_id)))
    for span, name in ((filters.started_at, "started_at"), (filters.updated_at, "updated_at")):
        if span != ANY_TIME:
            conditions += within(span, c[name])
    if filters.search:
        conditions.append(has_text(filters.search, filters.found_workflows, c))
    return conditions


def within(span: Span, column: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """The conditions that the time is in the span."""
    conditions: list[ColumnElement[bool]] = []
    if span.start is not None:
        conditions.append(column >= span.start)
    if span.end is not None:
        conditions.append(column < span.end)
    return conditions


def of_subscription(id: UUID) -> Select[Any]:
    """A query for the ids of the processes that work on the subscription."""
    return select(process_subscriptions.c.process_id).where(process_subscriptions.c.subscription_id == id)


def of_products(names: Sequence[str]) -> Select[Any]:
    """A query for the ids of the processes that work on a subscription to one of the products, some several times."""
    links, subscriptions = process_subscriptions.c, product_subscriptions.c
    product_ids = select(products.c.id).where(products.c.name.in_(names))
    query = select(links.process_id).where(links.subscription_id == subscriptions.id)
    return query.where(subscriptions.product_id.in_(product_ids))


def _works_on(names: Sequence[str], c: Columns) -> ColumnElement[bool]:
    """The condition that the process works on a subscription to one of the products.

    A scalar query for the product, because SQLite would look through all subscriptions of the products instead.
    """
    links, subscriptions = process_subscriptions.c, product_subscriptions.c
    product_id = select(subscriptions.product_id).where(subscriptions.id == links.subscription_id).scalar_subquery()
    product_ids = select(products.c.id).where(products.c.name.in_(names))
    return asked_per_row(select(links.process_id).where(links.process_id == c.id, product_id.in_(product_ids)))


def has_text(text: str, workflows: Sequence[str], c: Columns) -> ColumnElement[bool]:
    """The condition that the subject, the name of the workflow, the note or the id contains the text, or that the
    workflow is one of these.

    SQLite has an index of these columns. In a row they stand behind the state, whose pages it would read first.
    The message of a failure is not searched: it is masked only when it is shown, so a search would find its secrets.
    """
    patterns = [f"%{escaped(text)}%"] if text.isascii() else [f"%{escaped(text)}%", f"*{in_any_case(text)}*"]
    is_match = or_(*(_Like(column, *patterns) for column in (c.subject, c.workflow_name, c.note)))
    if workflows:
        is_match = or_(is_match, c.workflow_name.in_(workflows))
    digits = digits_of_id(text)
    return is_match if digits is None else or_(is_match, func.replace(cast(c.id, Text), "-", "").contains(digits))


def digits_of_id(text: str) -> str | None:
    """The digits with which a search compares the ids; None if it does not.

    >>> digits_of_id("0B8A-7")
    '0b8a7'
    """
    digits = text.strip().replace("-", "").lower()
    is_part = SHORTEST_ID <= len(digits) <= LONGEST_ID and set(digits) <= set("0123456789abcdef")
    return digits if is_part else None


def in_any_case(text: str) -> str:
    """The pattern of SQLite's ``GLOB`` for the text, with each letter as a capital or a small one.

    >>> in_any_case("Île*")
    '[Îî][lL][eE][*]'
    """
    return "".join(map(_either, text))


def _either(sign: str) -> str:
    forms = dict.fromkeys(form for form in (sign, sign.upper(), sign.lower(), sign.title()) if len(form) == 1)
    return sign if len(forms) == 1 and sign not in "*?[" else f"[{''.join(forms)}]"


class _Like(FunctionElement[bool]):
    """The condition that a text matches a pattern, in capital or small letters; the escape character is ``!``.

    SQLAlchemy's `ilike` has SQLite lower both texts of each row first, which takes longer than to compare them.
    SQLite's ``LIKE`` knows no capitals beyond A to Z: for a text with such letters a pattern of ``GLOB`` follows.
    """

    inherit_cache = True
    type = Boolean()


@compiles(_Like)
def _like(element: _Like, compiler: SQLCompiler, **options: Any) -> str:
    column, pattern, *glob = element.clauses
    text, is_postgres = compiler.process(column, **options), compiler.dialect.name == "postgresql"
    if glob and not is_postgres:
        return f"{text} GLOB {compiler.process(glob[0], **options)}"
    return f"{text} {'ILIKE' if is_postgres else 'LIKE'} {compiler.process(pattern, **options)} ESCAPE '!'"
