"""Read the hosts and URLs of settings, and write them in the one form that requests are compared with."""

import json
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal, TypeAlias
from urllib.parse import SplitResult, urlsplit

Proxy: TypeAlias = IPv4Network | IPv6Network | Literal["unix"]
"""A network of proxies; ``unix`` is a proxy that connects by a unix socket and has no address."""

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
_BRACKETS = re.compile(r"\[[^\[\]]*\](?::.*)?|[^\[\]]*")
_USUAL_PORTS = {"http": ":80", "https": ":443"}
_SCHEMES = tuple(_USUAL_PORTS)
_ADDRESS_LIKE = re.compile(r"[0-9]+")
LONGEST_NAME = 253


def canonical(host: str) -> str:
    """Return the host in its one form: lower case, no final dot, no brackets, an IPv6 address shortened (RFC 5952).

    Raises `ValueError` if it is neither a name nor an address.

    >>> canonical("Orchestrator.Example."), canonical("[0:0:0:0:0:0:0:1]"), canonical("192.0.2.7")
    ('orchestrator.example', '::1', '192.0.2.7')
    """
    if host.startswith("[") and host.endswith("]"):
        return _address(host[1:-1])
    name = host.lower().removesuffix(".")
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        raise ValueError("is neither a name nor an address")
    if _ADDRESS_LIKE.fullmatch(name.rpartition(".")[2]):  # such a name is a valid IPv4 address, or invalid
        return str(ip_address(name))
    return name


def public_url(text: str) -> str:
    """Return the URL with its host in ASCII and lower case, without final slashes; `ValueError` says what to change.

    >>> public_url("HTTPS://Orchestrator.Example/automation/")
    'https://orchestrator.example/automation'
    """
    parts = _absolute(text)
    path = parts.path.rstrip("/")
    if not _PATH.fullmatch(path):
        raise ValueError("has a path with characters that no URL holds; write them percent-encoded, such as %20")
    if {".", ".."} & set(path.split("/")):
        raise ValueError("has '.' or '..' in its path, which clients leave out; write the path that remains")
    return f"{parts.scheme}://{_authority(parts)}{path}"


def origin(text: str) -> str:
    """Return the origin of a page as browsers send it: without a final slash and the usual port.

    >>> origin("HTTPS://Portal.Example:443/")
    'https://portal.example'
    """
    if text.strip() == "*":
        raise ValueError(
            "lets the pages of all sites do what their visitors may do here; write each origin, such as "
            "https://portal.example"
        )
    parts = _absolute(text)
    if parts.path not in ("", "/"):
        raise ValueError("has a path; an origin ends with its host or port, such as https://portal.example")
    return f"{parts.scheme}://{_authority(parts)}".removesuffix(_USUAL_PORTS[parts.scheme])


def listening_host(text: str) -> str:
    """Return the address or name to listen on, without brackets.

    >>> listening_host("[::1]")
    '::1'
    """
    host = text.strip()
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if ":" in host:
        try:
            IPv6Address(host)
        except ValueError:
            raise ValueError(
                "is not an address or a name; write it without a scheme and a port (that is ORCHESTRATOR_PORT), such "
                "as 127.0.0.1, ::1 or orchestrator.example"
            ) from None
        return host
    if not host or re.search(r"[\s/@\[\]]", host):
        raise ValueError("is not an address or a name, such as 127.0.0.1, ::1 or orchestrator.example")
    return host


def allowed_host(text: str) -> str:
    """Return a name for the Host header of requests; ``*.example.com`` means all names below, ``*`` any name.

    >>> allowed_host("*.Example.com"), allowed_host("[::1]")
    ('*.example.com', '::1')
    """
    if text == "*":
        return text
    host = text.strip()
    wildcard, host = ("*.", host[2:]) if host.startswith("*.") else ("", host)
    try:
        # An IPv6 address needs no brackets here: nothing else has more than one colon.
        return wildcard + canonical(f"[{host}]" if host.count(":") > 1 and host[0] != "[" else in_ascii(host))
    except ValueError:
        raise ValueError(
            "is not a host; a host is a name or an address without scheme, port and path, such as "
            "orchestrator.example, *.example.com or 192.0.2.7"
        ) from None


def listed(value: object) -> object:
    """Return the entries of a text, a JSON list or names separated by commas or spaces; other values as they are.

    >>> listed("10.0.0.1, ::1"), listed('["10.0.0.1"]'), listed("")
    (('10.0.0.1', '::1'), ('10.0.0.1',), ())
    """
    if not isinstance(value, str):
        return value
    if not value.lstrip().startswith("["):
        return tuple(value.replace(",", " ").split())
    try:
        return tuple(json.loads(value))
    except ValueError:
        if re.match(r"\s*\[[0-9a-f:]+\]", value, re.IGNORECASE):  # an IPv6 address in brackets
            return tuple(value.replace(",", " ").split())
        raise ValueError("must be a JSON list, or names separated by commas") from None


def proxy(text: str) -> Proxy:
    """Return the network of a trusted proxy; a single address is a network of one.

    >>> proxy("10.0.0.0/8"), proxy("::ffff:192.0.2.7"), proxy("unix")
    (IPv4Network('10.0.0.0/8'), IPv4Network('192.0.2.7/32'), 'unix')
    """
    if text.strip() == "unix":
        return "unix"
    plain = text.strip().replace("[", "").replace("]", "")
    try:
        network = ip_network(plain, strict=False)
    except ValueError:
        network = None
    if network is None or "%" in plain:
        raise ValueError(
            "is not an address or a network, such as 10.0.0.7, 10.0.0.0/8 or 2001:db8::/32; write it without a name, a "
            "port and a zone. A proxy at a unix socket is 'unix'"
        )
    if network.prefixlen == 0:
        raise ValueError("contains all addresses, so every client could choose its own address; name the proxy")
    if "/" in plain and network.network_address != ip_address(plain.partition("/")[0]):
        raise ValueError(f"is not a network: write {network}, or the address alone")
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < 96:
        return network
    return proxy(f"{mapped}/{network.prefixlen - 96}")


def plain_address(text: str) -> IPv4Address | IPv6Address:
    """Return the address without a zone, an IPv4 address that is mapped into IPv6 as IPv4; `ValueError` for others.

    >>> plain_address("::ffff:192.0.2.7"), plain_address("fe80::1%eth0")
    (IPv4Address('192.0.2.7'), IPv6Address('fe80::1'))
    """
    address = ip_address(text.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address


def in_ascii(host: str) -> str:
    """Return the host as clients send it: a name with other than ASCII characters in the form of IDNA.

    >>> in_ascii("bücher.example")
    'xn--bcher-kva.example'
    """
    if host.isascii():
        return host
    from httpx import URL, InvalidURL  # imported only when needed: the import is slow

    try:
        return URL(f"http://{host.lower()}").raw_host.decode("ascii")
    except InvalidURL:
        raise ValueError("is not a name that IDNA can encode") from None


def host_of(url: str) -> str:
    """Return the host of a URL from `public_url`, in the form of `canonical`."""
    return _canonical_of(urlsplit(url))


def path_of(url: str) -> str:
    """Return the path of a URL from `public_url`, percent-encoded as it is there.

    >>> path_of("https://orchestrator.example/automation"), path_of("https://orchestrator.example")
    ('/automation', '')
    """
    return urlsplit(url).path


def bracketed(host: str) -> str:
    """Return the host as it is written in a URL: an IPv6 address in brackets, its zone as in RFC 6874."""
    return f"[{host.replace('%', '%25')}]" if ":" in host else host


def _absolute(text: str) -> SplitResult:
    """Return the parts of an absolute URL: scheme, host, and optionally a port (a valid number) and a path."""
    url = text.strip()
    if re.search(r"[\s\x00-\x1f\x7f\\]", url):  # urlsplit would remove some of them silently
        raise ValueError("holds a space, a backslash or a control character; leave it out")
    if url.partition("://")[0].lower() not in _SCHEMES or "://" not in url:
        raise ValueError("must be absolute, such as https://orchestrator.example")
    if "?" in url or "#" in url:
        raise ValueError("has a query or a fragment, but paths are put behind it; leave out all from '?' or '#' on")
    authority = url.split("/", 3)[2]
    if "@" in authority:
        raise ValueError("contains a user name, and every remote service would see it; remove everything before '@'")
    if authority.count(":") > 1 and not authority.startswith("["):
        raise ValueError("has an IPv6 address without brackets; write it as in http://[2001:db8::7]:8000")
    try:
        if not _BRACKETS.fullmatch(authority):
            raise ValueError
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("has no IPv6 address between its brackets; write it as in http://[2001:db8::7]:8000") from None
    try:
        is_port = parts.port != 0
    except ValueError:
        is_port = False
    if not is_port:
        raise ValueError("has a port that is not a number from 1 to 65535; leave it out or correct it")
    if not parts.hostname:
        raise ValueError("names no host; it looks like https://orchestrator.example")
    return parts


def _authority(parts: SplitResult) -> str:
    dot = "." if (parts.hostname or "").endswith(".") else ""  # it stops a resolver from adding its own domain
    host = bracketed(_canonical_of(parts)) + dot
    return host if parts.port is None else f"{host}:{parts.port}"


def _canonical_of(parts: SplitResult) -> str:
    host = in_ascii(parts.hostname or "")
    try:
        return canonical(f"[{host}]" if "[" in parts.netloc else host)
    except ValueError:
        raise ValueError("has a host that is neither a name nor an address") from None


def _address(text: str) -> str:
    address = IPv6Address(text)
    if address.scope_id is not None:  # a zone has a meaning on one machine only, and clients do not send it
        raise ValueError("has a zone")
    return str(address)
