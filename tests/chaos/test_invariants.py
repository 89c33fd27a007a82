"""The judge is judged: it has nothing to say of a run that went well, and finds each way in which one can go wrong."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chaos.evidence import Ended, Evidence, Rest, Visit
from chaos.history import Entry, Saw
from chaos.invariants import lost, twice
from orchestrator_gql.types import ProcessStatus, StepKind, StepStatus

ONE, TWO = "one", "two"

Corruption = Callable[[Evidence], Evidence]


def changed(id: str, start: str, end: str) -> dict[str, Any]:
    """A change of the process's status, as it is told."""
    return {
        "__typename": "ProcessStatusChangedEvent",
        "id": f"{id} {start} {end}",
        "processId": id,
        "fromProcessStatus": start,
        "toProcessStatus": end,
    }


def stepped(id: str, place: int) -> dict[str, Any]:
    """The success of a step, as it is told."""
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


def well() -> Evidence:
    """Two processes; one step of the first was under way at a kill, was entered again and ran twice."""
    log = [*life_of(ONE), *life_of(TWO)]
    history = [
        Entry(Saw.HURT, None, {"kind": "kill -9"}),
        *(Entry(Saw.STARTED, id, {"key": id, "number": number}) for number, id in enumerate((ONE, TWO))),
        *(Entry(Saw.DELIVERED, id, {"receipt": id, "number": number}) for number, id in enumerate((ONE, TWO))),
        *(Entry(Saw.CONFIRMED, id, {"comment": id}) for id in (ONE, TWO)),
        *(Entry(Saw.TOLD, event["processId"], event) for event in log),
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


def execution(seq: int, place: int, name: str, attempt: int) -> Visit:
    """A visit that succeeded, entered so many times."""
    return Visit(seq, place, name, StepKind.ACTION, StepStatus.SUCCESS, attempt, 1)


def with_entries(*more: Entry) -> Corruption:
    """The driver saw more."""
    return lambda evidence: replace(evidence, history=(*evidence.history, *more))


def without_told(index: int) -> Corruption:
    """The subscriber was not told of that event."""

    def corrupt(evidence: Evidence) -> Evidence:
        missed = evidence.log[index]["id"]
        kept = (entry for entry in evidence.history if entry.saw is not Saw.TOLD or entry.told["id"] != missed)
        return replace(evidence, history=tuple(kept))

    return corrupt


def with_process(**changes: Any) -> Corruption:
    """The first process stands elsewhere."""

    def corrupt(evidence: Evidence) -> Evidence:
        ended = replace(evidence.processes[ONE], **changes)
        return replace(evidence, processes={**evidence.processes, ONE: ended})

    return corrupt


def with_log(change: Callable[[list[Any]], list[Any]]) -> Corruption:
    """The log is another, and the subscriber was told the same."""

    def corrupt(evidence: Evidence) -> Evidence:
        log = change(list(evidence.log))
        kept = [entry for entry in evidence.history if entry.saw is not Saw.TOLD]
        told = [Entry(Saw.TOLD, event["processId"], event) for event in log]
        return replace(evidence, log=tuple(log), history=(*kept, *told))

    return corrupt


def out_of_order(evidence: Evidence) -> Evidence:
    """Two events were told the other way round."""
    *before, last, final = evidence.history
    return replace(evidence, history=(*before, final, last))


STATE = {"number": 0, "callback_result": {"number": 0}, "comment": ONE}


@pytest.mark.parametrize(
    ("corrupt", "complaint"),
    [
        (with_entries(Entry(Saw.STARTED, "three", {"key": "three", "number": 3})), "there is no process three"),
        (with_process(state={**STATE, "number": 7}), "not the number it was started with"),
        (with_process(state={**STATE, "callback_result": None}), "its state has None"),
        (with_process(state={**STATE, "callback_result": {"number": 1}}), "a callback of process one"),
        (with_process(state={**STATE, "comment": "else"}), "its answer is not in the state"),
        (with_entries(Entry(Saw.NOTED, ONE, {"note": "a word"})), "a note of process one"),
        (with_entries(Entry(Saw.ABORTED, ONE)), "it is not aborted"),
        (with_entries(Entry(Saw.FAILED, ONE, {"receipt": ONE})), "and it went on"),
        (with_entries(Entry(Saw.REFUSED, ONE, {"what": "404"})), "refused what it is owed: 404"),
        (with_process(status=ProcessStatus.RUNNING), "has not ended: it is RUNNING"),
        (lambda evidence: replace(evidence, rest=Rest(1, 0, 0, 0)), "1 callbacks were left behind"),
        (lambda evidence: replace(evidence, rest=Rest(0, 2, 0, 0)), "2 input requests were left behind"),
        (lambda evidence: replace(evidence, rest=Rest(0, 0, 3, 0)), "3 timers were left behind"),
        (with_process(executions=(execution(1, 0, "act", 2), execution(2, 2, "look", 1))), "left steps out"),
        (lambda evidence: replace(evidence, journal=Counter({(ONE, "act"): 2})), "its body never ran"),
        (without_told(3), "1 events were never told"),
        (out_of_order, "in another order"),
    ],
)
def test_what_was_lost_is_found(corrupt: Corruption, complaint: str) -> None:
    assert any(complaint in found for found in lost(corrupt(well()))), lost(corrupt(well()))


@pytest.mark.parametrize(
    ("corrupt", "complaint"),
    [
        (with_entries(Entry(Saw.STARTED, TWO, {"key": ONE, "number": 1})), "start one made 2 processes"),
        (
            lambda evidence: replace(evidence, processes={**evidence.processes, "three": evidence.processes[ONE]}),
            "2 starts made 3 processes",
        ),
        (with_entries(Entry(Saw.DELIVERED, ONE, {"receipt": "other", "number": 0})), "took 2 letters"),
        (lambda evidence: replace(evidence, rest=Rest(0, 0, 0, 1)), "1 forms were decided twice"),
        (
            with_process(
                executions=(execution(1, 0, "act", 2), execution(2, 1, "look", 1), execution(3, 1, "look", 1))
            ),
            "visited 2 times",
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
        (with_entries(Entry(Saw.TOLD, ONE, {"id": "one created"})), "1 events were told twice"),
    ],
)
def test_what_happened_twice_is_found(corrupt: Corruption, complaint: str) -> None:
    assert any(complaint in found for found in twice(corrupt(well()))), twice(corrupt(well()))


def test_a_step_that_ran_again_because_it_was_under_way_is_no_complaint() -> None:
    assert lost(well()) == []
    assert twice(well()) == []
