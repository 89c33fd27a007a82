"""The `traceparent` of a request is read as W3C Trace Context says, and a step passes on one of its own."""

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_gql.utils.traces import read_traceparent, trace_of, traceparent

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADER = f"00-{TRACE}-{SPAN}-01"
VALID = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[01]")

READ: list[tuple[list[str], str | None]] = [
    ([HEADER], f"{TRACE}-01"),
    ([f" \t{HEADER} "], f"{TRACE}-01"),
    ([f"00-{TRACE}-{SPAN}-00"], f"{TRACE}-00"),
    ([f"00-{TRACE}-{SPAN}-03"], f"{TRACE}-01"),
    ([f"00-{TRACE}-{SPAN}-fe"], f"{TRACE}-00"),
    ([f"cc-{TRACE}-{SPAN}-01"], f"{TRACE}-01"),
    ([f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like"], f"{TRACE}-01"),
    ([], None),
    ([""], None),
    ([HEADER, HEADER], None),
    ([f"{HEADER}, {HEADER}"], None),
    ([f"00-{TRACE}-{SPAN}-01-extra"], None),
    ([f"cc-{TRACE}-{SPAN}-01.extra"], None),
    ([f"ff-{TRACE}-{SPAN}-01"], None),
    ([f"00-{'0' * 32}-{SPAN}-01"], None),
    ([f"00-{TRACE}-{'0' * 16}-01"], None),
    ([HEADER.upper()], None),
    ([HEADER[:-1]], None),
    ([f"{HEADER}0"], None),
    ([HEADER + "\n"], None),
    ([f"00-{TRACE[:-1]}g-{SPAN}-01"], None),
    ([f"00-{TRACE[:-1]}٣-{SPAN}-01"], None),
    ([f"00_{TRACE}_{SPAN}_01"], None),
    (["00-1-2-01"], None),
]


@pytest.mark.parametrize(("headers", "trace"), READ)
def test_a_valid_header_is_read_and_any_other_is_ignored(headers: list[str], trace: str | None) -> None:
    found = read_traceparent(headers)

    assert trace_of(found) == trace
    assert found is None or (VALID.fullmatch(found) and found.split("-")[2] == SPAN)


@given(st.uuids(version=4), st.integers(0, 10_000), st.sampled_from([None, f"{TRACE}-00", f"{TRACE}-01"]))
def test_what_a_step_passes_on_is_valid_and_the_same_each_time(process_id: UUID, seq: int, trace: str | None) -> None:
    given_on = traceparent(trace, process_id, seq)

    assert VALID.fullmatch(given_on)
    assert given_on.split("-")[1] == (TRACE if trace else process_id.hex)
    assert given_on == traceparent(trace, process_id, seq)
    others = [traceparent(trace, process_id, seq + 1), traceparent(trace, process_id, seq, try_count=2)]
    assert len({each.split("-")[2] for each in (given_on, *others)}) == 3
