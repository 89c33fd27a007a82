"""What the proxy tells the caller of a job: its progress, then its result, each by one POST of JSON."""

import logging
from collections.abc import Mapping, Sequence
from threading import Event
from typing import Any, Self

import httpx

RESULT_TIMEOUT = 10.0
"""Seconds that a receiver has to take a result."""

PROGRESS_TIMEOUT = 2.0
"""Seconds for a line of progress: a receiver that hangs must not hold the run back for long."""

RETRY_DELAYS = (1.0, 2.0, 4.0, 8.0)
"""Seconds of rest before each further try with a result: long enough for a receiver to be restarted."""

_NOBODY_THERE = (httpx.NetworkError, httpx.ConnectTimeout, httpx.RemoteProtocolError)

logger = logging.getLogger(__name__)


class Reports:
    """Sends reports from any thread; close it to end its connections and its waiting."""

    def __init__(self, *, retry_delays: Sequence[float] = RETRY_DELAYS) -> None:
        self._retry_delays = tuple(retry_delays)
        self._closing = Event()
        # No web proxy of the environment: the receivers are near. No connection is kept: one that the receiver closes
        # at the moment of its next use would cost a report.
        self._client = httpx.Client(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def stop_retrying(self) -> None:
        """From now on give each result one try, and wake those that rest before their next."""
        self._closing.set()

    def close(self) -> None:
        """Stop retrying and close all connections."""
        self.stop_retrying()
        self._client.close()

    def progress(self, url: str, lines: Sequence[str]) -> None:
        """Send lines of output; whatever comes of it, the run goes on."""
        try:
            self._client.post(url, json={"progress": list(lines)}, timeout=PROGRESS_TIMEOUT)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            logger.info("A report of progress was not taken", extra={"error": type(error).__name__})

    def result(self, url: str, body: Mapping[str, Any]) -> bool:
        """Send a result and say whether it was taken.

        It is sent again only where nobody was there to refuse it: no connection, or a 503. The receiver may then get
        it twice, which a one-time URL tells apart by the body.
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
        """The status that was answered: 503 stands for nobody there, 504 for no good answer in time."""
        try:
            return self._client.post(url, json=dict(body), timeout=RESULT_TIMEOUT).status_code
        except _NOBODY_THERE:
            return httpx.codes.SERVICE_UNAVAILABLE
        except (httpx.HTTPError, httpx.InvalidURL):
            return httpx.codes.GATEWAY_TIMEOUT
