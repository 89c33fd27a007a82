"""`orchestrator-gql audit verify`: whether the audit log is as it was written, by the server's word or without it."""

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
from orchestrator_gql.cli.request import request
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.errors import SettingsError

DOCUMENT = """\
query Verify($after: String, $first: Int!, $anchor: AuditAnchor) {
  verifyAudit(after: $after, first: $first, anchor: $anchor) {
    valid entries fault cursor hasMore seal { seq digest }
    firstBroken { id seq seal at action actor { name } process { id } } } }
"""
PAGE = 10_000
"""Entries of one request: some seconds at the most, of the thirty that the server gives it."""

KEY = "ORCHESTRATOR_AUDIT_KEY"


def verify(url: str, anchor: Anchor | None) -> bool:
    """Let the server walk its log, page by page; print what came of it, and say whether all fits."""
    after, seen = None, 0
    given = anchor and {"seq": anchor.seq, "digest": anchor.digest}
    while True:
        page = request(url, DOCUMENT, {"after": after, "first": PAGE, "anchor": given})["verifyAudit"]
        seen += page["entries"]
        _tell(seen)
        if not page["valid"]:
            _print_fault(seen, page["fault"], _broken(page["firstBroken"]))
            return False
        if not page["hasMore"]:
            seal = page["seal"]
            _print_whole(seen, Anchor(seal["seq"], seal["digest"]) if seal else None)
            return True
        after, given = page["cursor"], None


def verify_files(files: Sequence[Path], anchor: Anchor | None) -> bool:
    """Judge the exports from their lines and the key alone; print what came of it, and say whether all fits."""
    key = os.environ.get(KEY, "")
    if not key:
        print(f"{KEY} is not set: these are the digests that anybody can make.", file=sys.stderr)
    said = Judge(key.encode() or None, anchor).judge(_lines(files))
    if said.fault is not None:
        _print_fault(said.entries, said.fault.words, _facts(said.fault.entry) if said.fault.entry else None)
        return False
    if not said.has_end:
        _print_fault(said.entries, "The export was cut off: its last line is missing.", None)
        return False
    _print_whole(said.entries, said.last)
    return True


def anchor_of(text: str) -> Anchor:
    """The anchor as it was printed; `SettingsError` where it is none.

    >>> anchor_of("12:" + "0f" * 32).seq
    12
    """
    found = re.fullmatch(r"(\d{1,9}):([0-9a-fA-F]{64})", text)
    if found is None:
        raise SettingsError(f"{text!r} is no anchor: it looks like 12:9f86d081..., with 64 digits.")
    return Anchor(int(found[1]), found[2].lower())


def _lines(files: Sequence[Path]) -> Iterator[Line]:
    """The lines of all files; `OperationRefused` where one is no export, or goes on behind what no file holds."""
    last, is_ended = 0, True
    for file in files:
        try:
            with file.open("rb") as opened:
                for number, line in enumerate(read_lines(opened)):
                    if isinstance(line, Seal):
                        # Behind a file that was cut off, and inside a file, a gap is a fault of the log.
                        if number == 0 and is_ended and line.seq > last + 1:
                            raise OperationRefused(_begun_late(file, line.seq, last))
                        last = line.seq
                    is_ended = isinstance(line, End)
                    yield line
        except NoExport as wrong:
            raise OperationRefused(f"{file}: {wrong}.") from None
        except OSError as wrong:
            raise OperationRefused(f"{file} cannot be read: {wrong.strerror}.") from None


def _begun_late(file: Path, seq: int, last: int) -> str:
    """What to give with a file that goes on behind others; only who made it knows whether it should be whole."""
    earlier = "the files" if last == 0 else f"what comes between seal {last} and it"
    lacking = f"seal {last + 1} is" if seq == last + 2 else f"seals {last + 1} to {seq - 1} are"
    return (
        f"{file} begins at seal {seq}: give {earlier} exported before it, too, in their order. "
        f"If it was exported without --after, {lacking} missing from the log."
    )


def _tell(seen: int) -> None:
    """How far it is, where somebody looks on."""
    if sys.stderr.isatty():
        print(f"\r{seen:,} entries", end="", file=sys.stderr, flush=True)


def _print_whole(seen: int, last: Anchor | None) -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(f"The audit log is whole: {_counted(seen)}.")
    if last is not None:
        print(f"Anchor: {last.seq}:{last.digest}")


def _print_fault(seen: int, fault: str, entry: str | None) -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(printable(f"The audit log is not what was written, after {_counted(seen)}: {fault}"))
    if entry is not None:
        print(printable(f"  {entry}"))


def _counted(entries: int) -> str:
    return "1 entry" if entries == 1 else f"{entries:,} entries"


def _broken(entry: dict[str, Any] | None) -> str | None:
    if entry is None:
        return None
    by = entry["actor"]["name"] if entry["actor"] else "nobody"
    about = f"process {entry['process']['id']}" if entry["process"] else "no process that there still is"
    return f"entry {entry['id']}, number {entry['seq']} about {about}: {entry['action']} by {by} at {entry['at']}"


def _facts(entry: AuditEntry) -> str:
    about = "the engine" if entry.chain == ENGINE else f"process {entry.chain}"
    by = entry.actor or "nobody"
    return f"entry {entry.id}, number {entry.seq} about {about}: {entry.action} by {by} at {entry.at.isoformat()}"
