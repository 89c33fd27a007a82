"""Everything that can be asked."""

import asyncio
from datetime import timedelta
from typing import Annotated, TypeVar
from uuid import UUID

import strawberry

from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.errors import AuthorCodeError, ForbiddenError, NotFoundError, typed
from orchestrator_gql.graphql.types import stats as stats_types
from orchestrator_gql.graphql.types.audit import AuditAnchor, AuditEntry, AuditFilter, AuditVerification
from orchestrator_gql.graphql.types.callbacks import Callback, CallbackAttempt
from orchestrator_gql.graphql.types.common import After, Assignee, Connection, First, Node, User, connection
from orchestrator_gql.graphql.types.enums import OrderDirection, ProcessOrderField, StatsWindow
from orchestrator_gql.graphql.types.events import EventConnection, event_connection
from orchestrator_gql.graphql.types.filters import (
    CallbackFilter,
    EventFilter,
    InputRequestFilter,
    ProcessFilter,
    ProcessOrder,
    WorkflowFilter,
    uuid_or_nowhere,
)
from orchestrator_gql.graphql.types.forms import FormComplete, FormInvalid, FormPage, form_result
from orchestrator_gql.graphql.types.input_requests import InputRequest
from orchestrator_gql.graphql.types.notifications import Notification, NotificationQueries
from orchestrator_gql.graphql.types.processes import Process, process_connection
from orchestrator_gql.graphql.types.products import Product, ProductSubscription
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.graphql.types.stats import Engine, Stats
from orchestrator_gql.graphql.types.steps import ProcessStep
from orchestrator_gql.graphql.types.workflows import Workflow
from orchestrator_gql.reads import audit as audit_reads
from orchestrator_gql.reads import callbacks as callback_reads
from orchestrator_gql.reads import input_requests as input_request_reads
from orchestrator_gql.reads import notifications as notification_reads
from orchestrator_gql.reads import processes as process_reads
from orchestrator_gql.reads import products as product_reads
from orchestrator_gql.reads import rows as row_reads
from orchestrator_gql.reads.audit import verify_audit
from orchestrator_gql.reads.rows import NodeId, NodeKind
from orchestrator_gql.security import Permission
from orchestrator_gql.storage.events import EventFilter as LogFilter
from orchestrator_gql.storage.pagination import PageArgs, RowPage, cursor_of, only
from orchestrator_gql.utils.errors import NotFound, OrchestratorError

T = TypeVar("T", Workflow, Product)

NEWEST_FIRST = ProcessOrder(field=ProcessOrderField.STARTED_AT, direction=OrderDirection.DESC)

StartFormResult = Annotated[
    FormPage | FormInvalid | FormComplete | NotFoundError | ForbiddenError | AuthorCodeError,
    strawberry.union("StartFormResult", description="One turn of a start form."),
]


@strawberry.type(description="Whoever asks.")
class Viewer:
    user: User | None = strawberry.field(description="Who that is.")
    assignees: list[Assignee] = strawberry.field(description="The teams it belongs to.")
    permissions: list[Permission] = strawberry.field(description="What it may do.")

    @resolved(description="The forms that its teams, or everybody, should answer, and nobody else has taken.")
    async def open_input_requests(self, info: Info, first: First = 50, after: After = None) -> Connection[InputRequest]:
        return await _request_connection(info, InputRequestFilter(mine=True), PageArgs(first, after))


async def _request_connection(info: Info, filter: InputRequestFilter, page_args: PageArgs) -> Connection[InputRequest]:
    context = info.context
    wanted = filter.as_of(context.runtime.clock.now(), context.runtime, context.principal)
    found = await input_request_reads.input_request_page(context.reading, context.principal, wanted, page_args)

    async def total() -> int:
        return await input_request_reads.input_request_count(context.reading, context.principal, wanted)

    made: Connection[InputRequest] = connection(found, InputRequest.of, total)
    return made


@strawberry.type(description="Everything that can be asked.")
class Query(NotificationQueries):
    @resolved(description="Any node by its id.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Node | None:
        (named,) = row_reads.node_ids(info.context.principal, [id])
        return await _node(info, named)

    @resolved(description="Many nodes by their ids, in their order; null where there is none.")
    async def nodes(
        self, info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="At most 200 ids.")]
    ) -> list[Node | None]:
        named = row_reads.node_ids(info.context.principal, ids)
        return await asyncio.gather(*(_node(info, one) for one in named))

    @resolved(description="Whoever asks.")
    def viewer(self, info: Info) -> Viewer:
        principal = info.context.principal
        teams = [Assignee.of(key) for key in sorted(principal.teams)]
        return Viewer(user=User.of(principal), assignees=teams, permissions=sorted(principal.permissions))

    @resolved(description="The workflow of that name.")
    def workflow(
        self, info: Info, name: Annotated[str, strawberry.argument(description="Its name.")]
    ) -> Workflow | None:
        return _workflow(info, name)

    @resolved(description="The workflows that are deployed, by name.")
    def workflows(
        self,
        info: Info,
        filter: Annotated[WorkflowFilter | None, strawberry.argument(description="Which of them.")] = None,
        first: First = 50,
        after: After = None,
    ) -> Connection[Workflow]:
        every = process_reads.workflows(info.context.runtime, info.context.principal)
        wanted = [Workflow.of(one) for one in every if _is_wanted(one.name, one.description, one.target, filter)]
        return _listed(wanted, first, after)

    @resolved(description="The process with that id.")
    async def process(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Process | None:
        row = await process_reads.process(info.context.reading, info.context.principal, uuid_or_nowhere(id))
        return Process.of(row) if row else None

    @resolved(description="Processes, the newest first unless ordered otherwise.")
    async def processes(
        self,
        info: Info,
        filter: Annotated[ProcessFilter | None, strawberry.argument(description="Which of them.")] = None,
        order_by: Annotated[ProcessOrder | None, strawberry.argument(description="In which order.")] = NEWEST_FIRST,
        first: Annotated[int | None, strawberry.argument(description="So many behind `after`; at most 200.")] = None,
        after: After = None,
        last: Annotated[int | None, strawberry.argument(description="So many before `before`; at most 200.")] = None,
        before: Annotated[str | None, strawberry.argument(description="Before this cursor.")] = None,
    ) -> Connection[Process]:
        return await process_connection(
            info,
            (filter or ProcessFilter()).within(),
            PageArgs(first, after, last, before),
            by_update=order_by is not None and order_by.field is ProcessOrderField.UPDATED_AT,
            is_descending=order_by is None or order_by.direction is OrderDirection.DESC,
        )

    @resolved(description="The operators' inbox: forms waiting for a person, the oldest first.")
    async def input_requests(
        self,
        info: Info,
        filter: Annotated[InputRequestFilter | None, strawberry.argument(description="Which of them.")] = None,
        first: First = 50,
        after: After = None,
    ) -> Connection[InputRequest]:
        return await _request_connection(info, filter or InputRequestFilter(), PageArgs(first, after))

    @resolved(description="Callbacks, the newest first.")
    async def callbacks(
        self,
        info: Info,
        filter: Annotated[CallbackFilter | None, strawberry.argument(description="Which of them.")] = None,
        first: First = 50,
        after: After = None,
    ) -> Connection[Callback]:
        context = info.context
        now = context.runtime.clock.now()
        wanted = (filter or CallbackFilter()).as_of(now)
        page_args = PageArgs(first, after)
        found = await callback_reads.callback_page(context.reading, context.principal, wanted, page_args)

        async def total() -> int:
            return await callback_reads.callback_count(context.reading, context.principal, wanted)

        made: Connection[Callback] = connection(found, lambda row: Callback.of(row, now), total)
        return made

    @resolved(description="Who decided what, the newest first.")
    async def audit(
        self,
        info: Info,
        filter: Annotated[AuditFilter | None, strawberry.argument(description="Which of them.")] = None,
        first: First = 50,
        after: After = None,
    ) -> Connection[AuditEntry]:
        context, wanted = info.context, (filter or AuditFilter()).wanted()
        found = await audit_reads.audit_page(context.reading, context.principal, wanted, PageArgs(first, after))

        async def total() -> int:
            return await audit_reads.audit_count(context.reading, context.principal, wanted)

        made: Connection[AuditEntry] = connection(found, AuditEntry.of, total)
        return made

    @resolved(
        description="Walk the audit log, seal by seal and chain by chain; says what does not fit, if anything does."
    )
    async def verify_audit(
        self,
        info: Info,
        after: After = None,
        first: Annotated[int | None, strawberry.argument(description="At most 100,000 entries.")] = 10_000,
        anchor: Annotated[
            AuditAnchor | None,
            strawberry.argument(description="A seal, noted down elsewhere, that must be there still."),
        ] = None,
    ) -> AuditVerification:
        context, most = info.context, 10_000 if first is None else first
        kept = anchor.read() if anchor else None
        found = await verify_audit(context.runtime, context.principal, after=after, first=most, anchor=kept)
        return AuditVerification.of(found)

    @resolved(description="The product of that name.")
    def product(self, info: Info, name: Annotated[str, strawberry.argument(description="Its name.")]) -> Product | None:
        return _product(info, name)

    @resolved(description="The products that are declared, by name.")
    def products(self, info: Info, first: First = 50, after: After = None) -> Connection[Product]:
        every = product_reads.products(info.context.principal)
        return _listed([Product.of(one) for one in every], first, after)

    @resolved(description="The product subscription with that id.")
    async def product_subscription(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> ProductSubscription | None:
        row = await info.context.loaders.subscription.load(uuid_or_nowhere(id))
        return ProductSubscription.of(row) if row is not None else None

    @resolved(description="The durable event log behind the live stream; the same cursors.")
    async def events(
        self,
        info: Info,
        after: After = None,
        filter: Annotated[EventFilter | None, strawberry.argument(description="Which of them.")] = None,
        first: First = 100,
    ) -> EventConnection:
        return await event_connection(info, after, filter.read() if filter else LogFilter(), first)

    @resolved(description="Evaluate a start form without side effects.")
    async def start_form(
        self,
        info: Info,
        workflow_name: Annotated[str, strawberry.argument(description="The workflow.")],
        pages: Annotated[list[JSON], strawberry.argument(description="The answers so far, in order.")] = [],  # noqa: B006
    ) -> StartFormResult:
        context = info.context
        try:
            return form_result(
                await input_request_reads.start_form(
                    context.runtime,
                    context.principal,
                    workflow_name=workflow_name,
                    pages=list(pages),
                    locale=context.locale,
                )
            )
        except OrchestratorError as error:
            return typed(error)  # type: ignore[return-value]

    @resolved(description="The header's numbers.")
    async def stats(
        self,
        info: Info,
        page_args: Annotated[
            StatsWindow | None, strawberry.argument(description="How far back those of ended processes look.")
        ] = StatsWindow.LAST_24_HOURS,
    ) -> Stats:
        context = info.context
        found = await process_reads.counts(context.reading, context.principal, _window(page_args))
        return Stats.of(found, context.runtime.clock.now())

    @resolved(description="The engine: whether it starts steps, and who runs them.")
    async def engine(self, info: Info) -> Engine:
        return Engine.of(await process_reads.status(info.context.reading, info.context.principal))


def _window(page_args: StatsWindow | None) -> timedelta:
    return stats_types.WINDOWS[page_args or StatsWindow.LAST_24_HOURS]


def _is_wanted(name: str, description: str, target: str, filter: WorkflowFilter | None) -> bool:
    if filter is None:
        return True
    if filter.names is not None and name not in filter.names:
        return False
    if filter.targets is not None and target not in filter.targets:
        return False
    return not filter.search or filter.search.lower() in f"{name} {description}".lower()


def _listed(every: list[T], first: int | None, after: str | None) -> Connection[T]:
    """A page of a list that is small and in memory, ordered by name."""
    start = only(after) if after is not None else None
    size = PageArgs(first).size
    behind = [one for one in every if start is None or one.name > start]
    items = tuple((cursor_of(one.name), one) for one in behind[:size])

    async def total() -> int:
        return len(every)

    found = RowPage(items, has_next=len(behind) > size, has_previous=start is not None)
    made: Connection[T] = connection(found, lambda one: one, total)
    return made


def _workflow(info: Info, name: str) -> Workflow | None:
    found = process_reads.workflow(info.context.runtime, info.context.principal, name)
    return Workflow.of(found) if found else None


def _product(info: Info, name: str) -> Product | None:
    found = product_reads.product(info.context.principal, name)
    return Product.of(found) if found else None


async def _node(info: Info, named: NodeId | None) -> Node | None:
    match named:
        case NodeId(NodeKind.WORKFLOW, name=name):
            return _workflow(info, name)
        case NodeId(NodeKind.PRODUCT, name=name):
            return _product(info, name)
        case NodeId(NodeKind.STEP, UUID() as process_id, index):
            return await _step(info, process_id, index)
        case NodeId(NodeKind.ROW, UUID() as key):
            return await _row(info, key)
        case _:
            return None


async def _step(info: Info, process_id: UUID, index: str) -> ProcessStep | None:
    try:
        return await ProcessStep.at(info, process_id, int(index))
    except (NotFound, ValueError):
        return None


async def _row(info: Info, key: UUID) -> Node | None:
    loaders = info.context.loaders
    if process := await loaders.process.load(key):
        return Process.of(process)
    if callback := await loaders.callback.load(key):
        return Callback.of(callback, info.context.runtime.clock.now())
    if request := await loaders.request.load(key):
        return InputRequest.of(request)
    if (subscription := await loaders.subscription.load(key)) is not None:
        return ProductSubscription.of(subscription)
    if kept := await loaders.attempt.load(key):
        return CallbackAttempt.of(kept)
    context = info.context
    if told := await notification_reads.notification(context.reading, context.principal, key):
        return Notification.of(told)
    entry = await audit_reads.audit_entry(context.reading, context.principal, key)
    return AuditEntry.of(entry) if entry else None
