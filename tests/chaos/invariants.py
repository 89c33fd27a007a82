"""The judge: what was promised against what is there. Each function gives its complaints, none where all is well."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chaos.evidence import Ended, Evidence, Visit
from chaos.history import Entry, Saw
from orchestrator_gql.types import ProcessStatus, StepKind, StepStatus

TROUBLED = "troubled"
"""The workflow whose steps fail, whose operator retries one, and which is aborted in the end."""

RUNS_A_BODY = (StepKind.ACTION, StepKind.VALIDATION)


def lost(evidence: Evidence) -> list[str]:
    """What was acknowledged and is not there, what was refused, what does not end, and events that were not told."""
    return [complaint for look in _LOST for complaint in look(evidence)]


def twice(evidence: Evidence) -> list[str]:
    """What is there more than once: starts, decisions, letters, transitions, runs of recorded steps, events."""
    return [complaint for look in _TWICE for complaint in look(evidence)]


def _of(evidence: Evidence, saw: Saw) -> Iterator[Entry]:
    return (entry for entry in evidence.history if entry.saw is saw)


def _starts_lost(evidence: Evidence) -> Iterator[str]:
    for entry in _of(evidence, Saw.STARTED):
        process = evidence.processes.get(entry.process_id or "")
        if process is None:
            yield f"start {entry.told['key']} was acknowledged, and there is no process {entry.process_id}"
        elif process.state.get("number") != entry.told["number"]:
            yield f"process {entry.process_id} has not the number it was started with"


def _letters_lost(evidence: Evidence) -> Iterator[str]:
    for entry in _of(evidence, Saw.DELIVERED):
        process = evidence.processes.get(entry.process_id or "")
        payload = process.state.get("callback_result") if process else None
        if not isinstance(payload, dict) or payload.get("number") != entry.told["number"]:
            yield f"a callback of process {entry.process_id} was acknowledged, and its state has {payload!r}"


def _forms_lost(evidence: Evidence) -> Iterator[str]:
    for entry in _of(evidence, Saw.CONFIRMED):
        process = evidence.processes.get(entry.process_id or "")
        if process is None or process.state.get("comment") != entry.told["comment"]:
            yield f"a form of process {entry.process_id} was acknowledged, and its answer is not in the state"


def _rest_lost(evidence: Evidence) -> Iterator[str]:
    for entry in evidence.history:
        process = evidence.processes.get(entry.process_id or "")
        match entry.saw:
            case Saw.NOTED if process is None or process.note != entry.told["note"]:
                yield f"a note of process {entry.process_id} was acknowledged, and is not there"
            case Saw.ABORTED if process is None or process.status is not ProcessStatus.ABORTED:
                yield f"an abort of process {entry.process_id} was acknowledged, and it is not aborted"
            case Saw.FAILED if process is None or process.status is ProcessStatus.COMPLETED:
                yield f"the failure of a job of process {entry.process_id} was acknowledged, and it went on"


def _refused(evidence: Evidence) -> Iterator[str]:
    for entry in _of(evidence, Saw.REFUSED):
        yield f"process {entry.process_id} was refused what it is owed: {entry.told['what']}"


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
    told, logged = _ids(evidence)
    if missed := set(logged) - set(told):
        yield f"{len(missed)} events were never told to the subscriber, such as {min(missed)}"
    if made_up := set(told) - set(logged):
        yield f"{len(made_up)} events were told that are not in the log"
    if not missed and not made_up and len(told) == len(logged) and told != logged:
        yield "the events were told in another order than the log's"


def _starts_twice(evidence: Evidence) -> Iterator[str]:
    made: dict[str, set[str | None]] = {}
    for entry in _of(evidence, Saw.STARTED):
        made.setdefault(entry.told["key"], set()).add(entry.process_id)
    for key, ids in made.items():
        if len(ids) > 1:
            yield f"start {key} made {len(ids)} processes"
    if len(evidence.processes) > len(made):
        yield f"{len(made)} starts made {len(evidence.processes)} processes"


def _letters_twice(evidence: Evidence) -> Iterator[str]:
    receipts: dict[str | None, set[str]] = {}
    for entry in (*_of(evidence, Saw.DELIVERED), *_of(evidence, Saw.FAILED)):
        receipts.setdefault(entry.process_id, set()).add(entry.told["receipt"])
    for id, given in receipts.items():
        if len(given) > 1:
            yield f"process {id} took {len(given)} letters for one job"
    if evidence.rest.decided_twice:
        yield f"{evidence.rest.decided_twice} forms were decided twice"


def _steps_twice(evidence: Evidence) -> Iterator[str]:
    hurts = sum(1 for _ in _of(evidence, Saw.HURT))
    for id, process in evidence.processes.items():
        may_retry = process.workflow == TROUBLED
        steps: dict[int, list[Visit]] = {}
        for execution in process.executions:
            steps.setdefault(execution.step_index, []).append(execution)
        for place, executions in steps.items():
            if len(executions) > (2 if may_retry else 1) or sum(v.status is StepStatus.SUCCESS for v in executions) > 1:
                yield f"step {place} of process {id} was visited {len(executions)} times"
            yield from _runs(evidence, id, executions, hurts)


def _runs(evidence: Evidence, id: str, executions: list[Visit], hurts: int) -> Iterator[str]:
    """A body may run again only where a fault found it under way, and each run was entered in the log before.

    An operator's retry begins a visit anew and counts its attempts on; the step's own tries are counted beside them.
    """
    name, entered = executions[-1].name, executions[-1].attempt
    ran = evidence.journal[id, name]
    if ran > entered:
        yield f"step {name!r} of process {id} ran {ran} times and was entered {entered} times"
    again = entered - executions[-1].tries - (len(executions) - 1)
    if again > hurts:
        yield f"step {name!r} of process {id} was entered {again} times more, after {hurts} faults"


def _transitions_twice(evidence: Evidence) -> Iterator[str]:
    """The log tells one chain of statuses a process, and one success a step: each begins where the last one ended."""
    stands: dict[str, str] = {}
    ended: Counter[tuple[str, int]] = Counter()
    for event in evidence.log:
        id = event["processId"]
        match event["__typename"]:
            case "ProcessCreatedEvent":
                if id in stands:
                    yield f"process {id} was created twice"
                stands[id] = "CREATED"
            case "ProcessStatusChangedEvent":
                if stands.get(id) != event["fromProcessStatus"]:
                    yield f"process {id} went from {event['fromProcessStatus']} when it was {stands.get(id)}"
                stands[id] = event["toProcessStatus"]
            case "StepChangedEvent" if event["toStepStatus"] == "SUCCESS":
                ended[id, event["stepIndex"]] += 1
    for (id, place), count in ended.items():
        if count > 1:
            yield f"step {place} of process {id} succeeded {count} times"
    yield from _ends_differently(evidence.processes, stands)


def _ends_differently(processes: Mapping[str, Ended], stands: Mapping[str, str]) -> Iterator[str]:
    for id, process in processes.items():
        if stands.get(id) != process.status:
            yield f"process {id} is {process.status}, and the log left it {stands.get(id)}"


def _events_twice(evidence: Evidence) -> Iterator[str]:
    told, logged = _ids(evidence)
    for where, ids in (("told", told), ("logged", logged)):
        if repeated := len(ids) - len(set(ids)):
            yield f"{repeated} events were {where} twice"


def _ids(evidence: Evidence) -> tuple[list[str], list[str]]:
    return [entry.told["id"] for entry in _of(evidence, Saw.TOLD)], [_id(event) for event in evidence.log]


def _id(event: Mapping[str, Any]) -> str:
    id: str = event["id"]
    return id


Look = Callable[[Evidence], Iterator[str]]

_LOST: tuple[Look, ...] = (
    _starts_lost,
    _letters_lost,
    _forms_lost,
    _rest_lost,
    _refused,
    _unended,
    _steps_lost,
    _events_lost,
)
_TWICE: tuple[Look, ...] = (_starts_twice, _letters_twice, _steps_twice, _transitions_twice, _events_twice)
