"""The certificates that a command trusts, and what it says about a server without one of them."""

import os
import ssl

UNKNOWN_AUTHORITY = frozenset({18, 19, 20, 21})
"""The codes of OpenSSL for a certificate, or a chain, whose authority is not among the trusted ones."""

OF_TIME = frozenset({9, 10})
"""The codes for a certificate that is not valid yet, or not any more."""

OF_NAME = frozenset({62, 64})
"""The codes for a certificate of another name or address."""


def trusted(base: str) -> ssl.SSLContext | bool:
    """What clients of this base URL verify; False without TLS, as reading certificates takes longer than a request.

    The certificates are those of the machine, or of SSL_CERT_FILE and SSL_CERT_DIR, as for `tail` and webhooks. The
    list of the package certifi has no authority of a company, so it counts only on a machine without any list.
    """
    if not base.startswith("https:"):
        return False
    paths = ssl.get_default_verify_paths()
    context = ssl.create_default_context()
    if paths.cafile or paths.capath or context.cert_store_stats()["x509_ca"]:
        return context
    import httpx  # of all commands that use this module, `tail` does without it

    return httpx.create_ssl_context(trust_env=False)


def distrust(error: BaseException) -> str | None:
    """Why the certificate of the server was refused, with the fix; None if the error has another reason."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return None
    why = f"its certificate is refused ({cause.verify_message.rstrip('.')})"
    if cause.verify_code in OF_TIME:
        return f"{why}; renew it at the server, unless the clock of this machine is wrong"
    if cause.verify_code in OF_NAME:
        return f"{why}; use a name that is in the certificate"
    if cause.verify_code not in UNKNOWN_AUTHORITY:
        return why
    if file := _useless_file():
        return f"{why}; SSL_CERT_FILE names {file!r}, which holds no certificate that can be read"
    return f"{why}; if an authority of your own issued it, name the file of its certificate in SSL_CERT_FILE"


def _useless_file() -> str | None:
    """The file of SSL_CERT_FILE if nothing can be read from it: OpenSSL ignores such a file silently."""
    file = os.environ.get("SSL_CERT_FILE", "")
    if not file:
        return None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except OSError:
        return file
    return None
