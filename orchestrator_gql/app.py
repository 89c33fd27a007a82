"""Build the server: a Starlette application from settings and workflows."""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Scope

from orchestrator_gql.authentication.guess_limiter import GuessLimiters
from orchestrator_gql.callbacks import contract
from orchestrator_gql.config.addresses import canonical, host_of, in_ascii
from orchestrator_gql.config.dashboard import dashboard_folder
from orchestrator_gql.config.settings import Settings
from orchestrator_gql.domain import products
from orchestrator_gql.domain.reading import READER, Question, StoredSubscriptions
from orchestrator_gql.engine.workers.audit_sealer import keep_sealed, seal_at_the_end
from orchestrator_gql.engine.workers.database_clock import begin_clock, keep_to_database_clock
from orchestrator_gql.engine.workers.embedded import EmbeddedDispatcher
from orchestrator_gql.engine.workers.pruning import keep_pruned
from orchestrator_gql.engine.workers.schema_watch import watch_schema
from orchestrator_gql.engine.workers.search_index import keep_indexed
from orchestrator_gql.engine.workers.secret_index import unindex_secrets
from orchestrator_gql.engine.workers.timers import run_timers
from orchestrator_gql.events.notifier import LocalNotifier, Notifier
from orchestrator_gql.graphql.cross_origin import with_cors
from orchestrator_gql.notifications.start import start_notifications
from orchestrator_gql.rest.access_log import AccessLog
from orchestrator_gql.rest.audit import audit_routes
from orchestrator_gql.rest.callbacks import callback_routes
from orchestrator_gql.rest.client_address import ClientAddress
from orchestrator_gql.rest.dashboard import Dashboard
from orchestrator_gql.rest.health import health_routes
from orchestrator_gql.rest.metrics import Metrics, metrics_routes
from orchestrator_gql.rest.openapi import openapi_routes
from orchestrator_gql.rest.problems import on_error, on_fault, on_http_error, problem_of
from orchestrator_gql.rest.receipts import receipt_routes
from orchestrator_gql.rest.request_target import KnownHosts, Refuse, RequestTarget
from orchestrator_gql.runtime import Dispatcher, Runtime, RuntimeHooks
from orchestrator_gql.storage import leases, product_subscription_reads, product_subscriptions, workers
from orchestrator_gql.storage.audit_seals import OTHER_KEY, newest_fits
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.database.schema import prepare
from orchestrator_gql.storage.event_numbers import REMEDY, is_from_other_cluster
from orchestrator_gql.utils.author_places import Authors
from orchestrator_gql.utils.clock import Clock, SteadyClock
from orchestrator_gql.utils.errors import OrchestratorError, SettingsError
from orchestrator_gql.utils.extras import demand_extra
from orchestrator_gql.utils.json.redaction import Redactor, secret_names
from orchestrator_gql.utils.outages import Outage
from orchestrator_gql.utils.slow_readers import Limits, SlowReaders
from orchestrator_gql.utils.tokens import new_id
from orchestrator_gql.workflow.callback_step import hands_out_url
from orchestrator_gql.workflow.model import ActionStep, AwaitStep, Workflow
from orchestrator_gql.workflows.registry import Registry

if TYPE_CHECKING:
    from orchestrator_gql.graphql.http import GraphQLApp
    from orchestrator_gql.storage.database.postgres import PostgresDatabase
    from orchestrator_gql.storage.database.sqlite import SqliteDatabase

logger = logging.getLogger(__name__)

LOOPBACK = ("localhost", "127.0.0.1", "::1", "testserver")
GRAPHQL = "/graphql"


def create_app(settings: Settings, workflows: Sequence[Workflow], *, clock: Clock | None = None) -> Starlette:
    """Return the server of these workflows; its lifespan opens the database, and starts and stops the engine.

    The lifespan can be entered once. Raises `SettingsError` if the settings cannot work together, and
    `WorkflowDefinitionError`.
    """
    _demand_private(settings)
    runtime = assemble(settings, Registry(workflows), clock or SteadyClock())
    dispatcher = dispatcher_of(runtime)
    limiters = GuessLimiters(settings.misses_per_minute)
    graphql = _graphql(runtime, limiters)
    slow_readers = SlowReaders(Limits(settings.max_waiting_bytes, settings.slow_reader_timeout))
    metrics = Metrics(runtime, graphql, slow_readers)
    runtime.database.observer = metrics.commits

    starts = iter([True])

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if not next(starts, False):  # its threads have ended, and it may be another event loop
            raise RuntimeError("This application has been started before: call create_app for each start.")
        async with running(runtime, dispatcher), metrics.loop_lag.measured():
            yield

    open_routes = _open_routes(runtime, limiters)
    dashboard = Dashboard(dashboard_folder(settings), settings.base_path, settings.offers_development)
    routes = _routes(runtime, graphql, metrics, open_routes, limiters, dashboard)
    pages = [] if graphql is None else dashboard.pages()  # they come last, so they hide no other route
    on_unknown = on_http_error if graphql is None else dashboard.telling_browsers(on_http_error)
    refuse = _refusal(graphql, settings)
    app = Starlette(
        routes=[*routes, *pages],
        lifespan=lifespan,
        exception_handlers={OrchestratorError: on_error, HTTPException: on_unknown, Exception: on_fault},
        middleware=[
            Middleware(ClientAddress, proxies=settings.trusted_proxies),
            Middleware(AccessLog),
            Middleware(RequestTarget, base_path=settings.base_path, routes=routes, pages=pages),
            Middleware(KnownHosts, names=_hosts(settings), open_routes=open_routes, refuse=refuse),
            *_priority(graphql),
        ],
    )
    app.router.redirect_slashes = False  # a redirect would turn a remote service's POST into a GET
    app.state.runtime = runtime
    app.state.graphql = graphql
    app.state.slow_readers = slow_readers  # the HTTP server reads it: only a transport knows how many bytes it holds
    app.state.refuse = refuse
    app.state.begin_to_stop = partial(_begin_to_stop, graphql, dispatcher)
    return app


def _graphql(runtime: Runtime, limiters: GuessLimiters) -> "GraphQLApp | None":
    """The GraphQL application; None for a worker, which answers no requests and saves the 15 MB of the schema."""
    if runtime.settings.role == "worker":
        return None
    from orchestrator_gql.graphql.app import graphql_app

    return graphql_app(runtime, limiters)


def _priority(graphql: "GraphQLApp | None") -> list[Middleware]:
    """Let the other requests go before large operations and unknown documents of GraphQL, if there is GraphQL."""
    if graphql is None:
        return []
    from orchestrator_gql.graphql.slow_lane import Priority

    return [Middleware(Priority, lane=graphql.lane, other=GRAPHQL)]


def _begin_to_stop(graphql: "GraphQLApp | None", dispatcher: Dispatcher) -> None:
    """Stop to take work, and end what would last for ever; the end of the lifespan does the rest.

    Our command calls it at the signal, so that open requests and running steps share the time that is left. A host that
    embeds the application may call it, too.
    """
    if graphql is not None:
        graphql.end_streams()
    dispatcher.begin_to_stop()


@asynccontextmanager
async def running(runtime: Runtime, dispatcher: Dispatcher) -> AsyncIterator[None]:
    """Open the database and, unless the server only answers requests, run the engine.

    Processes that ran when the previous server died continue at once.
    """
    await runtime.database.open()
    try:
        await prepare(runtime.database)  # nobody waits for the loop yet, so a long migration needs no warning
        runtime.authors.watch()
        if await runtime.database.read(is_from_other_cluster):
            logger.error(REMEDY)
        if not await runtime.database.read(lambda conn: newest_fits(conn, runtime.settings.audit_secret)):
            logger.error(OTHER_KEY)
        await runtime.database.transaction(
            lambda conn: product_subscriptions.write_products(conn, [block.facts for block in products.all()])
        )
        if runtime.settings.is_sqlite:  # only one server opens the file: the server that held a lease is dead
            _log_left(await runtime.database.transaction(_forget_dead_server))
        runs_engine = runtime.settings.role != "api"
        jobs = await _jobs(runtime, dispatcher, runs_engine)
        tasks = [asyncio.create_task(job, name=getattr(job, "__qualname__", None)) for job in jobs]
        for task in tasks:
            task.add_done_callback(partial(_note_end, runtime))
        try:
            yield
        finally:
            if runs_engine:
                await dispatcher.stop(runtime.settings.grace)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if runs_engine:
                await seal_at_the_end(runtime)
    finally:
        await runtime.database.close()
        runtime.authors.close()


async def _jobs(runtime: Runtime, dispatcher: Dispatcher, runs_engine: bool) -> list[Coroutine[Any, Any, None]]:
    """The background work of the server. What may fail comes first: a coroutine that nobody runs is a warning."""
    clock = runtime.clock if isinstance(runtime.clock, SteadyClock) and not runtime.settings.is_sqlite else None
    if clock is not None:
        await begin_clock(runtime, clock)  # before the first decision by this clock
    notifications = await start_notifications(runtime) if runs_engine else []
    # Every role reads the index; a deployment may restart its API servers only.
    jobs = [runtime.notifier.run(), unindex_secrets(runtime), *notifications]
    if clock is not None:
        jobs.append(keep_to_database_clock(runtime, clock))
    if not runtime.settings.is_sqlite:  # nobody else migrates a SQLite file while a server has it
        jobs.append(watch_schema(runtime))
    if runs_engine:
        jobs += [dispatcher.run(), run_timers(runtime), keep_sealed(runtime), keep_indexed(runtime)]
        if runtime.settings.retention_days is not None:
            jobs.append(keep_pruned(runtime, runtime.settings.retention_days))
    return jobs


def _log_left(processes: int) -> None:
    if processes:
        logger.info(
            "the last server ended without a hand-over: this server continues its processes",
            extra={"processes": processes},
        )


def _forget_dead_server(conn: Connection) -> int:
    """The number of processes that the dead server held."""
    workers.forget_all(conn)
    return leases.drop(conn)


def _note_end(runtime: Runtime, task: "asyncio.Task[None]") -> None:
    """Report a background task that failed: without it the server stops working, and nobody would notice."""
    if task.cancelled() or task.exception() is None:
        return
    logger.critical(
        "the server's own work ended: restart it", exc_info=task.exception(), extra={"work": task.get_name()}
    )
    runtime.faults.append(task.get_name())


def dispatcher_of(runtime: Runtime) -> Dispatcher:
    """Make the dispatcher of the settings, and let the commits of the runtime wake it.

    Raises `SettingsError` if its extra is not installed.
    """
    dispatcher: Dispatcher
    if runtime.settings.is_distributed:
        demand_extra("postgres")
        from orchestrator_gql.engine.workers.distributed import DistributedDispatcher

        dispatcher = DistributedDispatcher(runtime)
    else:
        dispatcher = EmbeddedDispatcher(runtime)
    runtime.database.hooks = RuntimeHooks(runtime, dispatcher)
    return dispatcher


def assemble(settings: Settings, registry: Registry, clock: Clock) -> Runtime:
    """Build the server's `Runtime`; this opens and starts nothing.

    Raises `SettingsError` if a workflow waits for a remote service that is not configured.
    """
    _demand_services(settings, registry)
    database = connect(settings.database_url, settings.role)
    timers = asyncio.Event()
    runtime = Runtime(
        settings=settings,
        database=database,
        registry=registry,
        clock=clock,
        notifier=_notifier(settings, timers, database.outage),
        worker=f"{socket.gethostname()}:{os.getpid()}:{str(new_id())[-6:]}",
        authors=Authors.of(step_threads=settings.step_threads, loop=settings.authors_loop),
        redact=Redactor(settings.redact, _secret_names(registry)),
        timers=timers,
    )
    runtime.authors.set_variable(READER, partial(_answer, database))
    return runtime


def _answer(database: "SqliteDatabase | PostgresDatabase", question: Question) -> StoredSubscriptions:
    """Answer what authors' code asks, in its thread."""
    return database.read_here(lambda conn: product_subscription_reads.answer(conn, question))


def _secret_names(registry: Registry) -> set[str]:
    """Return the names of the properties that the contracts of all workflows mark as secret."""
    steps = (step for workflow in registry for step in workflow.all_steps(is_aborted=True))
    models = {step.contract for step in steps if isinstance(step, AwaitStep) and step.contract is not None}
    schemas = [contract.schema_or_nothing(model) for model in models]
    return {name for schema in schemas for name in secret_names(schema)}


def _demand_services(settings: Settings, registry: Registry) -> None:
    known = ", ".join(map(repr, sorted(settings.services))) or "none"
    for workflow in registry:
        for step in workflow.all_steps(is_aborted=True):
            if isinstance(step, AwaitStep) and step.service is not None and step.service not in settings.services:
                raise SettingsError(
                    f"Workflow {workflow.name!r} waits in {step.name!r} for the remote service {step.service!r}, which "
                    f"ORCHESTRATOR_SERVICES does not name; it names {known}."
                )
            if isinstance(step, ActionStep) and step.awaits is not None:
                _demand_way_to_answer(settings, step, step.awaits)


def _demand_way_to_answer(settings: Settings, action: ActionStep, wait: AwaitStep) -> None:
    """Refuse a wait that no delivery can reach: its action hands out no URL, and its service cannot prove itself."""
    service = settings.services.get(wait.service or "")
    if service is None:
        return
    if service.credential_sha256 is None and not service.signature_keys and not hands_out_url(action, wait):
        raise SettingsError(
            f"The action {action.name!r} hands out no URL, so {wait.service!r} must answer by its own job id: give it "
            "a credential_sha256 or signature_keys in ORCHESTRATOR_SERVICES, or the action a parameter for the URL."
        )


def _notifier(settings: Settings, timers: asyncio.Event, outage: Outage) -> Notifier:
    if settings.is_sqlite:
        return LocalNotifier()
    from orchestrator_gql.events.postgres import PostgresNotifier
    from orchestrator_gql.storage.database.connection_arguments import NAME

    return PostgresNotifier(settings.database_url, timers, outage, f"{NAME} {settings.role}")


def _open_routes(runtime: Runtime, limiters: GuessLimiters) -> list[BaseRoute]:
    """Return the routes that need no sign-in: a secret in the path, or the service's credential, authenticates."""
    if runtime.settings.role == "worker":
        return []
    return [*callback_routes(runtime, limiters.callbacks), *receipt_routes(runtime, limiters.receipts)]


def _routes(
    runtime: Runtime,
    graphql: "GraphQLApp | None",
    metrics: Metrics,
    open_routes: list[BaseRoute],
    limiters: GuessLimiters,
    dashboard: Dashboard,
) -> list[BaseRoute]:
    monitoring: list[BaseRoute] = [*health_routes(runtime), *metrics_routes(metrics)]
    if graphql is None:
        return monitoring
    return [
        Route(GRAPHQL, with_cors(graphql, runtime.settings.allowed_origins)),
        WebSocketRoute(GRAPHQL, graphql),
        *monitoring,  # before the routes with patterns: a health check would try each of them
        *open_routes,
        *audit_routes(runtime, limiters.sign_ins),
        *openapi_routes(runtime),
        *dashboard.routes(),
    ]


def _refusal(graphql: "GraphQLApp | None", settings: Settings) -> Refuse:
    """Return the function that refuses a request before routing, in the format that its route would use."""
    paths = (GRAPHQL, unquote(settings.base_path) + GRAPHQL)

    def refuse(scope: Scope, error: OrchestratorError) -> ASGIApp:
        if graphql is None or scope["path"] not in paths:
            return problem_of(error)
        return with_cors(graphql.refusal(scope, error), settings.allowed_origins)

    return refuse


def _hosts(settings: Settings) -> list[str]:
    """Return the allowed Host names. A foreign name means that another site's page sends requests (DNS rebinding)."""
    listens = settings.host.partition("%")[0]  # clients do not send the zone: only this machine knows it
    names = [*LOOPBACK, *settings.allowed_hosts]
    if settings.public_url:
        names.append(host_of(settings.public_url))
    with suppress(ValueError):  # such as 127.1, which only the operating system understands
        names.append(canonical(f"[{listens}]" if ":" in listens else in_ascii(listens)))
    return names


def _demand_private(settings: Settings) -> None:
    if not settings.is_loopback and not settings.has_sign_in:
        raise SettingsError(
            f"The server would listen on {settings.host!r} without sign-in, and anybody who reaches it could run "
            "workflows. Name who may sign in with ORCHESTRATOR_API_TOKENS, or listen on 127.0.0.1."
        )
