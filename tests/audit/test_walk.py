"""Whatever is done to an audit log shows: one edit of one field, one line removed, moved or added."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orchestrator_gql.audit.entries import BEGINNING, AuditEntry, digest_of
from orchestrator_gql.audit.judging import Judge, Judgement
from orchestrator_gql.audit.lines import End, Line, NoExport, end_line, entry_line, read_lines, seal_line
from orchestrator_gql.audit.seals import Anchor, Seal, read_heads, seal_digest, seal_of
from orchestrator_gql.utils.tokens import new_id

KEY = b"the key of the deployment"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CHAINS = [UUID(int=0), UUID(int=7), UUID(int=9), UUID(int=2**127)]


@dataclass
class Log:
    """A log as a database holds it."""

    entries: list[AuditEntry]
    seals: list[Seal]

    def lines(self) -> list[Line]:
        """In the order of a walk."""
        told: list[Line] = []
        for seal in sorted(self.seals, key=lambda seal: seal.seq):
            told += [seal, *self._of(seal.seq)]
        numbers = {seal.seq for seal in self.seals}
        strangers = [one for one in self.entries if one.seal is not None and one.seal not in numbers]
        return [*told, *strangers, *self._of(None)]

    def _of(self, seal: int | None) -> list[AuditEntry]:
        return sorted((one for one in self.entries if one.seal == seal), key=lambda one: (one.chain, one.seq))


def written(steps: Sequence[int | None], key: bytes | None = KEY) -> Log:
    """A log in which chains grew by one entry each (their numbers), and a sealer came by (None)."""
    log = Log([], [])
    grow(log, steps, key)
    return log


def grow(log: Log, steps: Sequence[int | None], key: bytes | None = KEY) -> None:
    for step in steps:
        if step is None:
            sealed(log, key)
            continue
        chain = CHAINS[step]
        mine = [one for one in log.entries if one.chain == chain]
        previous = mine[-1].digest if mine else BEGINNING
        at, details = NOW + timedelta(seconds=len(log.entries)), {"reason": f"why {len(log.entries)}"}
        entry = AuditEntry(new_id(), chain, len(mine) + 1, at, "ada", "abortProcess", details, previous, "")
        log.entries.append(replace(entry, digest=digest_of(entry, key)))


def sealed(log: Log, key: bytes | None) -> None:
    new = [one for one in log.entries if one.seal is None]
    if not new:
        return
    behind = Anchor(log.seals[-1].seq, log.seals[-1].digest) if log.seals else None
    made = seal_of(new, behind, NOW, key)
    log.entries = [one if one.seal else replace(one, seal=made.seq) for one in log.entries]
    log.seals.append(made)


def judged(lines: Iterable[Line], key: bytes | None = KEY, anchor: Anchor | None = None) -> Judgement:
    return Judge(key, anchor).judge(lines)


steps = st.lists(st.sampled_from([0, 1, 2, 3, None]), min_size=1, max_size=14)
logs = steps.map(written).filter(lambda log: bool(log.entries))
sealed_logs = steps.map(lambda taken: written([*taken, None])).filter(lambda log: bool(log.entries))

OTHER: dict[str, Any] = {
    "id": UUID(int=5),
    "chain": UUID(int=8),
    "at": NOW - timedelta(microseconds=1),
    "actor": None,
    "action": "retryProcess",
    "details": {},
    "previous": "1" * 64,
    "digest": "2" * 64,
    "heads": [],
}


def edited(row: Any, field: str, number: int | None) -> Any:
    value = OTHER.get(field, number)
    assume(getattr(row, field) != value)
    return replace(row, **{field: value})


@given(logs)
def test_a_log_that_nobody_touched_is_whole(log: Log) -> None:
    said = judged(log.lines())

    assert said.fault is None
    assert (said.entries, said.seals) == (len(log.entries), len(log.seals))


@given(logs, st.data())
def test_an_edit_of_any_field_of_any_row_shows(log: Log, data: st.DataObject) -> None:
    is_seal = data.draw(st.booleans()) and bool(log.seals)
    rows: list[Any] = log.seals if is_seal else log.entries
    number = data.draw(st.integers(0, len(rows) - 1))
    field = data.draw(st.sampled_from([field.name for field in fields(rows[number])]))
    other = data.draw(st.sampled_from([None, -1, 0, 1, 2, 3, 99] if field == "seal" else [-1, 0, 1, 2, 3, 99]))
    rows[number] = edited(rows[number], field, other)

    assert judged(log.lines()).fault is not None


@given(sealed_logs, st.data())
def test_any_removed_row_shows(log: Log, data: st.DataObject) -> None:
    is_seal = data.draw(st.booleans())
    rows: list[Any] = log.seals if is_seal else log.entries
    del rows[data.draw(st.integers(0, len(rows) - 1))]

    assert judged(log.lines()).fault is not None


@given(sealed_logs, st.data())
def test_a_chain_that_is_removed_whole_shows(log: Log, data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(sorted({one.chain for one in log.entries})))
    log.entries = [one for one in log.entries if one.chain != gone]

    assert judged(log.lines()).fault is not None


@given(logs, st.data())
def test_two_rows_that_changed_places_show(log: Log, data: st.DataObject) -> None:
    assume(len(log.entries) > 1)
    first, second = data.draw(st.lists(st.integers(0, len(log.entries) - 1), min_size=2, max_size=2, unique=True))
    one, two = log.entries[first], log.entries[second]
    log.entries[first] = replace(one, chain=two.chain, seq=two.seq, seal=two.seal)
    log.entries[second] = replace(two, chain=one.chain, seq=one.seq, seal=one.seal)

    assert judged(log.lines()).fault is not None


@given(logs, st.data())
def test_two_lines_that_changed_places_show(log: Log, data: st.DataObject) -> None:
    lines = log.lines()
    assume(len(lines) > 1)
    first, second = data.draw(st.lists(st.integers(0, len(lines) - 1), min_size=2, max_size=2, unique=True))
    one, two = lines[first], lines[second]
    # Of two chains that are not sealed, neither comes first by right.
    assume(not (getattr(one, "seal", 0) is None and getattr(two, "seal", 0) is None))
    lines[first], lines[second] = two, one

    assert judged(lines).fault is not None


@given(logs, st.data())
def test_a_line_that_is_there_twice_shows(log: Log, data: st.DataObject) -> None:
    lines = log.lines()
    lines.insert(data.draw(st.integers(0, len(lines))), data.draw(st.sampled_from(lines)))

    assert judged(lines).fault is not None


@given(logs, st.data())
def test_whoever_has_not_the_key_can_add_nothing(log: Log, data: st.DataObject) -> None:
    chain = data.draw(st.sampled_from(CHAINS))
    mine = [one for one in log.entries if one.chain == chain]
    seal = data.draw(st.sampled_from([None, *(seal.seq for seal in log.seals)]))
    previous, seq = (mine[-1].digest, mine[-1].seq + 1) if mine else (BEGINNING, 1)
    forged = AuditEntry(new_id(), chain, seq, NOW, "ada", "abortProcess", {}, previous, "", seal)
    log.entries.append(replace(forged, digest=digest_of(forged, data.draw(st.sampled_from([None, b"guessed"])))))

    assert judged(log.lines()).fault is not None


@given(steps, st.sampled_from([None, b"guessed"]))
def test_whoever_has_not_the_key_cannot_chain_anew(taken: list[int | None], key: bytes | None) -> None:
    log = written(taken, key)
    assume(log.entries)

    assert judged(log.lines(), key).fault is None
    assert judged(log.lines()).fault is not None


@given(sealed_logs)
def test_the_newest_seals_removed_with_their_entries_show_with_an_anchor(log: Log) -> None:
    last = log.seals.pop()
    log.entries = [one for one in log.entries if one.seal != last.seq]
    noted, forged = Anchor(last.seq, last.digest), Anchor(last.seq, "0" * 64)
    whole = Log([*log.entries], [*log.seals])

    assert judged(log.lines()).fault is None
    assert judged(log.lines(), anchor=noted).fault is not None
    assert judged([*whole.lines(), last], anchor=forged).fault is not None


@given(logs)
def test_the_lines_of_an_export_say_what_they_were_made_of(log: Log) -> None:
    lines = log.lines()
    text = [seal_line(one, "c") if isinstance(one, Seal) else entry_line(one) for one in lines]  # type: ignore[arg-type]

    read = list(read_lines([*text, end_line(len(log.entries), len(log.seals), None)]))

    assert read == [*lines, End(len(log.entries), len(log.seals))]
    assert judged(read).fault is None
    assert judged(read).has_end
    assert not judged(lines).has_end
    assert judged([*lines[:-1], read[-1]]).fault is not None


@given(steps, steps)
def test_what_was_exported_open_may_come_again_sealed(taken: list[int | None], since: list[int | None]) -> None:
    log = written(taken)
    first = [*log.lines(), End(len(log.entries), len(log.seals))]
    known = len(log.seals)
    grow(log, [*since, None])
    new = Log([one for one in log.entries if one.seal is not None and one.seal > known], log.seals[known:])

    said = judged([*first, *new.lines(), End(len(new.entries), len(new.seals))])

    assert said.fault is None
    assert said.seals == len(log.seals)


@pytest.mark.parametrize(
    "heads",
    [7, None, "x", {}, [7], [["x", 1, 1, ""]], [[str(CHAINS[0]), 2, 1, ""]], [[str(CHAINS[0]), 1, 1]], [[7, 1, 1, ""]]],
)
def test_heads_that_no_sealer_wrote_are_a_fault_and_no_accident(heads: Any) -> None:
    made = Seal(1, NOW, 1, heads, BEGINNING, seal_digest(1, NOW, 1, heads, BEGINNING, None))

    assert read_heads(made) is None
    assert judged([made], None).fault is not None


@pytest.mark.parametrize("line", [b"{", b"[]", b'{"kind": "entry"}', b'{"kind": "other"}', b"\xff", b"[" * 100_000])
def test_a_line_that_is_none_is_named_by_its_number(line: bytes) -> None:
    with pytest.raises(NoExport, match="line 2 is none"):
        list(read_lines([end_line(0, 0, None), line]))
