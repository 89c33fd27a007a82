"""Which processes retention may delete: by ``ORCHESTRATOR_RETENTION_DAYS``, or by the wish of a person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orchestrator_gql.config.retention import DEFAULT, LONGEST, REMOVABLE, Retention
from orchestrator_gql.storage import retention_marks
from orchestrator_gql.storage.retention import Rule, Selection
from orchestrator_gql.storage.retention_marks import Mark
from orchestrator_gql.targets import Target
from orchestrator_gql.types import Json, ProcessStatus
from orchestrator_gql.utils.errors import CursorInvalid, FieldError, PayloadInvalid


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants to delete; empty means any, and no days mean ``ORCHESTRATOR_RETENTION_DAYS``.

    ``after`` is the cursor at which an earlier request with the same wish ended.
    """

    days: float | None = None
    targets: Sequence[Target] = ()
    statuses: Sequence[ProcessStatus] = ()
    workflows: Sequence[str] = ()
    after: str | None = None

    @property
    def words(self) -> dict[str, Json]:
        """The wish for the audit log."""
        lists = {"targets": self.targets, "statuses": self.statuses, "workflows": self.workflows}
        named: dict[str, Json] = {name: list(values) for name, values in lists.items() if values}
        return named if self.days is None else {"older_than_days": self.days, **named}


def mark_of(wish: Wish) -> Mark | None:
    """Where the run begins; raises `PayloadInvalid` for a wrong cursor."""
    try:
        return None if wish.after is None else retention_marks.mark_of(wish.after)
    except CursorInvalid:
        wrong = "The cursor is not the endCursor of an earlier answer."
        raise PayloadInvalid(wrong, [FieldError(("after",), wrong, "cursor")]) from None


def selection_of(wish: Wish, setting: Retention | None, now: datetime) -> Selection:
    """What may go by the wish; raises `PayloadInvalid`, which names what is missing or wrong."""
    for status in wish.statuses:
        if status not in REMOVABLE:
            never = f"A process that is {status} never goes; the statuses are {', '.join(REMOVABLE)}."
            raise PayloadInvalid(never, [FieldError(("statuses",), never, "enum")])
    if wish.days is not None:
        if not 0 <= wish.days <= LONGEST:
            wrong = f"The number of days is from 0 to {LONGEST:,}."
            raise PayloadInvalid(wrong, [FieldError(("olderThanDays",), wrong, "number")])
        keys = list(map(str, wish.statuses)) or [DEFAULT]
        wanted = by_setting(Retention(dict.fromkeys(keys, wish.days)), now)
    elif setting is not None:
        wanted = by_setting(setting, now)
    else:
        missing = "Nothing says how old a process must be: give a number of days, or set ORCHESTRATOR_RETENTION_DAYS."
        raise PayloadInvalid(missing, [FieldError(("olderThanDays",), missing, "missing")])
    return _narrowed(wanted, wish)


def _narrowed(wanted: Selection, wish: Wish) -> Selection:
    rules = []
    for rule in wanted.rules:
        targets = tuple(target for target in rule.targets if not wish.targets or target in wish.targets)
        if targets and (not wish.statuses or rule.status in wish.statuses):
            rules.append(rule._replace(targets=targets))
    is_whole = not (wish.targets or wish.statuses or wish.workflows)
    sent = wanted.sent_before if is_whole else None
    return replace(wanted, rules=tuple(rules), workflows=tuple(wish.workflows) or None, sent_before=sent)


def by_setting(days: Retention, now: datetime) -> Selection:
    """What may go by ``ORCHESTRATOR_RETENTION_DAYS``."""
    by_time: dict[tuple[ProcessStatus, float], list[Target]] = {}
    for status in REMOVABLE:
        for target in Target:
            kept = days.of_process(target, status)
            if kept is not None:
                by_time.setdefault((status, kept), []).append(target)
    dead, sent = days.of_dead_notifications, days.of_sent_notifications
    return Selection(
        rules=tuple(
            Rule(status, tuple(targets), now - timedelta(days=kept)) for (status, kept), targets in by_time.items()
        ),
        dead_before=None if dead is None else now - timedelta(days=dead),
        sent_before=None if sent is None else now - timedelta(days=sent),
    )
