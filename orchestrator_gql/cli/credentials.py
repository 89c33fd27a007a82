"""The server that a command calls, and the token with which it signs in."""

import os
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from orchestrator_gql.cli.catalog import LOCAL_SERVER
from orchestrator_gql.utils.errors import SettingsError

SERVER = "ORCHESTRATOR_URL"
TOKEN = "ORCHESTRATOR_TOKEN"  # noqa: S105 - the name of a variable
TOKEN_FILE = "ORCHESTRATOR_TOKEN_FILE"  # noqa: S105
LONGEST_TOKEN = 64 * 1024


def server_of(url: str | None) -> str:
    """The server: the option, or else ORCHESTRATOR_URL, or else the server on this machine."""
    return (url if url is not None else os.environ.get(SERVER, "")).strip() or LOCAL_SERVER


def base_of(url: str) -> str:
    """The server's base URL without a slash at its end; raises `SettingsError` if ``url`` is no http(s) URL."""
    try:
        parts = urlsplit(url)
        is_name = bool(parts.hostname) and " " not in url and url.isprintable()
        is_valid = parts.scheme in ("http", "https") and is_name and parts.port != 0
        (parts.hostname or "").encode("idna")  # the lookup of a name would raise this error
    except ValueError:  # an incomplete IPv6 address, a port that is no number, or a name with an empty or a long part
        is_valid = False
    if not is_valid:
        text = f"{shown(url)!r} is not the address of a server: an address looks like http://127.0.0.1:8000"
        scheme = f"; did you mean http://{shown(url)}?" if _lacks_scheme(url) else "."
        raise SettingsError(text + scheme)
    path = parts.path.rstrip("/").removesuffix("/graphql")  # people copy the address of the API
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def shown(url: str) -> str:
    """The URL as a message may show it: without a user, a password and a query.

    >>> shown("https://ada:secret@orchestrator.example/path?token=secret")
    'https://orchestrator.example/path'
    """
    scheme, separator, rest = url.rpartition("://")
    authority, slash, path = rest.partition("/")
    path = path.partition("?")[0].partition("#")[0]
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"


def _lacks_scheme(url: str) -> bool:
    try:
        parts = urlsplit(f"http://{shown(url)}")
        return "://" not in url and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def token() -> str:
    """The token of ORCHESTRATOR_TOKEN, or else of the file ORCHESTRATOR_TOKEN_FILE; empty if neither is set."""
    name, text = TOKEN, os.environ.get(TOKEN, "").strip()
    file = os.environ.get(TOKEN_FILE, "").strip()
    if not text and file:
        name, text = TOKEN_FILE, _read(Path(file))
    if not (text.isascii() and text.isprintable()):  # the HTTP client would refuse the token, and quote it
        raise SettingsError(f"{name} is not one line of plain ASCII, so it cannot be a token.")
    return text


def source() -> str | None:
    """The variable that gives the token; None if none does."""
    return next((name for name in (TOKEN, TOKEN_FILE) if os.environ.get(name, "").strip()), None)


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(LONGEST_TOKEN).decode("ascii").strip()
    except OSError as error:
        raise SettingsError(f"{str(file)!r} of {TOKEN_FILE} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{TOKEN_FILE} is not one line of plain ASCII, so it cannot be a token.") from None
