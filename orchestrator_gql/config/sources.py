"""Read the values of the settings: the environment, and a TOML file below it, with every misspelt name."""

import os
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from orchestrator_gql.utils.errors import SettingsError

PREFIX = "ORCHESTRATOR_"
FILE = "settings_file"
PAGE = "docs/reference/settings.md"

OTHER_VARIABLES: Mapping[str, str] = {
    "ORCHESTRATOR_URL": "The server that the commands of operators call; `--url` overrides it.",
    "ORCHESTRATOR_TOKEN": "The token with which these commands sign in.",
    "ORCHESTRATOR_TOKEN_FILE": "The file with this token, if ORCHESTRATOR_TOKEN is not set.",
    "ORCHESTRATOR_SERVER": "The server behind the dashboard's development server (`npm run dev`).",
    "ORCHESTRATOR_FAILPOINT": "Where the tests of crashes kill the server.",
    "ORCHESTRATOR_FAILPOINT_LOG": "The file in which these tests count.",
}
"""The variables with our prefix that are not settings of a server."""

TESTS = "ORCHESTRATOR_TEST_"
"""The beginning of the variables of our tests."""

_PORT = r"PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?"
_OF_KUBERNETES = re.compile(rf"{PREFIX}(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|{_PORT})")
"""Kubernetes sets such variables in all pods beside a Service named ``orchestrator`` or ``orchestrator-…``."""
_ADDRESS_OF_KUBERNETES = re.compile(r"(?:tcp|udp|sctp)://")


class EnvironmentAndFile(PydanticBaseSettingsSource):
    """The variables of the environment; below them, the TOML file that ``ORCHESTRATOR_SETTINGS_FILE`` names.

    A variable replaces the whole value of the file. An unknown variable is a value, too, so that its name is refused
    like an unknown name in the file.
    """

    def __init__(self, settings_cls: type[BaseSettings], environment: PydanticBaseSettingsSource) -> None:
        super().__init__(settings_cls)
        self._environment = environment

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return nothing: the values are read together."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the values by name."""
        values = self._environment()
        if _ADDRESS_OF_KUBERNETES.match(str(values.get("port", ""))):  # of a Service named `orchestrator`
            del values["port"]
        path = self.current_state.get(FILE) or values.get(FILE)
        unknown = unknown_variables(os.environ, self.settings_cls.model_fields)
        return {**(read_file(Path(path)) if path else {}), **values, **dict.fromkeys(unknown)}


def read_file(path: Path) -> dict[str, Any]:
    """Return the values of the TOML file; raises `SettingsError`, which quotes nothing of the file."""
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        reason = error.strerror or "it cannot be read"
    except UnicodeDecodeError:
        reason = "it is not UTF-8"
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at [^()]*\)$", str(error))  # the rest may quote a secret
        reason = f"it is not TOML {place[0]}" if place else "it is not TOML"
    else:
        if FILE not in values:
            return values
        reason = f"it names another file in {FILE!r}, which would not be read"
    raise SettingsError(f"{PREFIX}{FILE.upper()}: {str(path)!r} cannot be used: {reason}.")


def unknown_variables(environment: Mapping[str, str], fields: Collection[str]) -> list[str]:
    """Return the names, without the prefix, of the variables that begin like settings and are not settings."""
    return [
        name[len(PREFIX) :].lower()
        for name, value in environment.items()
        if name.upper().startswith(PREFIX) and not _is_known(name.upper(), value, fields)
    ]


def _is_known(name: str, value: str, fields: Collection[str]) -> bool:
    if name[len(PREFIX) :].lower() in fields or name in OTHER_VARIABLES or name.startswith(TESTS):
        return True
    is_address = name.endswith("_PORT") and _ADDRESS_OF_KUBERNETES.match(value) is not None
    return is_address or _OF_KUBERNETES.fullmatch(name) is not None


def misspelt(settings_cls: type[BaseModel], place: tuple[int | str, ...]) -> str:
    """Return the sentence for a name that does not exist: a setting, or a key inside a setting."""
    name, fields = str(place[-1]), settings_cls.model_fields
    if len(place) == 1:
        if name != name.lower() and name.lower() in fields:  # only in a file: the environment takes any case
            return f"in the file it is written in lower case: {name.lower()!r} instead of {name!r}"
        plain = name.lower().removeprefix(PREFIX.lower())
        near = nearest(plain, [PREFIX + field.upper() for field in fields]) or nearest(plain, OTHER_VARIABLES)
        return f"is not a setting; the nearest name is {near}" if near else f"is not a setting; see {PAGE}"
    model = _model_in(fields[str(place[0])].annotation) if place[0] in fields else None
    keys = sorted(model.model_fields) if model else []
    near = nearest(name, keys)
    return f"unknown key; the nearest is {near!r}" if near else f"unknown key; the keys are {', '.join(keys)}"


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the name that resembles ``name`` most; None if none does.

    It may resemble it little: an unknown setting ends the start, so people look at the name before they take it. The
    command line suggests near names only, see `near_names`.

    >>> nearest("DB_URL", ["DATABASE_URL", "PUBLIC_URL"])
    'DATABASE_URL'
    >>> nearest("signatureKey", ["signature_keys", "addresses"])
    'signature_keys'
    """
    plain = {_plain(known): known for known in names}
    found = get_close_matches(_plain(name), plain, n=1)
    return plain[found[0]] if found else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.upper().removeprefix(PREFIX).lower())


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model whose values a setting holds, alone, in a list or by name."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for inner in get_args(annotation) if (model := _model_in(inner))), None)
