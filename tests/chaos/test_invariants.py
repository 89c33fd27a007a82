"""The invariants complain about each kind of fault, and have no complaint about a correct run."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chaos.evidence import Ended, Evidence, ExecutionRow, Rest
from chaos.history import Entry, Observation
from chaos.invariants import lost, twice
from orchestrator_gql.types import ProcessStatus, StepKind, StepStatus

ONE, TWO = "one", "two"

Corruption = Callable[[Evidence], Evidence]


def changed(id: str, start: str, end: str) -> dict[str, Any]:
    """The event of a changed status, as the subscription sends it."""
    return {
        "__typename": "ProcessStatusChangedEvent",
        "id": f"{id} {start} {end}",
        "processId": id,
        "fromProcessStatus": start,
        "toProcessStatus": end,
    }


def stepped(id: str, place: int) -> dict[str, Any]:
    """The event of a step that succeeded, as the subscription sends it."""
    return {
        "__typename": "StepChangedEvent",
        "id": f"{id} step {place}",
        "processId": id,
        "stepIndex": place,
        "toStepStatus": "SUCCESS",
    }


def life_of(id: str) -> list[dict[str, Any]]:
    """The events of a process with two steps."""
    created = {"__typename": "ProcessCreatedEvent", "id": f"{id} created", "processId": id}
    return [
        created,
        changed(id, "CREATED", "RUNNING"),
        stepped(id, 0),
        stepped(id, 1),
        changed(id, "RUNNING", "COMPLETED"),
    ]


def correct_run() -> Evidence:
    """Two processes; a kill interrupted one step of the first, which was executed again and so ran twice."""
    log = [*life_of(ONE), *life_of(TWO)]
    history = [
        Entry(Observation.HURT, None, {"kind": "kill -9"}),
        *(Entry(Observation.STARTED, id, {"key": id, "number": number}) for number, id in enumerate((ONE, TWO))),
        *(Entry(Observation.DELIVERED, id, {"receipt": id, "number": number}) for number, id in enumerate((ONE, TWO))),
        *(Entry(Observation.CONFIRMED, id, {"comment": id}) for id in (ONE, TWO)),
        *(Entry(Observation.EVENT, event["processId"], event) for event in log),
    ]
    executions = (execution(1, 0, "act", 2), execution(2, 1, "look", 1))
    ended = {
        id: Ended(
            "errand",
            ProcessStatus.COMPLETED,
            {"number": number, "callback_result": {"number": number}, "comment": id},
            executions,
        )
        for number, id in enumerate((ONE, TWO))
    }
    journal = Counter({(ONE, "act"): 2, (ONE, "look"): 1, (TWO, "act"): 1, (TWO, "look"): 1})
    return Evidence(tuple(history), ended, Rest(0, 0, 0, 0), tuple(log), journal)


def execution(seq: int, place: int, name: str, attempt: int) -> ExecutionRow:
    """A step execution that succeeded in its last attempt."""
    return ExecutionRow(seq, place, name, StepKind.ACTION, StepStatus.SUCCESS, attempt, 1)


def with_entries(*more: Entry) -> Corruption:
    """The history has more entries."""
    return lambda evidence: replace(evidence, history=(*evidence.history, *more))


def without_event(index: int) -> Corruption:
    """The subscriber did not receive that event."""

    def corrupt(evidence: Evidence) -> Evidence:
        missed = evidence.log[index]["id"]
        kept = (
            entry
            for entry in evidence.history
            if entry.observation is not Observation.EVENT or entry.details["id"] != missed
        )
        return replace(evidence, history=tuple(kept))

    return corrupt


def with_process(**changes: Any) -> Corruption:
    """The first process is stored differently."""

    def corrupt(evidence: Evidence) -> Evidence:
        ended = replace(evidence.processes[ONE], **changes)
        return replace(evidence, processes={**evidence.processes, ONE: ended})

    return corrupt


def with_log(change: Callable[[list[Any]], list[Any]]) -> Corruption:
    """The event log is different, and the subscriber received the same events."""

    def corrupt(evidence: Evidence) -> Evidence:
        log = change(list(evidence.log))
        kept = [entry for entry in evidence.history if entry.observation is not Observation.EVENT]
        sent = [Entry(Observation.EVENT, event["processId"], event) for event in log]
        return replace(evidence, log=tuple(log), history=(*kept, *sent))

    return corrupt


def out_of_order(evidence: Evidence) -> Evidence:
    """The last two events were sent in the wrong order."""
    *before, last, final = evidence.history
    return replace(evidence, history=(*before, final, last))


STATE = {"number": 0, "callback_result": {"number": 0}, "comment": ONE}


@pytest.mark.parametrize(
    ("corrupt", "complaint"),
    [
        (with_entries(Entry(Observation.STARTED, "three", {"key": "three", "number": 3})), "there is no process three"),
        (with_process(state={**STATE, "number": 7}), "not the number it was started with"),
        (with_process(state={**STATE, "callback_result": None}), "its state has None"),
        (with_process(state={**STATE, "callback_result": {"number": 1}}), "a callback of process one"),
        (with_process(state={**STATE, "comment": "else"}), "its answer is not in the state"),
        (with_entries(Entry(Observation.NOTED, ONE, {"note": "a word"})), "a note of process one"),
        (with_entries(Entry(Observation.ABORTED, ONE)), "it is not aborted"),
        (with_entries(Entry(Observation.FAILED, ONE, {"receipt": ONE})), "and it went on"),
        (with_entries(Entry(Observation.REFUSED, ONE, {"what": "404"})), "refused what it is owed: 404"),
        (with_process(status=ProcessStatus.RUNNING), "has not ended: it is RUNNING"),
        (lambda evidence: replace(evidence, rest=Rest(1, 0, 0, 0)), "1 callbacks were left behind"),
        (lambda evidence: replace(evidence, rest=Rest(0, 2, 0, 0)), "2 input requests were left behind"),
        (lambda evidence: replace(evidence, rest=Rest(0, 0, 3, 0)), "3 timers were left behind"),
        (with_process(executions=(execution(1, 0, "act", 2), execution(2, 2, "look", 1))), "left steps out"),
        (lambda evidence: replace(evidence, journal=Counter({(ONE, "act"): 2})), "its body never ran"),
        (without_event(3), "1 events were never sent"),
        (out_of_order, "in another order"),
    ],
)
def test_a_loss_is_found(corrupt: Corruption, complaint: str) -> None:
    assert any(complaint in line for line in lost(corrupt(correct_run()))), lost(corrupt(correct_run()))


@pytest.mark.parametrize(
    ("corrupt", "complaint"),
    [
        (with_entries(Entry(Observation.STARTED, TWO, {"key": ONE, "number": 1})), "start one made 2 processes"),
        (
            lambda evidence: replace(evidence, processes={**evidence.processes, "three": evidence.processes[ONE]}),
            "2 starts made 3 processes",
        ),
        (with_entries(Entry(Observation.DELIVERED, ONE, {"receipt": "other", "number": 0})), "took 2 deliveries"),
        (lambda evidence: replace(evidence, rest=Rest(0, 0, 0, 1)), "1 forms were decided twice"),
        (
            with_process(
                executions=(execution(1, 0, "act", 2), execution(2, 1, "look", 1), execution(3, 1, "look", 1))
            ),
            "has 2 executions",
        ),
        (lambda evidence: replace(evidence, journal=evidence.journal + Counter({(TWO, "look"): 1})), "ran 2 times"),
        (
            with_process(executions=(execution(1, 0, "act", 3), execution(2, 1, "look", 1))),
            "entered 2 times more, after 1 faults",
        ),
        (with_log(lambda log: [*log[:2], *log[1:]]), "went from CREATED when it was RUNNING"),
        (with_log(lambda log: [*log[:3], {**log[2], "id": "again"}, *log[3:]]), "step 0 of process one succeeded 2"),
        (with_log(lambda log: [log[0], {**log[0], "id": "again"}, *log[1:]]), "was created twice"),
        (with_log(lambda log: log[:-1]), "the log left it RUNNING"),
        (with_entries(Entry(Observation.EVENT, ONE, {"id": "one created"})), "1 events were sent twice"),
    ],
)
def test_a_repetition_is_found(corrupt: Corruption, complaint: str) -> None:
    assert any(complaint in line for line in twice(corrupt(correct_run()))), twice(corrupt(correct_run()))


def test_a_step_that_ran_again_after_an_interruption_is_no_complaint() -> None:
    assert lost(correct_run()) == []
    assert twice(correct_run()) == []
