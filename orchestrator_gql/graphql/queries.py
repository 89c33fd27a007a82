"""The root type of the queries, and their resolvers."""

import asyncio
from datetime import timedelta
from typing import Annotated, TypeVar
from uuid import UUID

import strawberry

from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.errors import (
    AuthorCodeError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    result_or_error,
)
from orchestrator_gql.graphql.types import stats as stats_types
from orchestrator_gql.graphql.types.audit import AuditEntry, AuditQueries
from orchestrator_gql.graphql.types.callbacks import Callback, CallbackAttempt
from orchestrator_gql.graphql.types.common import (
    CONDITIONS,
    After,
    Assignee,
    Before,
    Connection,
    First,
    FirstAfter,
    LastBefore,
    Node,
    User,
    connection,
    connection_of,
    page_by_name,
)
from orchestrator_gql.graphql.types.enums import OrderDirection, ProcessOrderField, StatsWindow
from orchestrator_gql.graphql.types.event_pages import EventConnection, event_connection
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
from orchestrator_gql.graphql.types.process_parts import parts_of
from orchestrator_gql.graphql.types.processes import Process, process_connection
from orchestrator_gql.graphql.types.product_lists import ProductSubscriptionQueries
from orchestrator_gql.graphql.types.products import Product, ProductSubscription
from orchestrator_gql.graphql.types.remote_services import RemoteServiceQueries
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.graphql.types.stats import Engine, Stats
from orchestrator_gql.graphql.types.steps import ProcessStep
from orchestrator_gql.graphql.types.workflows import Workflow
from orchestrator_gql.reads import audit as audit_reads
from orchestrator_gql.reads import input_requests as input_request_reads
from orchestrator_gql.reads import notifications as notification_reads
from orchestrator_gql.reads import processes as process_reads
from orchestrator_gql.reads import products as product_reads
from orchestrator_gql.reads import rows as row_reads
from orchestrator_gql.reads.callbacks import callback_list
from orchestrator_gql.reads.rows import NodeId, NodeKind
from orchestrator_gql.security import Permission
from orchestrator_gql.storage.events import EventFilter as LogFilter
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.utils.errors import NotFound
from orchestrator_gql.workflow import model

T = TypeVar("T", Workflow, Product)

NEWEST_FIRST = ProcessOrder(field=ProcessOrderField.STARTED_AT, direction=OrderDirection.DESC)

StartFormResult = Annotated[
    FormPage | FormInvalid | FormComplete | NotFoundError | ForbiddenError | ConflictError | AuthorCodeError,
    strawberry.union(
        "StartFormResult",
        description="The result of `startForm`: the next page, the errors of a page, the completed form, or an error.",
    ),
]


@strawberry.type(description="The caller: its user, teams and permissions.")
class Viewer:
    user: User | None = strawberry.field(description="The user; null if the caller is not known.")
    assignees: list[Assignee] = strawberry.field(description="The teams that the caller belongs to.")
    permissions: list[Permission] = strawberry.field(description="The permissions of the caller.")

    @resolved(
        description="The open input requests that wait for the caller, oldest first: assigned to the caller's teams "
        "or to everybody, not claimed by anybody else, not decided by the caller, and no approval of the caller's own "
        "change where that is forbidden."
    )
    async def open_input_requests(
        self, info: Info, first: First = 50, after: After = None
    ) -> Connection[InputRequest] | None:
        return await _request_connection(info, InputRequestFilter(mine=True), PageArgs(first, after))


async def _request_connection(info: Info, filter: InputRequestFilter, page_args: PageArgs) -> Connection[InputRequest]:
    context = info.context
    wanted = filter.as_of(context.runtime.clock.now(), context.runtime, context.principal)
    return await connection_of(info, input_request_reads.input_request_list, wanted, page_args, InputRequest.of)


@strawberry.type(
    description="The queries. A field that fails, such as one that the caller may not read, is null and has an error "
    "with its path; the other fields of the document are answered."
)
class Query(NotificationQueries, AuditQueries, ProductSubscriptionQueries, RemoteServiceQueries):
    @resolved(description="The node with this id; null if there is none.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id of the node.")]
    ) -> Node | None:
        (node_id,) = row_reads.node_ids(info.context.principal, [id])
        return await _node(info, node_id)

    @resolved(description="The nodes with these ids, in the same order; null for an id without a node.")
    async def nodes(
        self, info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="The ids; at most 200.")]
    ) -> list[Node | None] | None:
        node_ids = row_reads.node_ids(info.context.principal, ids)
        return await asyncio.gather(*(_node(info, node_id) for node_id in node_ids))

    @resolved(description="The caller.")
    def viewer(self, info: Info) -> Viewer:
        principal = info.context.principal
        teams = [Assignee.of(key) for key in sorted(principal.teams)]
        return Viewer(user=User.of(principal), assignees=teams, permissions=sorted(principal.permissions))

    @resolved(description="The workflow with this name; null if there is none.")
    def workflow(
        self, info: Info, name: Annotated[str, strawberry.argument(description="The name of the workflow.")]
    ) -> Workflow | None:
        return _workflow(info, name)

    @resolved(description="The deployed workflows, ordered by name.")
    def workflows(
        self,
        info: Info,
        filter: Annotated[WorkflowFilter | None, CONDITIONS] = None,
        first: First = 50,
        after: After = None,
    ) -> Connection[Workflow] | None:
        definitions = process_reads.workflows(info.context.runtime, info.context.principal)
        selected = [Workflow.of(definition) for definition in definitions if _matches(definition, filter)]
        return _list_connection(selected, first, after)

    @resolved(
        description="The process with this id; null if there is none. If retention removed it, the error NOT_FOUND "
        "says when."
    )
    async def process(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id of the process.")]
    ) -> Process | None:
        context, parts = info.context, parts_of(info)
        found = await process_reads.process(context.reading, context.principal, uuid_or_nowhere(id), parts)
        if found is None:
            return None
        context.loaders.keep(*found)
        return Process.of(found[0])

    @resolved(description="The processes, by default the newest first.")
    async def processes(
        self,
        info: Info,
        filter: Annotated[ProcessFilter | None, CONDITIONS] = None,
        order_by: Annotated[
            ProcessOrder | None,
            strawberry.argument(description="The order. Default: by the time of the start, the newest first."),
        ] = NEWEST_FIRST,
        first: FirstAfter = None,
        after: After = None,
        last: LastBefore = None,
        before: Before = None,
    ) -> Connection[Process] | None:
        return await process_connection(
            info,
            (filter or ProcessFilter()).within(info.context.runtime.registry),
            PageArgs(first, after, last, before),
            by_update=order_by is not None and order_by.field is ProcessOrderField.UPDATED_AT,
            is_descending=order_by is None or order_by.direction is OrderDirection.DESC,
        )

    @resolved(description="The input requests, by default the open ones, the oldest first.")
    async def input_requests(
        self,
        info: Info,
        filter: Annotated[InputRequestFilter | None, CONDITIONS] = None,
        first: First = 50,
        after: After = None,
    ) -> Connection[InputRequest] | None:
        return await _request_connection(info, filter or InputRequestFilter(), PageArgs(first, after))

    @resolved(description="The callbacks, the newest first.")
    async def callbacks(
        self,
        info: Info,
        filter: Annotated[CallbackFilter | None, CONDITIONS] = None,
        first: First = 50,
        after: After = None,
    ) -> Connection[Callback] | None:
        page_args, now = PageArgs(first, after), info.context.runtime.clock.now()
        wanted = (filter or CallbackFilter()).as_of(now)
        return await connection_of(info, callback_list, wanted, page_args, lambda row: Callback.of(row, now))

    @resolved(description="The product with this name; null if there is none.")
    def product(
        self, info: Info, name: Annotated[str, strawberry.argument(description="The name of the product.")]
    ) -> Product | None:
        return _product(info, name)

    @resolved(description="The declared products, ordered by name.")
    def products(self, info: Info, first: First = 50, after: After = None) -> Connection[Product] | None:
        registered = product_reads.products(info.context.principal)
        return _list_connection([Product.of(product) for product in registered], first, after)

    @resolved(description="The product subscription with this id; null if there is none.")
    async def product_subscription(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The id of the product subscription.")],
    ) -> ProductSubscription | None:
        row = await info.context.loaders.subscription.load(uuid_or_nowhere(id))
        return ProductSubscription.of(row) if row is not None else None

    @resolved(
        description="The event log, the oldest event first. It has the same cursors as the subscription "
        "`processEvents`. A filter is applied to a part of the log at a time: a page may have fewer events than "
        "`first`, or none, and yet `hasNextPage`; continue after `endCursor`."
    )
    async def events(
        self,
        info: Info,
        after: After = None,
        filter: Annotated[EventFilter | None, CONDITIONS] = None,
        first: First = 100,
    ) -> EventConnection | None:
        return await event_connection(info, after, filter.read() if filter else LogFilter(), first)

    @resolved(description="Evaluate the start form of a workflow with the pages so far, without side effects.")
    async def start_form(
        self,
        info: Info,
        workflow_name: Annotated[str, strawberry.argument(description="The name of the workflow.")],
        pages: Annotated[
            list[JSON],
            strawberry.argument(
                description="The submitted pages so far, in order. Default: none, which returns the first page."
            ),
        ] = [],  # noqa: B006
    ) -> StartFormResult:
        context = info.context
        turn = input_request_reads.start_form(
            context.runtime,
            context.principal,
            workflow_name=workflow_name,
            pages=list(pages),
            locale=context.locale,
        )
        return await result_or_error(turn, form_result)

    @resolved(description="The numbers at the top of the dashboard.")
    async def stats(
        self,
        info: Info,
        window: Annotated[
            StatsWindow | None,
            strawberry.argument(
                description="The period that the numbers of ended processes cover. Default: the last 24 hours."
            ),
        ] = StatsWindow.LAST_24_HOURS,
    ) -> Stats | None:
        context = info.context
        counts = await process_reads.counts(context.reading, context.principal, _period(window))
        return Stats.of(counts, context.runtime.clock.now(), _period(window))

    @resolved(description="The state of the engine and its workers.")
    async def engine(self, info: Info) -> Engine | None:
        return Engine.of(await process_reads.status(info.context.reading, info.context.principal))


def _period(window: StatsWindow | None) -> timedelta:
    return stats_types.WINDOWS[window or StatsWindow.LAST_24_HOURS]


def _matches(workflow: model.Workflow, filter: WorkflowFilter | None) -> bool:
    if filter is None:
        return True
    if filter.names is not None and workflow.name not in filter.names:
        return False
    if filter.targets is not None and workflow.target not in filter.targets:
        return False
    return not filter.search or filter.search.lower() in f"{workflow.name} {workflow.description}".lower()


def _list_connection(entries: list[T], first: int | None, after: str | None) -> Connection[T]:
    """A page of a small list in memory, which is ordered by name."""
    by_name = {entry.name: entry for entry in entries}
    page = page_by_name(list(by_name), PageArgs(first, after))
    return connection(page, by_name.__getitem__, len(entries))


def _workflow(info: Info, name: str) -> Workflow | None:
    definition = process_reads.workflow(info.context.runtime, info.context.principal, name)
    return Workflow.of(definition) if definition else None


def _product(info: Info, name: str) -> Product | None:
    registered = product_reads.product(info.context.principal, name)
    return Product.of(registered) if registered else None


async def _node(info: Info, node_id: NodeId | None) -> Node | None:
    match node_id:
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
    if attempt := await loaders.attempt.load(key):
        return CallbackAttempt.of(attempt)
    context = info.context
    if notification := await notification_reads.notification(context.reading, context.principal, key):
        return Notification.of(notification)
    entry = await audit_reads.audit_entry(context.reading, context.principal, key)
    return AuditEntry.of(entry) if entry else None
