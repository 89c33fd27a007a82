"""The deployment's settings, read once from the environment, frozen and handed down."""

import re
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as NotReadable
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from orchestrator_gql.config import addresses
from orchestrator_gql.config.notifications import Smtp, Webhook
from orchestrator_gql.config.principals import ROLES, ApiToken, Team
from orchestrator_gql.config.services import Service
from orchestrator_gql.types import Permission
from orchestrator_gql.utils.errors import SettingsError

Megabytes = 1024 * 1024
PREFIX = "ORCHESTRATOR_"
SECRETS = (
    "*password*", "*passwd*", "*passphrase*", "*passcode*", "pass", "*_pass", "sshpass", "dbpass", "pwd", "*_pwd",
    "*secret*", "*private_key*", "*privatekey*", "*api_key*", "*apikey*", "*access_key*", "*accesskey*",
    "*account_key*", "*encryption_key*", "*signing_key*", "*auth_key*", "*authkey*", "*authentication_key*",
    "*shared_key*", "*sharedkey*", "*presharedkey*", "key_string", "psk", "*_psk", "*snmp*community*",
    "*community_string*", "ro_community", "rw_community", "token", "*_token", "*authtoken*", "*accesstoken*", "jwt",
    "*_jwt", "authorization", "authorization_header", "community_r?", "sessionid", "jsessionid", "phpsessid",
    "*amz_signature", "*_authorization", "cookie", "set_cookie", "*_cookie", "*credential*password*", "phash",
)  # fmt: skip


class Settings(BaseSettings):
    """Every setting, its default and its meaning. In the environment each is spelled ``ORCHESTRATOR_…``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: str = Field(
        "sqlite+aiosqlite:///orchestrator.db",
        description="Where everything is kept: `sqlite+aiosqlite:///FILE` or `postgresql+psycopg://…`.",
    )
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8000, description="The port to listen on; 0 takes a free one.")
    public_url: str | None = Field(
        None,
        description="The base of callback URLs, as remote services reach this server: scheme, host and, where a proxy "
        "takes it off again, a path. Default: host and port.",
    )
    callback_timeout: Annotated[float, Field(gt=0, le=3_153_600_000)] = Field(
        86400.0, description="Seconds a callback is waited for where its step names no timeout."
    )
    max_callback_bytes: Annotated[int, Field(ge=1024)] = Field(
        10 * Megabytes, description="The largest body of a callback, in bytes."
    )
    max_answer_bytes: Annotated[int, Field(ge=64 * 1024)] = Field(
        16 * Megabytes,
        description="The most that one answer of GraphQL, or one batch of a subscription, may weigh, in bytes; see "
        "[limits](limits.md).",
    )
    max_step_bytes: Annotated[int, Field(ge=1024)] = Field(
        Megabytes, description="The most that one step may change in the state, in bytes of JSON."
    )
    step_threads: Annotated[int, Field(ge=1, le=512)] = Field(
        32, description="Threads that run sync steps; an async step needs none."
    )
    concurrency: Annotated[int, Field(ge=1, le=10_000)] = Field(
        200, description="Processes that one worker advances at the same time."
    )
    role: Literal["all", "api", "worker"] = Field(
        "all", description="What this server does: answer requests (`api`), run steps (`worker`), or both (`all`)."
    )
    dispatcher: Literal["embedded", "distributed"] | None = Field(
        None,
        description="How workers are told that a process can go on: within this server (`embedded`), or by a queue in "
        "PostgreSQL that all servers share (`distributed`). Default: `distributed` on PostgreSQL.",
    )
    lease: Annotated[float, Field(gt=0, le=86400)] = Field(
        30.0, description="Seconds after which the work of a silent worker is given to another."
    )
    heartbeat: Annotated[float, Field(gt=0)] = Field(
        5.0, description="Seconds between two renewals of the leases; at most half a lease."
    )
    grace: Annotated[float, Field(ge=0)] = Field(
        30.0, description="Seconds that running steps are given to finish at SIGTERM."
    )
    misses_per_minute: Annotated[int, Field(ge=1)] = Field(
        60, description="Wrong callback URLs that one peer may try in a minute before it is answered 429."
    )
    max_waiting_bytes: Annotated[int, Field(ge=Megabytes)] = Field(
        64 * Megabytes,
        description="How many bytes may wait for clients that read slowly, in all, and half of them for one client. If "
        "more wait, the slowest clients are disconnected.",
    )
    slow_reader_timeout: Annotated[float, Field(gt=0, le=3600)] = Field(
        30.0, description="Seconds after which a client that takes nothing of what waits for it is disconnected."
    )
    is_development: bool | None = Field(
        None, description="Offer GraphiQL and introspection. Default: on where the server listens on loopback only."
    )
    allowed_origins: tuple[str, ...] = Field(
        (), description="Origins of other pages that may open a socket here, beside the server's own."
    )
    allowed_hosts: tuple[str, ...] = Field(
        (),
        description="Names that the Host header may carry beside the public URL's and loopback; `*.example.com` is any "
        "name below. Callbacks and receipts are taken whatever it says.",
    )
    services: dict[str, Service] = Field(
        {},
        description="Remote services by name, as JSON: what each must show before its callbacks are taken; see "
        "[how to sign callbacks](../howto/sign-callbacks.md).",
    )
    teams: tuple[Team, ...] = Field(
        (), description="The teams that answer forms, as JSON; see [how to decide](../howto/decide.md)."
    )
    roles: dict[str, frozenset[Permission]] = Field(
        {},
        description="Roles and what they allow, as JSON, beside `viewer`, `operator`, `auditor` and `admin`; one of "
        "those names replaces it.",
    )
    api_tokens: tuple[ApiToken, ...] = Field(
        (),
        description="Tokens by which machines and people sign in, as JSON. Where there are any, nobody without one may "
        "do more than answer callbacks, and the server may listen on any address.",
    )
    webhooks: dict[str, Webhook] = Field(
        {},
        description="Who is told by HTTP of open forms and failed processes, by name, as JSON; see "
        "[how to be told](../howto/be-told.md).",
    )
    smtp: Smtp | None = Field(
        None,
        description="The mail server, as JSON: teams with an address are mailed what is asked of them; see "
        "[how to be told](../howto/be-told.md).",
    )
    audit_key: SecretStr | None = Field(
        None,
        min_length=16,
        description="A secret with which the audit log is chained, so that nobody without it can forge an entry. Set "
        "it before the first start, and keep it: entries of another key, or of none, count as forged.",
    )
    redact: tuple[str, ...] = Field(
        SECRETS,
        description="Keys of which nobody is shown the value, in results, states and forms: patterns such as "
        "`*password*`, as a JSON list. `access_token` stands for `accessToken` and `X-Access-Token` too. In texts, "
        "lines of devices and options of commands that hold such a value are found as well. What contracts mark as "
        "secret is added.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="The least severe log line.")
    dashboard: Path | None = Field(None, description="The folder of the built dashboard. Default: the packaged one.")

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value.startswith(("sqlite+aiosqlite:", "postgresql+psycopg:")):
            shown = value.partition(":")[0]
            raise ValueError(f"starts with {shown!r}; it must start with 'sqlite+aiosqlite:' or 'postgresql+psycopg:'")
        try:
            is_whole = bool(make_url(value).database) and "://" in value
        except (ArgumentError, ValueError):
            is_whole = False
        if not is_whole:
            raise ValueError(
                "is no whole URL; it looks like sqlite+aiosqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME"
            )
        return value

    @field_validator("public_url")
    @classmethod
    def _absolute(cls, value: str | None) -> str | None:
        return None if value is None else addresses.public_url(value)

    @field_validator("host")
    @classmethod
    def _listens(cls, value: str) -> str:
        return addresses.listening_host(value)

    @field_validator("allowed_hosts")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _each(addresses.allowed_host, value)

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _each(addresses.origin, value)

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        _demand_people(self)
        if self.heartbeat * 2 > self.lease:
            raise ValueError(
                "ORCHESTRATOR_HEARTBEAT: must be at most half of ORCHESTRATOR_LEASE, or leases run out between two "
                "renewals and steps run twice"
            )
        if self.is_sqlite and self.is_distributed:
            raise ValueError(
                "ORCHESTRATOR_DISPATCHER: 'distributed' needs PostgreSQL; name one in ORCHESTRATOR_DATABASE_URL"
            )
        if self.role == "worker" and self.public_url is None:
            raise ValueError("ORCHESTRATOR_PUBLIC_URL: a worker must be told where the API servers take callbacks")
        if self.role != "all" and not self.is_distributed:
            raise ValueError(
                f"ORCHESTRATOR_ROLE: {self.role!r} needs servers that share the work: PostgreSQL with the distributed "
                "dispatcher. With SQLite, or with the embedded one, a server does 'all'"
            )
        return self

    @property
    def permissions_of(self) -> dict[str, frozenset[Permission]]:
        """What each role allows."""
        return {**ROLES, **self.roles}

    @property
    def audit_secret(self) -> bytes | None:
        """The key of the audit log as digests take it."""
        return self.audit_key.get_secret_value().encode() if self.audit_key else None

    @property
    def has_sign_in(self) -> bool:
        """True where people must say who they are."""
        return bool(self.api_tokens)

    @property
    def closed_teams(self) -> frozenset[str]:
        """The keys of the teams that have members: nobody else answers for them."""
        named = {key for token in self.api_tokens for key in token.teams}
        return frozenset(team.key for team in self.teams if team.users or team.groups) | named

    def called(self, key: str) -> str:
        """What people call the team of that key."""
        return next((team.called for team in self.teams if team.key == key), key)

    @property
    def is_sqlite(self) -> bool:
        """True where the database is one SQLite file."""
        return self.database_url.startswith("sqlite")

    @property
    def is_distributed(self) -> bool:
        """True where the doorbell is a queue in PostgreSQL."""
        return self.dispatcher == "distributed" if self.dispatcher else not self.is_sqlite

    @property
    def base_url(self) -> str:
        """The base of callback URLs, without a slash at its end."""
        return self.public_url or f"http://{addresses.bracketed(self.host)}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """True where only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def offers_development(self) -> bool:
        """True where GraphiQL and introspection are offered."""
        return self.is_loopback if self.is_development is None else self.is_development


def read_settings(**overrides: object) -> Settings:
    """The settings of the environment, under the overrides that are not None; `SettingsError` names each wrong one."""
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as wrong:
        lines = (f"{_named(e['loc'])}{_without_prefix(e['msg'])}" for e in wrong.errors())
        raise SettingsError("These settings cannot work:\n  " + "\n  ".join(lines)) from None
    except NotReadable as wrong:  # what it quotes may be a secret
        name = re.search(r'field "(\w+)"', str(wrong))
        named = f"{PREFIX}{name[1].upper()}" if name else "One of them"
        raise SettingsError(f"These settings cannot work:\n  {named}: must be JSON.") from None


def _each(read: Callable[[str], str], values: tuple[str, ...]) -> tuple[str, ...]:
    """The values as they are read; a wrong one is named by its place, for it may hold a secret."""
    written = []
    for place, value in enumerate(values, start=1):
        try:
            written.append(read(value))
        except ValueError as wrong:
            raise ValueError(f"entry {place} {wrong}") from None
    return tuple(written)


def _demand_people(settings: Settings) -> None:
    """Raise where a role is named that there is not, or two go by one name."""
    roles = settings.permissions_of
    for token in settings.api_tokens:
        for role in token.roles:
            if role not in roles:
                raise ValueError(
                    f"ORCHESTRATOR_API_TOKENS: {token.name!r} has the role {role!r}, which there is not; there are "
                    f"{', '.join(sorted(roles))}"
                )
    keys = [team.key for team in settings.teams]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise ValueError(f"ORCHESTRATOR_TEAMS: there are two teams {twice!r}")
    digests = [token.sha256 for token in settings.api_tokens]
    if len(set(digests)) < len(digests):
        raise ValueError("ORCHESTRATOR_API_TOKENS: one token is there twice")


def _named(place: tuple[int | str, ...]) -> str:
    """The variable that is wrong, and where in it; nothing where several are at odds, which the message names."""
    if not place:
        return ""
    inner = ".".join(map(str, place[1:]))
    return f"{PREFIX}{str(place[0]).upper()}: " + (f"{inner}: " if inner else "")


def _without_prefix(message: str) -> str:
    return message.removeprefix("Value error, ")
