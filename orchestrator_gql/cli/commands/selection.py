"""The options that select processes, which `processes`, `retry` and `abort` have."""

from dataclasses import dataclass, fields
from typing import Annotated, Literal

from cyclopts import Parameter

from orchestrator_gql.cli.commands import completers
from orchestrator_gql.cli.commands.parameters import Targets, Workflows, read_choices, read_moment, several

ProcessStatus = Literal[
    "CREATED", "RUNNING", "AWAITING_CALLBACK", "SUSPENDED", "WAITING", "FAILED", "COMPLETED", "ABORTED"
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """What a process must meet; what is empty selects every process."""

    status: Annotated[
        tuple[ProcessStatus, ...],
        several("--status", "STATUS", "only with these statuses", converter=read_choices),
    ] = ()
    workflow: Workflows = ()
    search: Annotated[
        str | None,
        Parameter(name="--search", metavar="TEXT", help="only with this text in subject, workflow, note or id"),
    ] = None
    since: Annotated[
        str | None,
        Parameter(name="--since", metavar="WHEN", converter=read_moment, help="started since then: 2h or 2026-03-02"),
    ] = None
    until: Annotated[
        str | None,
        Parameter(name="--until", metavar="WHEN", converter=read_moment, help="started before then: 2h or 2026-03-02"),
    ] = None
    changed_since: Annotated[
        str | None,
        Parameter(name="--changed-since", metavar="WHEN", converter=read_moment, help="changed since then: 10m or 7d"),
    ] = None
    mine: Annotated[bool, Parameter(name="--mine", help="only those that you started")] = False
    team: Annotated[
        tuple[str, ...],
        several("--team", "NAME", "only if they wait for these teams: key or name", completer=completers.teams),
    ] = ()
    product: Annotated[
        tuple[str, ...],
        several("--product", "NAME", "only on subscriptions to these products", completer=completers.products),
    ] = ()
    subscription: Annotated[
        str | None,
        Parameter(name="--subscription", metavar="ID", help="only on this product subscription: its whole id"),
    ] = None
    failure: Annotated[
        tuple[str, ...], several("--failure", "CODE", "only if they failed with these codes, such as step-raised")
    ] = ()
    target: Targets = ()

    @property
    def is_empty(self) -> bool:
        """Whether it selects every process."""
        return not any(getattr(self, field.name) for field in fields(self))


EVERY = Selection()
