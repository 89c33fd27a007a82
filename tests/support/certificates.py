"""Certificates that nobody has issued, for servers of tests that speak TLS."""

import subprocess
from pathlib import Path


def write_certificate(folder: Path, name: str, *, days: int = 2) -> Path:
    """Write a certificate of this DNS name, with its key in the same file; the file."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-out",
        str(certificate),
        "-keyout",
        str(key),
    ]
    names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-days", str(days)]
    subprocess.run([*command, *names], check=True, capture_output=True)
    certificate.write_text(certificate.read_text() + key.read_text())
    return certificate
