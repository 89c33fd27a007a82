"""The spans of processes, steps and callbacks, for an SDK of OpenTelemetry that the site has set up.

The server needs no part of OpenTelemetry. There are spans as soon as a `TracerProvider` of its SDK is set, for example
by ``opentelemetry-instrument`` or by a module with workflows. No span is stored, because their ids follow from the
process (see `utils.traces`): the servers that run the steps of a process, and take its callbacks, find its trace, and
the span that a remote service was given as its parent is the span of the action::

    (the request of a client) ─▶ process ─┬▶ step ─▶ (spans of the author, and of the remote service) ─▶ callback
                                          ├▶ poll
                                          └▶ step …
"""

import sys
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from uuid import UUID

from orchestrator_gql.callbacks.rules import Callback, Receipt, Rejected
from orchestrator_gql.process import Failed, Outcome, Process, RetryLater, StepExecution
from orchestrator_gql.types import AttemptOutcome
from orchestrator_gql.utils.traces import PROCESS, trace_of, traceparent
from orchestrator_gql.version import __version__
from orchestrator_gql.workflow.model import ActionStep, Step

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, SpanContext, Tracer

T = TypeVar("T")

Attributes: TypeAlias = dict[str, str | int]

NAME = "orchestrator_gql"
"""The instrumentation scope, and the beginning of the names of attributes."""

SDK = "opentelemetry.sdk.trace"
"""The module of the SDK. While nobody has imported it, there is no span."""

_SPAN_ID: ContextVar[int] = ContextVar("span_id", default=0)
"""The id of the span that starts now; 0 if the SDK chooses it."""


class _Ids:
    """Gives a span the id that follows from its process; every other id is of the generator of the site."""

    def __init__(self, others: Any) -> None:
        self._others = others

    def generate_span_id(self) -> int:
        """The id of the next span (`IdGenerator`)."""
        return _SPAN_ID.get() or int(self._others.generate_span_id())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._others, name)


def _tracer() -> "Tracer | None":
    """Our tracer; None if no SDK is set up. A server without one must not import OpenTelemetry for this question."""
    if SDK not in sys.modules:
        return None
    from opentelemetry.trace import get_tracer_provider

    return _tracer_of(get_tracer_provider())


@lru_cache(maxsize=1)
def _tracer_of(provider: Any) -> "Tracer | None":
    from opentelemetry.sdk.trace import Tracer, TracerProvider

    tracer = provider.get_tracer(NAME, __version__) if isinstance(provider, TracerProvider) else None
    if not isinstance(tracer, Tracer):  # no provider is set yet, or OTEL_SDK_DISABLED
        return None
    if not isinstance(tracer.id_generator, _Ids):
        tracer.id_generator = _Ids(tracer.id_generator)  # type: ignore[assignment]
    return tracer


def handed_traceparent(process: Process) -> str:
    """The ``traceparent`` for a function of the process: that of its step, or of its process if it has no span."""
    execution = process.execution
    seq, try_count = (execution.seq, execution.try_count) if execution else (PROCESS, 1)
    if _tracer() is None:
        return traceparent(process.trace, process.id, seq, try_count)
    from opentelemetry.trace import get_current_span

    current = get_current_span().get_span_context()
    of_process = traceparent(process.trace, process.id, PROCESS)
    if f"{current.trace_id:032x}" != of_process.split("-")[1]:
        return of_process
    return f"00-{current.trace_id:032x}-{current.span_id:016x}-{current.trace_flags & 1:02x}"


def in_step(process: Process, step: Step, running: Awaitable[Outcome]) -> Awaitable[Outcome]:
    """The outcome of the step, which runs in its span."""
    tracer, execution = _tracer(), process.execution
    return running if tracer is None or execution is None else _in_step(tracer, process, execution, step, running)


async def _in_step(
    tracer: "Tracer", process: Process, execution: StepExecution, step: Step, running: Awaitable[Outcome]
) -> Outcome:
    # A step that waits for a time is asked again in the same try, and no two spans may have one id.
    is_asked_again = isinstance(step, ActionStep) and step.is_wait
    own = None if is_asked_again else traceparent(process.trace, process.id, execution.seq, execution.try_count)
    attributes: Attributes = {"step.name": step.name, "step.kind": str(step.kind), "step.try": execution.try_count}
    with _current(tracer, f"step {step.name}", process, own, attributes) as span:
        outcome = await running
        failure = outcome.failure if isinstance(outcome, Failed | RetryLater) else None
        _end(span, type(outcome).__name__, failure.code if failure else None)
        return outcome


async def in_poll(process: Process, callback: Callback, polling: Awaitable[T]) -> T:
    """The result of the poll, which runs in a span of its own."""
    tracer = _tracer()
    if tracer is None:
        return await polling
    with _current(tracer, f"poll {process.workflow_name}", process, None, _of_callback(callback)):
        return await polling


@contextmanager
def of_process(process_id: UUID, workflow_name: str, requested: str | None) -> Iterator[str | None]:
    """The span of a process that starts. Its value is the trace that the process stores.

    ``requested`` is the ``traceparent`` of the request. A span of the server's own instrumentation comes before it.
    """
    tracer = _tracer()
    if tracer is None:
        yield trace_of(requested)
        return
    from opentelemetry.context import get_current
    from opentelemetry.trace import SpanKind, get_current_span

    is_instrumented = get_current_span().get_span_context().is_valid
    parent = get_current() if is_instrumented else _remote(requested)
    own = traceparent(None, process_id, PROCESS)
    attributes = _attributes({"process.id": str(process_id), "workflow.name": workflow_name})
    with _with_id(own):
        span = tracer.start_span(f"process {workflow_name}", parent, SpanKind.SERVER, attributes)
    try:
        context = span.get_span_context()
        yield f"{context.trace_id:032x}-{context.trace_flags & 1:02x}"
    except Exception as error:
        _end(span, None, type(error).__name__)
        raise
    finally:
        span.end()


class DeliverySpan:
    """The span of a delivery to a callback, which begins now and ends with the response.

    ``requested`` is the ``traceparent`` of the request.
    """

    def __init__(self, requested: str | None) -> None:
        self._began, self._requested = time.time_ns(), requested
        self._target: tuple[Process, Callback] | None = None

    def concerns(self, process: Process, callback: Callback) -> None:
        """The delivery is for this callback. Without it there is no span, so that strangers cannot make us send any."""
        self._target = process, callback

    def end(self, outcome: Receipt | Rejected | Exception) -> None:
        """Send the span: in the trace of the process, as a part of what the sender named, or else of the action.

        If the sender is in another trace, the span has a link to it.
        """
        tracer = _tracer()
        if tracer is None or self._target is None:
            return
        from opentelemetry.trace import Link, SpanKind

        process, callback = self._target
        action, sender = traceparent(process.trace, process.id, callback.record_seq), self._requested
        is_same = sender is not None and sender.split("-")[1] == action.split("-")[1]
        links = [Link(_context(sender))] if sender is not None and not is_same else []
        attributes = _attributes(_of_process(process) | _of_callback(callback))
        span = tracer.start_span(
            f"callback {process.workflow_name}",
            _remote(sender if is_same else action),
            SpanKind.SERVER,
            attributes,
            links,
            start_time=self._began,
        )
        _end(span, *_outcome_and_error(outcome))
        span.end()


def _outcome_and_error(outcome: Receipt | Rejected | Exception) -> tuple[str | None, str | None]:
    match outcome:
        case Receipt():
            return str(AttemptOutcome.DUPLICATE if outcome.is_duplicate else AttemptOutcome.ACCEPTED), None
        case Rejected():
            return str(outcome.outcome), None
        case _:
            return None, type(outcome).__name__


@contextmanager
def _current(
    tracer: "Tracer", name: str, process: Process, own: str | None, attributes: Attributes
) -> Iterator["Span"]:
    """A span below the process that is current in the block, also for authors' functions, which copy the context."""
    from opentelemetry.trace import SpanKind, use_span

    parent = _remote(traceparent(process.trace, process.id, PROCESS))
    with _with_id(own):
        span = tracer.start_span(name, parent, SpanKind.INTERNAL, _attributes(_of_process(process) | attributes))
    # The text of an error may hold a secret, so no exception is recorded.
    with use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        yield span


@contextmanager
def _with_id(own: str | None) -> Iterator[None]:
    token = _SPAN_ID.set(int(own.split("-")[2], 16) if own else 0)
    try:
        yield
    finally:
        _SPAN_ID.reset(token)


def _end(span: "Span", outcome: str | None, error: str | None) -> None:
    from opentelemetry.trace import Status, StatusCode

    if outcome is not None:
        span.set_attribute(f"{NAME}.outcome", outcome)
    if error is not None:
        span.set_attribute("error.type", error)
        span.set_status(Status(StatusCode.ERROR, error))


def _context(given: str) -> "SpanContext":
    from opentelemetry.trace import SpanContext, TraceFlags

    _, trace_id, span_id, flags = given.split("-")
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))


def _remote(given: str | None) -> "Context":
    """The context of a span elsewhere; without one, that of a new trace."""
    from opentelemetry.context import Context
    from opentelemetry.trace import NonRecordingSpan, set_span_in_context

    return Context() if given is None else set_span_in_context(NonRecordingSpan(_context(given)), Context())


def _of_process(process: Process) -> Attributes:
    return {"process.id": str(process.id), "workflow.name": process.workflow_name}


def _of_callback(callback: Callback) -> Attributes:
    names = {"callback.id": str(callback.id), "callback.name": callback.name, "callback.service": callback.service}
    return {key: value for key, value in names.items() if value is not None}


def _attributes(values: Attributes) -> Attributes:
    return {f"{NAME}.{key}": value for key, value in values.items()}
