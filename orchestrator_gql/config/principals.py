"""The settings of teams, roles and API tokens."""

import re
from collections.abc import Collection, Mapping, Sequence

from pydantic import AwareDatetime, BaseModel, ConfigDict, EmailStr, Field, field_validator

from orchestrator_gql.types import Permission

ROLES: Mapping[str, frozenset[Permission]] = {
    "viewer": frozenset({Permission.READ}),
    "operator": frozenset(
        {
            Permission.READ,
            Permission.START_WORKFLOW,
            Permission.SUBMIT_FORM,
            Permission.RETRY,
            Permission.ABORT,
            Permission.RECOVER_CALLBACK,
            Permission.SET_IN_SYNC,
            Permission.EDIT_NOTE,
        }
    ),
    "auditor": frozenset({Permission.READ, Permission.READ_AUDIT}),
    "admin": frozenset(Permission),
}
"""The roles that exist without any configuration."""


RESERVED = frozenset({"engine", "local", "anonymous"})
"""The ids of actors without a token: the engine, the user of a server without sign-in, and who has not signed in."""


class Team(BaseModel):
    """A team that answers forms. If it has no users, groups and tokens, everybody who may submit forms can answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(description="The key in workflows: `Assignee(KEY)`.", min_length=1, max_length=100)
    name: str | None = Field(None, description="The name for people. Default: the key.")
    users: tuple[str, ...] = Field((), description="The ids of its members.")
    groups: tuple[str, ...] = Field((), description="Sign-in groups whose members belong to the team.")
    email: EmailStr | None = Field(None, description="The address for mails about forms that wait for the team.")

    @property
    def called(self) -> str:
        """The name for people."""
        return self.name or self.key


class ApiToken(BaseModel):
    """A token with which a machine, or a person at a terminal, signs in: `Authorization: Bearer TOKEN`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = Field(
        description="The id of its owner in decisions and in the audit log.", min_length=1, max_length=200
    )
    sha256: str = Field(description="The SHA-256 of the token, in hex: `printf %s TOKEN | sha256sum`.")
    roles: tuple[str, ...] = Field((), description="The names of its roles.")
    teams: tuple[str, ...] = Field((), description="The keys of its teams.")
    email: EmailStr | None = Field(None, description="The mail address of its owner.")
    expires_at: AwareDatetime | None = Field(
        None, description="The time, with its offset, from which it is refused; none: never."
    )

    @field_validator("sha256")
    @classmethod
    def _digest(cls, value: str) -> str:
        if not re.fullmatch("[0-9a-fA-F]{64}", value):
            raise ValueError("is not a SHA-256: give 64 hex digits, as `printf %s TOKEN | sha256sum` prints them")
        return value.lower()


def check_principals(tokens: Sequence[ApiToken], teams: Sequence[Team], roles: Collection[str]) -> None:
    """Raise `ValueError` for an unknown role, a reserved name, and for two teams or tokens that are the same."""
    for token in tokens:
        if token.name in RESERVED:
            raise ValueError(
                f"ORCHESTRATOR_API_TOKENS: the name {token.name!r} is reserved, or the audit log could not tell "
                "who acted; give the token the name of its owner"
            )
        for role in token.roles:
            if role not in roles:
                raise ValueError(
                    f"ORCHESTRATOR_API_TOKENS: {token.name!r} has the role {role!r}, which there is not; there are "
                    f"{', '.join(sorted(roles))}"
                )
    keys = [team.key for team in teams]
    if repeated := next((key for key in keys if keys.count(key) > 1), None):
        raise ValueError(f"ORCHESTRATOR_TEAMS: there are two teams {repeated!r}")
    if len({token.sha256 for token in tokens}) < len(tokens):
        raise ValueError("ORCHESTRATOR_API_TOKENS: one token is there twice")
