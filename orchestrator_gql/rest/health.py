"""Health checks: ``/health/live`` and ``/health/ready``."""

import asyncio

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage.database import schema
from orchestrator_gql.storage.database.advice import UNREADABLE, advice
from orchestrator_gql.storage.database.rights import demand_rights
from orchestrator_gql.storage.event_numbers import REMEDY, is_from_other_cluster
from orchestrator_gql.utils.errors import SettingsError, StorageUnavailable
from orchestrator_gql.utils.outages import WRITES

FULL = "The disk of the database is full: make room, and the server goes on by itself."
LIVE = b'{"status":"live"}'


def health_routes(runtime: Runtime) -> list[Route]:
    """``/health/live`` and ``/health/ready``."""

    async def live(_: Request) -> Response:
        # A new response each time: a middleware of a host may change the headers of the response that it gets.
        return Response(LIVE, media_type="application/json")

    async def ready(_: Request) -> Response:
        if runtime.faults:
            return JSONResponse({"status": "work-ended", "ended": runtime.faults}, 503)
        try:
            async with asyncio.timeout(5):
                await runtime.database.transaction(schema.write_nothing_new)
                is_restored, version = await runtime.database.read(_state)
        except (StorageUnavailable, TimeoutError) as error:
            if isinstance(error, TimeoutError):
                runtime.database.outage.failed(WRITES, error)
            detail = advice(runtime.database.outage.error)
            body = {"status": "storage-unavailable", **({"detail": detail} if detail else {})}
            return JSONResponse(body, 503, {"Retry-After": "5"})
        except SettingsError as error:
            return JSONResponse({"status": "storage-unavailable", "detail": error.message}, 503, {"Retry-After": "5"})
        except DBAPIError:
            return JSONResponse({"status": "storage-unavailable", "detail": UNREADABLE}, 503, {"Retry-After": "5"})
        if runtime.database.outage.is_disk_full:  # our own write needed no room
            return JSONResponse({"status": "storage-unavailable", "detail": FULL}, 503, {"Retry-After": "5"})
        if is_restored:
            return JSONResponse({"status": "event-log-restored", "detail": REMEDY}, 503)
        if version == schema.HEAD:
            return JSONResponse({"status": "ready"})
        if schema.is_newer(version):  # ready all the same: servers are replaced one by one after a migration
            return JSONResponse({"status": "ready", "detail": schema.difference(version)})
        return JSONResponse({"status": "schema-outdated", "detail": schema.difference(version)}, 503)

    return [Route("/health/live", live), Route("/health/ready", ready)]


def _state(conn: Connection) -> tuple[bool, str | None]:
    demand_rights(conn)
    return is_from_other_cluster(conn), schema.version_of(conn)
