"""The audit log as lines of JSON: each seal, its entries behind it, and a last line that says how many there were."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orchestrator_gql.audit.entries import AuditEntry, instant
from orchestrator_gql.audit.seals import Seal
from orchestrator_gql.types import Json
from orchestrator_gql.utils.json import decode, encode


class NoExport(ValueError):
    """A line that no export holds; its message says which, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class End:
    """The last line of an export: so many entries and seals stand before it."""

    entries: int
    seals: int


Line = Seal | AuditEntry | End


def seal_line(seal: Seal, cursor: str) -> bytes:
    """The seal; ``cursor`` exports what comes behind it."""
    told = {"seq": seal.seq, "at": instant(seal.at), "entries": seal.entries, "heads": seal.heads}
    return _line("seal", {**told, "previous": seal.previous, "digest": seal.digest, "cursor": cursor})


def entry_line(entry: AuditEntry) -> bytes:
    """The entry with everything that its digest covers."""
    told = {"id": str(entry.id), "chain": str(entry.chain), "seq": entry.seq, "at": instant(entry.at)}
    told |= {"actor": entry.actor, "action": entry.action, "details": entry.details}
    return _line("entry", {**told, "previous": entry.previous, "digest": entry.digest, "seal": entry.seal})


def end_line(entries: int, seals: int, cursor: str | None) -> bytes:
    """The end; ``cursor`` exports what came since, None where there was no seal."""
    return _line("end", {"entries": entries, "seals": seals, "cursor": cursor})


def read_lines(lines: Iterable[bytes]) -> Iterator[Line]:
    """What the lines hold; raises `NoExport` at the first that is none of ours."""
    for number, line in enumerate(lines, 1):
        try:
            yield _read(decode(line.decode()))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise NoExport(f"line {number} is none of an export of the audit log") from None


def _line(kind: str, told: dict[str, Json]) -> bytes:
    return encode({"kind": kind, **told}).encode() + b"\n"


def _read(told: Json) -> Line:
    match told["kind"]:
        case "seal":
            said = (told["heads"], _text(told["previous"]), _text(told["digest"]))
            return Seal(_number(told["seq"]), _instant(told["at"]), _number(told["entries"]), *said)
        case "entry":
            return AuditEntry(
                id=UUID(told["id"]),
                chain=UUID(told["chain"]),
                seq=_number(told["seq"]),
                at=_instant(told["at"]),
                actor=None if told["actor"] is None else _text(told["actor"]),
                action=_text(told["action"]),
                details=told["details"],
                previous=_text(told["previous"]),
                digest=_text(told["digest"]),
                seal=None if told["seal"] is None else _number(told["seal"]),
            )
        case "end":
            return End(_number(told["entries"]), _number(told["seals"]))
    raise ValueError


def _number(value: Json) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError
    value.encode()  # half a surrogate pair is in no export
    return value


def _instant(value: Json) -> datetime:
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError
    return instant
