"""Receive the notifications of the server, verify their signature, and print them: your chat would stand here."""

import base64
import hashlib
import hmac
import json
import os
import time
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = base64.b64decode(os.environ["WEBHOOK_KEY"].removeprefix("whsec_"))


class Receiver(BaseHTTPRequestHandler):
    """Answer 204 to a notification of ours, and 401 to everything else."""

    def do_POST(self) -> None:
        """Print the notification."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        is_ours = is_signed(self.headers, body)
        if is_ours:
            event = json.loads(body)
            print("notified:", event["type"], event["data"].get("title"), event["data"].get("assignee"), flush=True)
        self.send_response(204 if is_ours else 401)
        self.end_headers()


def is_signed(headers: Message, body: bytes) -> bool:
    """True if the signature is right and not older than five minutes."""
    id, at, signatures = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not at.isdecimal() or abs(time.time() - int(at)) > 300:
        return False
    right = b"v1," + base64.b64encode(hmac.digest(KEY, f"{id}.{at}.".encode() + body, hashlib.sha256))
    return any(hmac.compare_digest(signature.encode(), right) for signature in signatures.split())


ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8001"))), Receiver).serve_forever()
