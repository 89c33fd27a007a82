"""Pages in the order of the last change, of the processes in segments that have a text or facts.

A segment knows between which times its processes at rest were changed last. So the segments are read in the order of
these times, and a row of them is on the page if it comes before the times of all segments that follow. Beside them all
are read that run, or wait to run; only in the segments, too, because a backlog may be long.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select, union_all

from orchestrator_gql.storage.pagination import Key, PageArgs, values_of
from orchestrator_gql.storage.process_facts import MOVING
from orchestrator_gql.storage.process_filters import ProcessFilter, Span
from orchestrator_gql.storage.process_segments import EARLIEST, INSTANT, LATEST, MOST_SPANS, Found, Segment, spans_of
from orchestrator_gql.storage.process_ways import ids_in_spans


@dataclass(frozen=True, slots=True)
class Changed:
    """The ids of the rows that match the filter and come before all others; with ``is_all`` there are no others."""

    ids: Select[Any]
    filters: ProcessFilter
    is_all: bool


def first_changed(
    conn: Connection, found: Found, filters: ProcessFilter, key: Key, page_args: PageArgs, most: int
) -> Changed:
    """The rows of so many of the segments that come before all others, in the direction in which the page is read.

    They are read beside the segments whose times nobody knows, such as the open one; at most `MOST_SPANS` altogether.
    """
    segments = [each for each in found.segments if _may_have_rows(each, key, page_args)]
    most = min(MOST_SPANS, most + sum(each.changed_until is None for each in segments))
    if key.is_descending != page_args.is_backward:
        in_order = sorted(segments, key=lambda each: each.changed_until or LATEST, reverse=True)
        others = [Span(start=(each.changed_until or LATEST) + INSTANT) for each in in_order[most : most + 1]]
    else:
        in_order = sorted(segments, key=lambda each: each.changed_from or EARLIEST)
        others = [Span(end=each.changed_from or EARLIEST) for each in in_order[most : most + 1]]
    for span in others:
        filters = replace(filters, updated_at=filters.updated_at.within(span))
    chosen = sorted(in_order[:most], key=lambda each: each.number)
    queries = [ids_in_spans(filters, spans_of(conn, chosen))]
    if moving := MOVING if filters.statuses is None else MOVING.intersection(filters.statuses):
        queries.append(ids_in_spans(replace(filters, statuses=list(moving)), found.spans))
    return Changed(select(union_all(*queries).subquery().c.id), filters, not others)


def _may_have_rows(segment: Segment, key: Key, page_args: PageArgs) -> bool:
    """False if all rows of the segment that are at rest are on the other side of a cursor."""
    lower, upper = (page_args.before, page_args.after) if key.is_descending else (page_args.after, page_args.before)
    if lower is not None and segment.changed_until is not None and segment.changed_until < _time(key, lower):
        return False
    return upper is None or segment.changed_from is None or segment.changed_from <= _time(key, upper)


def _time(key: Key, cursor: str) -> datetime:
    time: datetime = values_of(key, cursor)[0]
    return time
