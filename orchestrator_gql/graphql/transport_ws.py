"""GraphQL over WebSocket with the protocol graphql-transport-ws, and no other.

One task listens, and each operation has a task of its own. Code that must close the socket calls `close`. A socket
always ends in the same order: the listening ends, the close frame is sent, the operations are cancelled and awaited.
So no generator of a resolver lives longer than its client, and nothing is sent after the close frame.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from contextlib import aclosing, suppress
from typing import Any, Protocol, assert_never
from weakref import ref

from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect

from orchestrator_gql.graphql.context import Context
from orchestrator_gql.graphql.documents import Kind
from orchestrator_gql.graphql.execution import Execution, ExecutionResponse, Refusal, Response, SharedResponse, WriteNow
from orchestrator_gql.graphql.masking import masked, shown_to_client
from orchestrator_gql.graphql.slow_lane import SlowLane
from orchestrator_gql.graphql.transport import frames, page_origins
from orchestrator_gql.graphql.transport.frames import BadFrame, Complete, Frame, Init, Ping, Pong, Subscribe
from orchestrator_gql.graphql.transport.request import GraphQLRequest
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import Unauthenticated
from orchestrator_gql.utils.request_errors import RateLimited, ServerBusy
from orchestrator_gql.utils.slow_readers import WRITE_TEXT

logger = logging.getLogger(__name__)

SUBPROTOCOL = "graphql-transport-ws"
CREDENTIAL_SECONDS = 30.0
"""Seconds between two looks at the credential of an open socket or stream: it may expire, or lose its rights."""

MAX_OPERATIONS = 100
"""The largest number of operations on one socket at once."""

_GONE = (WebSocketDisconnect, RuntimeError)
"""The errors of a send after the client has left, or after uvicorn has closed the socket (1009, 1012)."""


class Server(Protocol):
    """The parts of the GraphQL application that a socket needs."""

    @property
    def execution(self) -> Execution:
        """Executes operations of the schema."""
        ...

    @property
    def lane(self) -> SlowLane:
        """Where large operations wait."""
        ...

    @property
    def make_context(self) -> Callable[[WebSocket, Mapping[str, Json] | None], Awaitable[Context]]:
        """Make the context of one operation."""
        ...

    def responses(
        self, request: GraphQLRequest, context: Context, *, kind: Kind, write_now: WriteNow | None = None
    ) -> AsyncGenerator[Response, None]:
        """Every response of one operation; ``write_now`` writes shared ones while the next response is awaited."""
        ...


def is_welcome(websocket: WebSocket, allowed_origins: Collection[str]) -> bool:
    """True if the handshake offers our protocol and does not come from a page of a foreign site.

    A browser sends the user's cookies with every handshake, and always the origin of the page; other clients send no
    origin. ``allowed_origins`` are written as browsers write them; the origin of the server is always allowed.
    """
    return SUBPROTOCOL in websocket.scope.get("subprotocols", ()) and has_welcome_origin(websocket, allowed_origins)


def has_welcome_origin(connection: HTTPConnection, allowed_origins: Collection[str]) -> bool:
    """True if no page caused the request, or a page of this server or of an allowed site."""
    given = connection.headers.getlist("origin")
    host = connection.headers.get("host")
    return all(page_origins.is_welcome(origin, host, allowed_origins) for origin in given)


async def is_still_valid(
    make_context: Callable[[Any, Mapping[str, Json] | None], Awaitable[Context]],
    connection: HTTPConnection,
    params: Mapping[str, Json] | None,
) -> bool:
    """False if the caller of an open connection would be refused now."""
    try:
        await make_context(connection, params)
    except (Unauthenticated, RateLimited):
        return False
    except Exception as error:  # it says nothing about the credential
        masked(error)
    return True


class Socket:
    """One open WebSocket and its operations."""

    def __init__(self, server: Server, websocket: WebSocket, *, init_seconds: float) -> None:
        self._server = server
        self._websocket = websocket
        self._params: Mapping[str, Json] | None = None
        self._is_acknowledged = False
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing: tuple[int, str] | None = None
        self._is_gone = False
        self._listening = asyncio.timeout(init_seconds)
        self._next_look: asyncio.TimerHandle | None = None

    def close(self, code: int, reason: str) -> None:
        """Begin to close the socket; only the first code and reason count."""
        if self._closing is None:
            self._closing = (code, reason)
            with suppress(RuntimeError):  # the listening has already ended
                self._listening.reschedule(0)

    async def serve(self) -> None:
        """Accept the socket, listen until a side closes it, and end all its operations."""
        await self._websocket.accept(subprotocol=SUBPROTOCOL)
        try:
            async with self._listening:
                await self._listen()
        except TimeoutError:
            self.close(4408, "Connection initialisation timeout")
        except BadFrame as bad:
            self.close(bad.code, bad.reason)
        finally:
            await self._leave()

    async def _listen(self) -> None:
        while (message := await self._websocket.receive())["type"] != "websocket.disconnect":
            most = frames.MAX_BYTES if self._is_acknowledged else frames.STRANGERS_BYTES
            await self._take(frames.read(message.get("text"), most))
        self._is_gone = True

    async def _leave(self) -> None:
        if self._next_look is not None:
            self._next_look.cancel()
        if self._is_gone:
            logger.debug("A client left its socket.", extra={"operations": len(self._tasks)})
        else:
            code, reason = self._closing or (1011, "Internal error")
            with suppress(*_GONE):  # the client closed at the same time
                await self._websocket.close(code, reason)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _take(self, frame: Frame) -> None:
        match frame:
            case Init(params):
                await self._introduce(params)
            case Ping():
                await self._send(frames.pong())
            case Pong():
                pass
            case Subscribe():
                await self._begin(frame)
            case Complete(id):
                if (task := self._operations.pop(id, None)) is not None:
                    task.cancel()
            case _:
                assert_never(frame)

    async def _introduce(self, params: Mapping[str, Json]) -> None:
        if self._params is not None:
            raise BadFrame(4429, "Too many initialisation requests")
        self._params = params
        if self._closing is None:
            self._listening.reschedule(None)
        try:
            await self._server.make_context(self._websocket, params)
        except Unauthenticated:
            raise BadFrame(4403, "Forbidden") from None
        except RateLimited as limited:
            raise BadFrame(4429, limited.message) from None
        except Exception as error:
            masked(error)
            raise BadFrame(1011, "Internal error") from None
        self._is_acknowledged = True
        self._look_later()
        await self._send(frames.ack())

    def _look_later(self) -> None:
        def look() -> None:
            if self._closing is None and not self._is_gone:
                task = asyncio.create_task(self._look_at_credential())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

        self._next_look = asyncio.get_running_loop().call_later(CREDENTIAL_SECONDS, look)

    async def _look_at_credential(self) -> None:
        """Close the socket if its credential is not valid any more."""
        if await is_still_valid(self._server.make_context, self._websocket, self._params):
            self._look_later()
        else:
            self.close(4403, "Forbidden")

    async def _begin(self, frame: Subscribe) -> None:
        if not self._is_acknowledged:
            raise BadFrame(4401, "Unauthorized")
        if frame.id in self._operations:
            raise BadFrame(4409, "An operation of this id is under way")
        # Tasks are counted, not ids: the task of a completed operation may still need time to close.
        if len(self._tasks) >= MAX_OPERATIONS:
            await self._send(frames.execution_response(frame.id, _TOO_MANY))
            return
        task = asyncio.create_task(self._run(frame))
        self._operations[frame.id] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, frame: Subscribe) -> None:
        try:
            await self._respond(frame)
        except Unauthenticated:
            self.close(4403, "Forbidden")
        except RateLimited as limited:
            self.close(4429, limited.message)
        except Exception as error:
            shown = shown_to_client(error) if isinstance(error, ServerBusy) else masked(error)
            response = ExecutionResponse({"errors": [shown]}, was_executed=False)
            await self._finish(frame.id, frames.execution_response(frame.id, response))
        finally:
            self._forget(frame.id)

    async def _respond(self, frame: Subscribe) -> None:
        with self._server.lane.request():
            context = await self._server.make_context(self._websocket, self._params)
            try:
                operation = await self._server.execution.operation(frame.request, context, frozenset(Kind))
            except Refusal as refused:
                await self._finish(frame.id, frames.execution_response(frame.id, refused.response))
                return
            kind = operation.operation
            responses = self._server.responses(frame.request, context, kind=kind, write_now=self._writer(frame.id))
            del operation
            if kind is not Kind.SUBSCRIPTION:
                # The rows are released before the response is sent, because a client may receive it slowly.
                async with aclosing(responses):
                    response = await anext(responses)
        del context
        if kind is not Kind.SUBSCRIPTION:
            del responses
            if not await self._hand_over(frame, response):
                return
        else:
            async with aclosing(responses):
                async for response in responses:
                    if not await self._hand_over(frame, response):
                        return
        await self._finish(frame.id, frames.complete(frame.id))

    def _writer(self, id: str) -> WriteNow | None:
        """The function that writes shared responses of the operation, if the HTTP server can write without waiting."""
        write_text = self._websocket.scope.get("extensions", {}).get(WRITE_TEXT)
        if write_text is None:
            return None
        current, id_part = asyncio.current_task(), frames.id_part(id)
        assert current is not None
        task = ref(current)  # the traceback of its cancellation holds this function, which must not hold the task
        del current

        def write_now(response: SharedResponse) -> bool:
            operation = self._operations.get(id)
            if self._closing is not None or self._is_gone or operation is None or operation is not task():
                return False  # nothing is sent after the close frame, or for an id that the client has completed
            is_written: bool = write_text(id_part, frames.shared_part(response))
            return is_written

        return write_now

    async def _hand_over(self, frame: Subscribe, response: Response) -> bool:
        """Send one response; return whether the operation continues."""
        if isinstance(response, SharedResponse):
            await self._send((frames.id_part(frame.id) + frames.shared_part(response)).decode())
            return True
        message = frames.execution_response(frame.id, response)
        response.let_go()
        if not response.was_executed:
            await self._finish(frame.id, message)
        else:
            await self._send(message)
        return response.was_executed

    async def _finish(self, id: str, message: str) -> None:
        # Forget the id before the message is sent: its reader may use the id again at once.
        self._forget(id)
        await self._send(message)

    def _forget(self, id: str) -> None:
        if self._operations.get(id) is asyncio.current_task():
            del self._operations[id]

    async def _send(self, message: str) -> None:
        if self._closing is None and not self._is_gone:
            try:
                await self._websocket.send_text(message)
            except _GONE:
                self._is_gone = True  # the listening task gets the disconnect, too, and cancels the operations


_TOO_MANY = ExecutionResponse(
    {
        "errors": [
            {
                "message": f"A socket carries at most {MAX_OPERATIONS} operations at once.",
                "extensions": {"code": "TOO_MANY_OPERATIONS"},
            }
        ]
    },
    was_executed=False,
)
