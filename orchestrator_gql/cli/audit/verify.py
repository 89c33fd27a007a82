"""`orchestrator-gql audit verify`: check the audit log of a server, or of exported files, for changes."""

import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from orchestrator_gql.audit.entries import ENGINE, AuditEntry
from orchestrator_gql.audit.judging import Judge
from orchestrator_gql.audit.lines import End, Line, NoExport, read_lines
from orchestrator_gql.audit.seals import Anchor, Seal
from orchestrator_gql.cli.client import OperationRefused
from orchestrator_gql.cli.progress import Counter, working
from orchestrator_gql.cli.request import request
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.errors import SettingsError

DOCUMENT = """\
query Verify($after: String, $first: Int!, $anchor: AuditAnchor) {
  verifyAudit(after: $after, first: $first, anchor: $anchor) {
    valid entries fault cursor hasMore seal { seq digest }
    firstBroken { id seq seal at action actor { name } processId } } }
"""
PAGE = 10_000
"""Entries in one request: they take some seconds; the server allows thirty."""

KEY = "ORCHESTRATOR_AUDIT_KEY"

_WITHOUT_KEY = f"{KEY} is not set: without a key anybody can make such digests."


def verify(url: str, anchor: Anchor | None, *, is_json: bool = False) -> bool:
    """Let the server check its log, page by page; print the result, and return whether the log is unchanged."""
    after, entry_count, counter = None, 0, Counter("entries")
    anchor_input = anchor and {"seq": anchor.seq, "digest": anchor.digest}
    while True:
        page = request(url, DOCUMENT, {"after": after, "first": PAGE, "anchor": anchor_input})["verifyAudit"]
        entry_count += page["entries"]
        counter.show(entry_count)
        if not page["valid"] or not page["hasMore"]:
            counter.end()
        if not page["valid"]:
            _print_fault(entry_count, page["fault"], _broken_entry_text(page["firstBroken"]), is_json)
            return False
        if not page["hasMore"]:
            seal = page["seal"]
            _print_whole(entry_count, Anchor(seal["seq"], seal["digest"]) if seal else None, is_json)
            return True
        after, anchor_input = page["cursor"], None


def verify_database(url: str, anchor: Anchor | None, *, is_json: bool = False) -> bool:
    """Check the log in the database itself, such as a restored copy; print the result, and return whether it is
    unchanged."""
    from orchestrator_gql.cli.own_database import opened  # the database takes a second to import
    from orchestrator_gql.reads.audit import verify_log

    after, entry_count, counter = None, 0, Counter("entries")
    with opened(url, "audit", instead="Or let that server verify its log: leave out --database.") as own:
        key = own.settings.audit_secret
        if key is None:
            print(_WITHOUT_KEY, file=sys.stderr)
        while True:
            page = own.runner.run(verify_log(own.database, key, after=after, first=PAGE, anchor=anchor))
            entry_count += page.entries
            counter.show(entry_count)
            if page.fault is not None or not page.has_more:
                break
            after, anchor = page.cursor, None
        counter.end()
    if page.fault is not None:
        _print_fault(entry_count, page.fault, _entry_text(page.broken), is_json)
        return False
    _print_whole(entry_count, page.seal, is_json)
    return True


def verify_files(files: Sequence[Path], anchor: Anchor | None, *, is_json: bool = False) -> bool:
    """Check the exports with their lines and the key alone; print the result, and return whether they are unchanged."""
    key = os.environ.get(KEY, "")
    if not key:
        print(_WITHOUT_KEY, file=sys.stderr)
    with working("Verifying the files"):
        judgement = Judge(key.encode() or None, anchor).judge(_lines(files))
    if (fault := judgement.fault) is not None:
        _print_fault(judgement.entries, fault.words, _entry_text(fault.entry), is_json)
        return False
    if not judgement.has_end:
        _print_fault(judgement.entries, "The export was cut off: its last line is missing.", None, is_json)
        return False
    _print_whole(judgement.entries, judgement.last, is_json)
    return True


def anchor_of(text: str) -> Anchor:
    """The anchor in its printed form, ``SEQ:DIGEST``; raises `SettingsError` if the text has another form.

    >>> anchor_of("12:" + "0f" * 32).seq
    12
    """
    match = re.fullmatch(r"(\d{1,9}):([0-9a-fA-F]{64})", text)
    if match is None:
        raise SettingsError(f"{text!r} is not an anchor: an anchor looks like 12:9f86d081..., with 64 digits.")
    return Anchor(int(match[1]), match[2].lower())


def _lines(files: Sequence[Path]) -> Iterator[Line]:
    """The lines of all files; raises `OperationRefused` if a file is no export, or a part between files is missing."""
    last, is_ended = 0, True
    for file in files:
        for number, line in enumerate(_lines_of(file)):
            if isinstance(line, Seal):
                # After an incomplete file, and inside a file, a gap is a fault of the log itself.
                if number == 0 and is_ended and line.seq > last + 1:
                    raise OperationRefused(_missing_seals_message(file, line.seq, last))
                last = line.seq
            is_ended = isinstance(line, End)
            yield line


def _lines_of(file: Path) -> Iterator[Line]:
    try:
        with file.open("rb") as opened:
            yield from read_lines(opened)
    except NoExport as error:
        raise OperationRefused(f"{file}: {error}.") from None
    except OSError as error:
        raise OperationRefused(f"{file} cannot be read: {error.strerror}.") from None


def _missing_seals_message(file: Path, seq: int, last: int) -> str:
    """The advice for a gap before a file; only the file's author knows whether it should be a whole export."""
    earlier = "the files" if last == 0 else f"the files between seal {last} and this one"
    lacking = f"seal {last + 1} is" if seq == last + 2 else f"seals {last + 1} to {seq - 1} are"
    return (
        f"{file} begins at seal {seq}: give {earlier} exported before it, too, in their order. "
        f"If it was exported without --after, {lacking} missing from the log."
    )


def _print_whole(entry_count: int, last: Anchor | None, is_json: bool) -> None:
    anchor = f"{last.seq}:{last.digest}" if last is not None else None
    if is_json:
        _print_json(entry_count, anchor=anchor)
        return
    print(f"The audit log is whole: {_entry_count_text(entry_count)}.")
    if anchor is not None:
        print(f"Anchor: {anchor}")


def _print_fault(entry_count: int, fault: str, entry: str | None, is_json: bool) -> None:
    if is_json:
        _print_json(entry_count, fault=fault, entry=entry)
        return
    print(printable(f"The audit log was changed, after {_entry_count_text(entry_count)}: {fault}"))
    if entry is not None:
        print(printable(f"  {entry}"))


def _print_json(
    entry_count: int, *, anchor: str | None = None, fault: str | None = None, entry: str | None = None
) -> None:
    shown = {"valid": fault is None, "entries": entry_count, "anchor": anchor, "fault": fault, "firstBroken": entry}
    print(json.dumps(shown))


def _entry_count_text(entries: int) -> str:
    return "1 entry" if entries == 1 else f"{entries:,} entries"


def _broken_entry_text(entry: dict[str, Any] | None) -> str | None:
    if entry is None:
        return None
    by = entry["actor"]["name"] if entry["actor"] else "nobody"
    about = f"process {entry['processId']}" if entry["processId"] else "the engine"
    return f"entry {entry['id']}, number {entry['seq']} about {about}: {entry['action']} by {by} at {entry['at']}"


def _entry_text(entry: AuditEntry | None) -> str | None:
    if entry is None:
        return None
    about = "the engine" if entry.chain == ENGINE else f"process {entry.chain}"
    by = entry.actor or "nobody"
    return f"entry {entry.id}, number {entry.seq} about {about}: {entry.action} by {by} at {entry.at.isoformat()}"
