"""Every change of an audit log is found: an edited field, and a removed, moved or added line."""

import hashlib
import json
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
    """An audit log as a database stores it."""

    entries: list[AuditEntry]
    seals: list[Seal]

    def lines(self) -> list[Line]:
        """The seals and entries in the order of a walk."""
        lines: list[Line] = []
        for seal in sorted(self.seals, key=lambda seal: seal.seq):
            lines += [seal, *self._of(seal.seq)]
        seal_numbers = {seal.seq for seal in self.seals}
        orphans = [entry for entry in self.entries if entry.seal is not None and entry.seal not in seal_numbers]
        return [*lines, *orphans, *self._of(None)]

    def _of(self, seal: int | None) -> list[AuditEntry]:
        return sorted(
            (entry for entry in self.entries if entry.seal == seal), key=lambda entry: (entry.chain, entry.seq)
        )


def log_of(steps: Sequence[int | None], key: bytes | None = KEY) -> Log:
    """A log made by these steps: a number adds an entry to that chain, None runs the sealer."""
    log = Log([], [])
    grow(log, steps, key)
    return log


def grow(log: Log, steps: Sequence[int | None], key: bytes | None = KEY) -> None:
    for step in steps:
        if step is None:
            seal_entries(log, key)
            continue
        chain = CHAINS[step]
        chain_entries = [entry for entry in log.entries if entry.chain == chain]
        previous = chain_entries[-1].digest if chain_entries else BEGINNING
        at, details = NOW + timedelta(seconds=len(log.entries)), {"reason": f"why {len(log.entries)}"}
        # Every second entry has no origin, as in a log that an earlier release began.
        origins: tuple[tuple[str | None, str | None], ...] = ((None, None), ("192.0.2.7", "graphql/api-token"))
        address, method = origins[len(log.entries) % 2]
        entry = AuditEntry(new_id(), chain, len(chain_entries) + 1, at, "ada", "abortProcess", details, previous, "")
        entry = replace(entry, address=address, method=method)
        log.entries.append(replace(entry, digest=digest_of(entry, key)))


def seal_entries(log: Log, key: bytes | None) -> None:
    new = [entry for entry in log.entries if entry.seal is None]
    if not new:
        return
    behind = Anchor(log.seals[-1].seq, log.seals[-1].digest) if log.seals else None
    seal = seal_of(new, behind, NOW, key)
    log.entries = [entry if entry.seal else replace(entry, seal=seal.seq) for entry in log.entries]
    log.seals.append(seal)


def judgement_of(lines: Iterable[Line], key: bytes | None = KEY, anchor: Anchor | None = None) -> Judgement:
    return Judge(key, anchor).judge(lines)


steps = st.lists(st.sampled_from([0, 1, 2, 3, None]), min_size=1, max_size=14)
logs = steps.map(log_of).filter(lambda log: bool(log.entries))
sealed_logs = steps.map(lambda steps_before: log_of([*steps_before, None])).filter(lambda log: bool(log.entries))

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
    "address": "198.51.100.9",
    "method": "rest/callback-token",
}


def with_edit(row: Any, field: str, number: int | None) -> Any:
    value = OTHER.get(field, number)
    assume(getattr(row, field) != value)
    return replace(row, **{field: value})


@given(logs)
def test_an_unchanged_log_has_no_fault(log: Log) -> None:
    judgement = judgement_of(log.lines())

    assert judgement.fault is None
    assert (judgement.entries, judgement.seals) == (len(log.entries), len(log.seals))


@given(logs, st.data())
def test_an_edit_of_any_field_of_any_row_is_found(log: Log, data: st.DataObject) -> None:
    is_seal = data.draw(st.booleans()) and bool(log.seals)
    rows: list[Any] = log.seals if is_seal else log.entries
    number = data.draw(st.integers(0, len(rows) - 1))
    field = data.draw(st.sampled_from([field.name for field in fields(rows[number])]))
    other = data.draw(st.sampled_from([None, -1, 0, 1, 2, 3, 99] if field == "seal" else [-1, 0, 1, 2, 3, 99]))
    rows[number] = with_edit(rows[number], field, other)

    assert judgement_of(log.lines()).fault is not None


@given(sealed_logs, st.data())
def test_any_removed_row_is_found(log: Log, data: st.DataObject) -> None:
    is_seal = data.draw(st.booleans())
    rows: list[Any] = log.seals if is_seal else log.entries
    del rows[data.draw(st.integers(0, len(rows) - 1))]

    assert judgement_of(log.lines()).fault is not None


@given(sealed_logs, st.data())
def test_the_removal_of_a_whole_chain_is_found(log: Log, data: st.DataObject) -> None:
    removed_chain = data.draw(st.sampled_from(sorted({entry.chain for entry in log.entries})))
    log.entries = [entry for entry in log.entries if entry.chain != removed_chain]

    assert judgement_of(log.lines()).fault is not None


@given(logs, st.data())
def test_two_rows_that_changed_places_are_found(log: Log, data: st.DataObject) -> None:
    assume(len(log.entries) > 1)
    first, second = data.draw(st.lists(st.integers(0, len(log.entries) - 1), min_size=2, max_size=2, unique=True))
    left, right = log.entries[first], log.entries[second]
    log.entries[first] = replace(left, chain=right.chain, seq=right.seq, seal=right.seal)
    log.entries[second] = replace(right, chain=left.chain, seq=left.seq, seal=left.seal)

    assert judgement_of(log.lines()).fault is not None


@given(logs, st.data())
def test_two_lines_that_changed_places_are_found(log: Log, data: st.DataObject) -> None:
    lines = log.lines()
    assume(len(lines) > 1)
    first, second = data.draw(st.lists(st.integers(0, len(lines) - 1), min_size=2, max_size=2, unique=True))
    left, right = lines[first], lines[second]
    # Two chains that are not sealed have no fixed order.
    assume(not (getattr(left, "seal", 0) is None and getattr(right, "seal", 0) is None))
    lines[first], lines[second] = right, left

    assert judgement_of(lines).fault is not None


@given(logs, st.data())
def test_a_duplicate_line_is_found(log: Log, data: st.DataObject) -> None:
    lines = log.lines()
    lines.insert(data.draw(st.integers(0, len(lines))), data.draw(st.sampled_from(lines)))

    assert judgement_of(lines).fault is not None


@given(logs, st.data())
def test_nobody_can_add_an_entry_without_the_key(log: Log, data: st.DataObject) -> None:
    chain = data.draw(st.sampled_from(CHAINS))
    chain_entries = [entry for entry in log.entries if entry.chain == chain]
    seal = data.draw(st.sampled_from([None, *(seal.seq for seal in log.seals)]))
    previous, seq = (chain_entries[-1].digest, chain_entries[-1].seq + 1) if chain_entries else (BEGINNING, 1)
    forged = AuditEntry(new_id(), chain, seq, NOW, "ada", "abortProcess", {}, previous, "", seal)
    log.entries.append(replace(forged, digest=digest_of(forged, data.draw(st.sampled_from([None, b"guessed"])))))

    assert judgement_of(log.lines()).fault is not None


@given(steps, st.sampled_from([None, b"guessed"]))
def test_nobody_can_make_a_new_chain_without_the_key(steps_before: list[int | None], key: bytes | None) -> None:
    log = log_of(steps_before, key)
    assume(log.entries)

    assert judgement_of(log.lines(), key).fault is None
    assert judgement_of(log.lines()).fault is not None


@given(sealed_logs)
def test_the_removal_of_the_newest_seal_and_its_entries_is_found_with_an_anchor(log: Log) -> None:
    last = log.seals.pop()
    log.entries = [entry for entry in log.entries if entry.seal != last.seq]
    anchor, forged = Anchor(last.seq, last.digest), Anchor(last.seq, "0" * 64)
    whole = Log([*log.entries], [*log.seals])

    assert judgement_of(log.lines()).fault is None
    assert judgement_of(log.lines(), anchor=anchor).fault is not None
    assert judgement_of([*whole.lines(), last], anchor=forged).fault is not None


@given(logs)
def test_the_lines_of_an_export_are_read_back_as_the_same_rows(log: Log) -> None:
    lines = log.lines()
    text = [seal_line(row, "c") if isinstance(row, Seal) else entry_line(row) for row in lines]  # type: ignore[arg-type]

    read = list(read_lines([*text, end_line(len(log.entries), len(log.seals), None)]))

    assert read == [*lines, End(len(log.entries), len(log.seals))]
    assert judgement_of(read).fault is None
    assert judgement_of(read).has_end
    assert not judgement_of(lines).has_end
    assert judgement_of([*lines[:-1], read[-1]]).fault is not None


@given(steps, steps)
def test_entries_that_were_exported_unsealed_may_come_again_sealed(
    steps_before: list[int | None], steps_after: list[int | None]
) -> None:
    log = log_of(steps_before)
    first = [*log.lines(), End(len(log.entries), len(log.seals))]
    known = len(log.seals)
    grow(log, [*steps_after, None])
    new = Log([entry for entry in log.entries if entry.seal is not None and entry.seal > known], log.seals[known:])

    judgement = judgement_of([*first, *new.lines(), End(len(new.entries), len(new.seals))])

    assert judgement.fault is None
    assert judgement.seals == len(log.seals)


@pytest.mark.parametrize(
    "heads",
    [7, None, "x", {}, [7], [["x", 1, 1, ""]], [[str(CHAINS[0]), 2, 1, ""]], [[str(CHAINS[0]), 1, 1]], [[7, 1, 1, ""]]],
)
def test_heads_that_no_sealer_wrote_are_a_fault_and_no_exception(heads: Any) -> None:
    seal = Seal(1, NOW, 1, heads, BEGINNING, seal_digest(1, NOW, 1, heads, BEGINNING, None))

    assert read_heads(seal) is None
    assert judgement_of([seal], None).fault is not None


@pytest.mark.parametrize("line", [b"{", b"[]", b'{"kind": "entry"}', b'{"kind": "other"}', b"\xff", b"[" * 100_000])
def test_a_wrong_line_is_named_by_its_number(line: bytes) -> None:
    with pytest.raises(NoExport, match="line 2 does not belong"):
        list(read_lines([end_line(0, 0, None), line]))


@given(logs, st.data())
def test_an_origin_that_was_taken_off_or_put_on_is_found(log: Log, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(log.entries) - 1))
    entry = log.entries[number]
    other = (None, None) if entry.method else ("192.0.2.7", "graphql/api-token")
    log.entries[number] = replace(entry, address=other[0], method=other[1])

    assert judgement_of(log.lines()).fault is not None


def test_an_entry_of_an_earlier_release_keeps_its_digest() -> None:
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    entry = AuditEntry(UUID(int=1), UUID(int=7), 1, at, "ada", "abortProcess", {"reason": "why"}, BEGINNING, "")
    text = (
        f'["{BEGINNING}","00000000-0000-0000-0000-000000000001","00000000-0000-0000-0000-000000000007",1,'
        '"2026-03-02T09:00:00+00:00","ada","abortProcess",{"reason":"why"}]'
    )

    assert digest_of(entry, None) == hashlib.sha256(text.encode()).hexdigest()
    assert digest_of(replace(entry, method="internal"), None) != digest_of(entry, None)


def test_a_line_of_an_earlier_release_has_no_origin_and_is_read() -> None:
    log = log_of([1, 1])
    lines = [json.loads(entry_line(entry)) for entry in log.entries]
    for line in lines[:1]:
        del line["address"], line["method"]

    read = list(read_lines(json.dumps(line).encode() for line in lines))

    assert read == log.entries
