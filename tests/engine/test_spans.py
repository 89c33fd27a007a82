"""With an SDK of OpenTelemetry, a process is one trace: its steps, the remote service and the callback."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import opentelemetry.trace
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased
from opentelemetry.trace import SpanKind, StatusCode, get_current_span, get_tracer
from support.web import Site, site_of

from orchestrator_gql import begin, callback_step, retrystep, step, wait_until
from orchestrator_gql.types import Json, ProcessStatus, State
from orchestrator_gql.workflow import Workflow, workflow

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADER = f"00-{TRACE}-{SPAN}-01"
OTHER = f"00-{'a' * 32}-{'b' * 16}-01"
SECRET = "tok-4f3a9c"


class Exported:
    """The spans that the exporter of the SDK was handed."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def named(self, name: str) -> list[ReadableSpan]:
        """The spans with the name, in the order of their ends."""
        return [span for span in self._exporter.get_finished_spans() if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        """The span with the name."""
        (span,) = self.named(name)
        return span

    @property
    def text(self) -> str:
        """All that was handed over."""
        return "".join(span.to_json() for span in self._exporter.get_finished_spans())


SetUp = Callable[..., Exported]


@pytest.fixture
def sdk() -> Iterator[SetUp]:
    """Sets up the SDK, as a site does, until the test ends."""
    api: Any = opentelemetry.trace

    def set_up(sampler: Any = ALWAYS_ON) -> Exported:
        exporter = InMemorySpanExporter()
        provider = TracerProvider(sampler=ParentBased(sampler), shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        opentelemetry.trace.set_tracer_provider(provider)
        return Exported(exporter)

    yield set_up
    api._TRACER_PROVIDER, api._TRACER_PROVIDER_SET_ONCE = None, api.Once()


def traced(given: dict[str, str]) -> Workflow:
    """A workflow that calls a remote service; ``given`` gets its URL and its ``traceparent``."""

    @step("Order")
    def order(callback_route: str, traceparent: str) -> None:
        given.update(route=callback_route, traceparent=traceparent)
        get_current_span().set_attribute("router", "ams-1")
        with get_tracer("of the author").start_as_current_span("request of the author"):
            pass

    @step("Judge")
    async def judge(callback_result: Json) -> State:
        if callback_result == "bad":
            raise ValueError(f"no access with {SECRET}")
        return {"judged": callback_result}

    @retrystep("Again", attempts=2, delay=0)
    def again(traceparent: str) -> None:
        tries = [key for key in given if key.startswith("try")]
        given[f"try {len(tries)}"] = traceparent
        if not tries:
            raise ValueError("once")

    @workflow("Trace")
    def traced() -> Any:
        return begin >> callback_step("Order", order, judge) >> again

    return traced


async def start(site: Site, **headers: str) -> UUID:
    """A process that waits for its callback."""
    query = (
        'mutation { startWorkflow(input: {workflowName: "traced"}) { ... on StartWorkflowSuccess { process { id } } } }'
    )
    response = await site.http.post("/graphql", json={"query": query}, headers=headers)
    process_id = UUID(response.json()["data"]["startWorkflow"]["process"]["id"])
    await site.engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)
    return process_id


async def deliver(site: Site, given: dict[str, str], result: Json = "good", behind: str = "", **headers: str) -> int:
    """The status of the response to a delivery."""
    response = await site.http.post(given["route"] + behind, json=result, headers=headers)
    return int(response.status_code)


def ids(span: ReadableSpan) -> tuple[str, str, str | None]:
    """The trace id of the span, its own id, and that of its parent."""
    context = span.get_span_context()
    assert context is not None
    parent = f"{span.parent.span_id:016x}" if span.parent else None
    return f"{context.trace_id:032x}", f"{context.span_id:016x}", parent


async def test_the_callback_of_a_process_is_a_span_of_the_trace_of_its_action(storage: str, sdk: SetUp) -> None:
    exported, given = sdk(), dict[str, str]()
    async with site_of(storage, traced(given)) as site:
        process_id = await start(site, traceparent=HEADER)
        remote = given["traceparent"][:36] + "c" * 16 + "-01"  # what an instrumented service sends on
        assert await deliver(site, given, traceparent=remote) == 200
        await site.engine.reaches(process_id, ProcessStatus.COMPLETED)

    process, action, callback = (exported.one(name) for name in ("process traced", "step Order", "callback traced"))
    assert ids(process)[::2] == (TRACE, SPAN)
    assert ids(action) == (*given["traceparent"].split("-")[1:3], ids(process)[1])
    assert ids(callback)[::2] == (ids(action)[0], "c" * 16)
    assert ids(exported.one("request of the author"))[::2] == ids(action)[:2]
    assert [ids(span)[::2] for span in exported.named("step Judge")] == [(TRACE, ids(process)[1])]
    assert (action.attributes or {})["router"] == "ams-1"
    assert (callback.attributes or {}).items() >= {
        "orchestrator_gql.process.id": str(process_id),
        "orchestrator_gql.workflow.name": "traced",
        "orchestrator_gql.outcome": "ACCEPTED",
    }.items()
    assert callback.kind is process.kind is SpanKind.SERVER
    assert callback.status.status_code is StatusCode.UNSET
    assert given["route"].rsplit("/", 1)[1] not in exported.text


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("sent", [{}, {"traceparent": "00-nonsense"}, {"traceparent": OTHER}])
async def test_a_service_that_does_not_send_the_trace_on_has_its_callback_below_the_action(
    storage: str, sdk: SetUp, sent: dict[str, str]
) -> None:
    exported, given = sdk(), dict[str, str]()
    async with site_of(storage, traced(given)) as site:
        await start(site)
        assert await deliver(site, given, {"message": "no license"}, "/fail", **sent) == 200

    action, callback = exported.one("step Order"), exported.one("callback traced")
    assert ids(callback)[::2] == ids(action)[:2]
    assert ids(exported.one("process traced"))[::2] == (ids(action)[0], None)
    assert [f"{link.context.trace_id:032x}" for link in callback.links] == (["a" * 32] if "a" * 32 in str(sent) else [])


@pytest.mark.one_dispatcher
async def test_refused_deliveries_are_spans_and_strangers_send_none(storage: str, sdk: SetUp) -> None:
    exported, given = sdk(), dict[str, str]()
    async with site_of(storage, traced(given)) as site:
        process_id = await start(site)
        statuses = [await deliver(site, {"route": given["route"][:-5] + "wrong"})]
        statuses += [await deliver(site, given, behind="?dryRun=true")]
        statuses += [await deliver(site, given, result) for result in ("good", "good", "another")]
        await site.engine.reaches(process_id, ProcessStatus.COMPLETED)

    assert statuses == [404, 200, 200, 200, 409]
    spans = exported.named("callback traced")
    assert [(span.attributes or {})["orchestrator_gql.outcome"] for span in spans] == [
        "ACCEPTED",
        "DUPLICATE",
        "CONFLICT",
    ]


@pytest.mark.one_dispatcher
async def test_each_try_is_a_span_and_a_failure_has_its_code_and_no_text(storage: str, sdk: SetUp) -> None:
    exported, given = sdk(), dict[str, str]()
    async with site_of(storage, traced(given)) as site:
        process_id = await start(site)
        await deliver(site, given, "bad")
        await site.engine.reaches(process_id, ProcessStatus.FAILED)
        other = await start(site)
        await deliver(site, given)
        await site.engine.reaches(other, ProcessStatus.COMPLETED)

    failed = exported.named("step Judge")[0]
    assert failed.status.status_code is StatusCode.ERROR
    assert (failed.attributes or {})["error.type"] == "step-raised"
    assert failed.events == ()
    assert SECRET not in exported.text
    tries = exported.named("step Again")
    assert [span.status.status_code for span in tries] == [StatusCode.ERROR, StatusCode.UNSET]
    assert [ids(span)[1] for span in tries] == [given[f"try {number}"].split("-")[2] for number in (0, 1)]
    assert len({ids(span)[1] for span in tries}) == 2


@pytest.mark.one_dispatcher
async def test_a_trace_that_is_not_sampled_has_no_spans_and_says_so_to_the_service(storage: str, sdk: SetUp) -> None:
    exported, given = sdk(ALWAYS_OFF), dict[str, str]()
    async with site_of(storage, traced(given)) as site:
        process_id = await start(site)
        assert await deliver(site, given, traceparent=given["traceparent"]) == 200
        await site.engine.reaches(process_id, ProcessStatus.COMPLETED)

    assert given["traceparent"].endswith("-00")
    assert exported.text == ""


@pytest.mark.one_dispatcher
async def test_the_span_of_an_instrumented_server_comes_before_the_process(storage: str, sdk: SetUp) -> None:
    exported, given = sdk(), dict[str, str]()
    async with site_of(storage, traced(given)) as site:
        with get_tracer("of the server").start_as_current_span("POST /graphql"):
            await start(site, traceparent=HEADER)

    server, process = exported.one("POST /graphql"), exported.one("process traced")
    assert ids(process)[::2] == ids(server)[:2]
    assert ids(exported.one("step Order"))[0] == ids(server)[0]


@pytest.mark.one_dispatcher
async def test_a_poll_is_a_span_and_is_given_it(storage: str, sdk: SetUp) -> None:
    exported, given = sdk(), dict[str, str]()

    def ask(traceparent: str) -> Json:
        given["poll"] = traceparent
        return {"rc": 0}

    @step("Order")
    def order(callback_route: str, traceparent: str) -> None:
        given.update(route=callback_route, traceparent=traceparent)

    @step("Judge")
    def judge(callback_result: Json) -> None: ...

    @workflow("Polled")
    def traced() -> Any:
        return begin >> callback_step("Order", order, judge, timeout=60, poll=ask)

    async with site_of(storage, traced) as site:
        process_id = await start(site)
        site.engine.turn(61)
        await site.engine.reaches(process_id, ProcessStatus.COMPLETED)

    poll = exported.one("poll traced")
    assert ids(poll) == (*given["poll"].split("-")[1:3], ids(exported.one("process traced"))[1])
    assert ids(poll)[0] == given["traceparent"].split("-")[1]


def test_a_server_without_an_sdk_imports_no_part_of_it() -> None:
    program = "import sys; from orchestrator_gql.app import create_app; print('opentelemetry' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "False"


@pytest.mark.one_dispatcher
async def test_what_the_author_sends_on_is_what_the_service_gets_over_http(storage: str, sdk: SetUp) -> None:
    """An author's client that is instrumented needs no `traceparent` of ours: the step's span is current there."""
    exported, sent = sdk(), list[str]()

    async def receive(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["traceparent"])
        return httpx.Response(202)

    @step("Order")
    async def order(callback_route: str) -> None:
        from opentelemetry.propagate import inject

        inject(headers := dict[str, str]())
        async with httpx.AsyncClient(transport=httpx.MockTransport(receive)) as http:
            await http.post("http://remote.example/jobs", headers=headers)

    @step("Judge")
    def judge(callback_result: Json) -> None: ...

    @workflow("Instrumented")
    def traced() -> Any:
        return begin >> callback_step("Order", order, judge)

    async with site_of(storage, traced, authors_loop="own") as site:
        await start(site)

    assert sent[0].split("-")[1:3] == list(ids(exported.one("step Order"))[:2])


@pytest.mark.one_dispatcher
async def test_a_wait_for_a_time_is_a_span_each_time_it_is_asked_and_each_has_its_id(storage: str, sdk: SetUp) -> None:
    exported, traceparents = sdk(), list[str]()

    def opens(traceparent: str) -> Any:
        traceparents.append(traceparent)
        return times[0]

    @workflow("In the window")
    def traced() -> Any:
        return begin >> wait_until("Wait", opens)

    async with site_of(storage, traced) as site:
        times = [site.engine.clock.now() + timedelta(hours=1)]
        process_id = await site.engine.start(traced)
        await site.engine.reaches(process_id, ProcessStatus.WAITING)
        site.engine.turn(3600)
        await site.engine.reaches(process_id, ProcessStatus.COMPLETED)

    asked = exported.named("step Wait")
    assert [(span.attributes or {})["orchestrator_gql.outcome"] for span in asked] == ["WaitUntil", "Success"]
    assert [ids(span)[1] for span in asked] == [each.split("-")[2] for each in traceparents]
    assert len({ids(span)[1] for span in asked}) == 2
    assert {ids(span)[2] for span in asked} == {ids(exported.one("process traced"))[1]}
