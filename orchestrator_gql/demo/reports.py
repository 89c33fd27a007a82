"""Send the progress and the result of a job to its caller, each with one POST of JSON."""

import logging
from collections.abc import Mapping, Sequence
from threading import Event
from typing import Any, Self

import httpx

RESULT_TIMEOUT = 10.0
"""Seconds in which a receiver must accept a result."""

PROGRESS_TIMEOUT = 2.0
"""Seconds for a report of progress: a receiver that hangs must not delay the run for long."""

RETRY_DELAYS = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each further try to send a result: long enough for the restart of a receiver."""

_NO_RECEIVER = (httpx.NetworkError, httpx.ConnectTimeout, httpx.RemoteProtocolError)

logger = logging.getLogger(__name__)


class Reports:
    """Sends reports from any thread; `close` ends its connections and its waiting."""

    def __init__(self, *, retry_delays: Sequence[float] = RETRY_DELAYS) -> None:
        self._retry_delays = tuple(retry_delays)
        self._closing = Event()
        # No web proxy of the environment: the receivers are near. No connection is kept open: a report would be lost
        # if the receiver closed the connection at the moment of its next use.
        self._client = httpx.Client(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def stop_retrying(self) -> None:
        """From now on try each result once, end the waits before further tries, and send no progress."""
        self._closing.set()

    def close(self) -> None:
        """Stop retrying and close all connections."""
        self.stop_retrying()
        self._client.close()

    def progress(self, url: str, lines: Sequence[str]) -> None:
        """Send lines of output; an error does not stop the run. At the end no receiver may delay the run any more."""
        if self._closing.is_set():
            return
        try:
            self._client.post(url, json={"progress": list(lines)}, timeout=PROGRESS_TIMEOUT)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            logger.info("A report of progress was not taken", extra={"error": type(error).__name__})

    def result(self, url: str, body: Mapping[str, Any]) -> bool:
        """Send a result and return whether the receiver accepted it.

        It is sent again only if no receiver was there: no connection, or status 503. The receiver may then get the
        result twice; the orchestrator recognises a repeated result by its body.
        """
        status = self._status(url, body)
        for delay in self._retry_delays:
            if status != httpx.codes.SERVICE_UNAVAILABLE or self._closing.wait(delay):
                break
            status = self._status(url, body)
        if status >= httpx.codes.BAD_REQUEST:
            logger.error("A result was not taken", extra={"status": int(status)})
        return status < httpx.codes.BAD_REQUEST

    def _status(self, url: str, body: Mapping[str, Any]) -> int:
        """The status of the response: 503 also stands for no receiver, 504 for no valid response in time."""
        try:
            return self._client.post(url, json=dict(body), timeout=RESULT_TIMEOUT).status_code
        except _NO_RECEIVER:
            return httpx.codes.SERVICE_UNAVAILABLE
        except (httpx.HTTPError, httpx.InvalidURL):
            return httpx.codes.GATEWAY_TIMEOUT
