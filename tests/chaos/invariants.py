"""The invariants: compare the history of the driver with the evidence; each check returns its complaints."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chaos.evidence import Ended, Evidence, ExecutionRow
from chaos.history import Entry, Observation
from orchestrator_gql.types import ProcessStatus, StepKind, StepStatus

TROUBLED = "troubled"
"""The workflow whose steps fail; the driver retries its processes once and aborts them in the end."""

RUNS_A_BODY = (StepKind.ACTION, StepKind.VALIDATION)


def lost(evidence: Evidence) -> list[str]:
    """Complaints about acknowledged changes that are missing, wrong refusals, open processes and missing events."""
    return [complaint for check in _LOST for complaint in check(evidence)]


def twice(evidence: Evidence) -> list[str]:
    """Complaints about starts, decisions, deliveries, transitions, step executions or events that happened twice."""
    return [complaint for check in _TWICE for complaint in check(evidence)]


def _of(evidence: Evidence, observation: Observation) -> Iterator[Entry]:
    return (entry for entry in evidence.history if entry.observation is observation)


def _starts_lost(evidence: Evidence) -> Iterator[str]:
    for entry in _of(evidence, Observation.STARTED):
        process = evidence.processes.get(entry.process_id or "")
        if process is None:
            yield f"start {entry.details['key']} was acknowledged, and there is no process {entry.process_id}"
        elif process.state.get("number") != entry.details["number"]:
            yield f"process {entry.process_id} has not the number it was started with"


def _deliveries_lost(evidence: Evidence) -> Iterator[str]:
    for entry in _of(evidence, Observation.DELIVERED):
        process = evidence.processes.get(entry.process_id or "")
        payload = process.state.get("callback_result") if process else None
        if not isinstance(payload, dict) or payload.get("number") != entry.details["number"]:
            yield f"a callback of process {entry.process_id} was acknowledged, and its state has {payload!r}"


def _forms_lost(evidence: Evidence) -> Iterator[str]:
    for entry in _of(evidence, Observation.CONFIRMED):
        process = evidence.processes.get(entry.process_id or "")
        if process is None or process.state.get("comment") != entry.details["comment"]:
            yield f"a form of process {entry.process_id} was acknowledged, and its answer is not in the state"


def _rest_lost(evidence: Evidence) -> Iterator[str]:
    for entry in evidence.history:
        process = evidence.processes.get(entry.process_id or "")
        match entry.observation:
            case Observation.NOTED if process is None or process.note != entry.details["note"]:
                yield f"a note of process {entry.process_id} was acknowledged, and is not there"
            case Observation.ABORTED if process is None or process.status is not ProcessStatus.ABORTED:
                yield f"an abort of process {entry.process_id} was acknowledged, and it is not aborted"
            case Observation.FAILED if process is None or process.status is ProcessStatus.COMPLETED:
                yield f"the failure of a job of process {entry.process_id} was acknowledged, and it went on"


def _refused(evidence: Evidence) -> Iterator[str]:
    for entry in _of(evidence, Observation.REFUSED):
        yield f"process {entry.process_id} was refused what it is owed: {entry.details['what']}"


def _unended(evidence: Evidence) -> Iterator[str]:
    for id, process in evidence.processes.items():
        if process.status is not (ProcessStatus.ABORTED if process.workflow == TROUBLED else ProcessStatus.COMPLETED):
            yield f"process {id} has not ended: it is {process.status}"
    rest = evidence.rest
    for what, count in (("callbacks", rest.callbacks), ("input requests", rest.requests), ("timers", rest.timers)):
        if count:
            yield f"{count} {what} were left behind"


def _steps_lost(evidence: Evidence) -> Iterator[str]:
    for id, process in evidence.processes.items():
        for execution in process.executions:
            if execution.status is not StepStatus.SUCCESS and process.workflow != TROUBLED:
                yield f"step {execution.name!r} of process {id} ended as {execution.status}"
            elif execution.kind in RUNS_A_BODY and not evidence.journal[id, execution.name]:
                yield f"step {execution.name!r} of process {id} is recorded, and its body never ran"
        places = [execution.step_index for execution in process.executions]
        if sorted(set(places)) != list(range(len(set(places)))):
            yield f"process {id} left steps out: it has {places}"


def _events_lost(evidence: Evidence) -> Iterator[str]:
    sent, logged = _ids(evidence)
    if missed := set(logged) - set(sent):
        yield f"{len(missed)} events were never sent to the subscriber, such as {min(missed)}"
    if made_up := set(sent) - set(logged):
        yield f"{len(made_up)} events were sent that are not in the log"
    if not missed and not made_up and len(sent) == len(logged) and sent != logged:
        yield "the events were sent in another order than the log's"


def _starts_twice(evidence: Evidence) -> Iterator[str]:
    started: dict[str, set[str | None]] = {}
    for entry in _of(evidence, Observation.STARTED):
        started.setdefault(entry.details["key"], set()).add(entry.process_id)
    for key, ids in started.items():
        if len(ids) > 1:
            yield f"start {key} made {len(ids)} processes"
    if len(evidence.processes) > len(started):
        yield f"{len(started)} starts made {len(evidence.processes)} processes"


def _deliveries_twice(evidence: Evidence) -> Iterator[str]:
    receipts: dict[str | None, set[str]] = {}
    for entry in (*_of(evidence, Observation.DELIVERED), *_of(evidence, Observation.FAILED)):
        receipts.setdefault(entry.process_id, set()).add(entry.details["receipt"])
    for id, receipts_of_process in receipts.items():
        if len(receipts_of_process) > 1:
            yield f"process {id} took {len(receipts_of_process)} deliveries for one job"
    if evidence.rest.decided_twice:
        yield f"{evidence.rest.decided_twice} forms were decided twice"


def _steps_twice(evidence: Evidence) -> Iterator[str]:
    faults = sum(1 for _ in _of(evidence, Observation.HURT))
    for id, process in evidence.processes.items():
        may_retry = process.workflow == TROUBLED
        steps: dict[int, list[ExecutionRow]] = {}
        for execution in process.executions:
            steps.setdefault(execution.step_index, []).append(execution)
        for place, executions in steps.items():
            if len(executions) > (2 if may_retry else 1) or sum(v.status is StepStatus.SUCCESS for v in executions) > 1:
                yield f"step {place} of process {id} has {len(executions)} executions"
            yield from _runs(evidence, id, executions, faults)


def _runs(evidence: Evidence, id: str, executions: list[ExecutionRow], faults: int) -> Iterator[str]:
    """The body of a step may run again only if a fault interrupted it, and the log has each run as an attempt.

    An operator's retry begins a new step execution and goes on counting attempts; the tries of a `retrystep` have a
    count of their own.
    """
    name, entered = executions[-1].name, executions[-1].attempt
    ran = evidence.journal[id, name]
    if ran > entered:
        yield f"step {name!r} of process {id} ran {ran} times and was entered {entered} times"
    again = entered - executions[-1].tries - (len(executions) - 1)
    if again > faults:
        yield f"step {name!r} of process {id} was entered {again} times more, after {faults} faults"


def _transitions_twice(evidence: Evidence) -> Iterator[str]:
    """The log has one chain of statuses for each process and one success for each step."""
    statuses: dict[str, str] = {}
    ended: Counter[tuple[str, int]] = Counter()
    for event in evidence.log:
        id = event["processId"]
        match event["__typename"]:
            case "ProcessCreatedEvent":
                if id in statuses:
                    yield f"process {id} was created twice"
                statuses[id] = "CREATED"
            case "ProcessStatusChangedEvent":
                if statuses.get(id) != event["fromProcessStatus"]:
                    yield f"process {id} went from {event['fromProcessStatus']} when it was {statuses.get(id)}"
                statuses[id] = event["toProcessStatus"]
            case "StepChangedEvent" if event["toStepStatus"] == "SUCCESS":
                ended[id, event["stepIndex"]] += 1
    for (id, place), count in ended.items():
        if count > 1:
            yield f"step {place} of process {id} succeeded {count} times"
    yield from _ends_differently(evidence.processes, statuses)


def _ends_differently(processes: Mapping[str, Ended], statuses: Mapping[str, str]) -> Iterator[str]:
    for id, process in processes.items():
        if statuses.get(id) != process.status:
            yield f"process {id} is {process.status}, and the log left it {statuses.get(id)}"


def _events_twice(evidence: Evidence) -> Iterator[str]:
    sent, logged = _ids(evidence)
    for verb, ids in (("sent", sent), ("logged", logged)):
        if repeated := len(ids) - len(set(ids)):
            yield f"{repeated} events were {verb} twice"


def _ids(evidence: Evidence) -> tuple[list[str], list[str]]:
    return [entry.details["id"] for entry in _of(evidence, Observation.EVENT)], [_id(event) for event in evidence.log]


def _id(event: Mapping[str, Any]) -> str:
    id: str = event["id"]
    return id


Check = Callable[[Evidence], Iterator[str]]

_LOST: tuple[Check, ...] = (
    _starts_lost,
    _deliveries_lost,
    _forms_lost,
    _rest_lost,
    _refused,
    _unended,
    _steps_lost,
    _events_lost,
)
_TWICE: tuple[Check, ...] = (_starts_twice, _deliveries_twice, _steps_twice, _transitions_twice, _events_twice)
