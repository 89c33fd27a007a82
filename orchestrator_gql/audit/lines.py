"""The audit log as lines of JSON: each seal before its entries, and a last line with the counts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from orchestrator_gql.audit.entries import AuditEntry, instant
from orchestrator_gql.audit.seals import Seal
from orchestrator_gql.types import Json
from orchestrator_gql.utils.clock import read_instant
from orchestrator_gql.utils.json import decode, encode


class NoExport(ValueError):
    """The lines are not an export of the audit log; the message has the number of the wrong line."""


@dataclass(frozen=True, slots=True)
class End:
    """The last line of an export: the number of entries and seals before it."""

    entries: int
    seals: int


Line = Seal | AuditEntry | End


def seal_line(seal: Seal, cursor: str) -> bytes:
    """The line of a seal; an export from ``cursor`` continues after it."""
    fields = {"seq": seal.seq, "at": instant(seal.at), "entries": seal.entries, "heads": seal.heads}
    return _line("seal", {**fields, "previous": seal.previous, "digest": seal.digest, "cursor": cursor})


def entry_line(entry: AuditEntry) -> bytes:
    """The line of an entry, with everything that its digest covers."""
    fields = {"id": str(entry.id), "chain": str(entry.chain), "seq": entry.seq, "at": instant(entry.at)}
    fields |= {"actor": entry.actor, "action": entry.action, "details": entry.details}
    fields |= {"address": entry.address, "method": entry.method}
    return _line("entry", {**fields, "previous": entry.previous, "digest": entry.digest, "seal": entry.seal})


def end_line(entries: int, seals: int, cursor: str | None) -> bytes:
    """The last line; an export from ``cursor`` continues after it, None if there was no seal."""
    return _line("end", {"entries": entries, "seals": seals, "cursor": cursor})


def read_lines(lines: Iterable[bytes]) -> Iterator[Line]:
    """The seals and entries in the lines; raises `NoExport` at the first line that is not valid."""
    for number, line in enumerate(lines, 1):
        try:
            yield _read(decode(line.decode()))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise NoExport(f"line {number} does not belong to an export of the audit log") from None


def _line(kind: str, fields: dict[str, Json]) -> bytes:
    return encode({"kind": kind, **fields}).encode() + b"\n"


def _read(fields: Json) -> Line:
    match fields["kind"]:
        case "seal":
            return Seal(
                seq=_number(fields["seq"]),
                at=read_instant(fields["at"]),
                entries=_number(fields["entries"]),
                heads=fields["heads"],
                previous=_text(fields["previous"]),
                digest=_text(fields["digest"]),
            )
        case "entry":
            return AuditEntry(
                id=UUID(fields["id"]),
                chain=UUID(fields["chain"]),
                seq=_number(fields["seq"]),
                at=read_instant(fields["at"]),
                actor=_text_or_none(fields["actor"]),
                action=_text(fields["action"]),
                details=fields["details"],
                previous=_text(fields["previous"]),
                digest=_text(fields["digest"]),
                seal=None if fields["seal"] is None else _number(fields["seal"]),
                address=_text_or_none(fields.get("address")),  # lines of an earlier release have no address and method
                method=_text_or_none(fields.get("method")),
            )
        case "end":
            return End(_number(fields["entries"]), _number(fields["seals"]))
    raise ValueError


def _number(value: Json) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError
    value.encode()  # raises for a lone surrogate, which no export contains
    return value


def _text_or_none(value: Json) -> str | None:
    return None if value is None else _text(value)
