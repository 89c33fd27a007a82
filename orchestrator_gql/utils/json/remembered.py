"""A cache of texts that are expensive to make, by the digest of their source text."""

import hashlib
import sys
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

KEPT = 32 * 1024 * 1024
"""The size of the cache, in bytes."""

_ENTRY = 200
"""Bytes that an entry takes besides its text."""


class RememberedTexts:
    """The texts that were used last, up to ``limit`` bytes; they are kept in memory only and never stored.

    >>> shout = RememberedTexts(1000)
    >>> shout.made("", "quiet", str.upper), len(shout)
    ('QUIET', 1)
    """

    def __init__(self, limit: int = KEPT) -> None:
        self._limit = limit
        self._texts: OrderedDict[bytes, str | None] = OrderedDict()
        self._lock = Lock()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._texts)

    def made(self, kind: str, text: str, make: Callable[[str], str]) -> str:
        """Return ``make(text)``, remembered for this kind; the same object if ``make`` does not change the text."""
        digest = hashlib.sha256(kind.encode() + b"\0" + text.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            if digest in self._texts:
                self._texts.move_to_end(digest)
                known = self._texts[digest]
                return text if known is None else known
        result = make(text)
        self._keep(digest, None if result is text else result)
        return result

    def _keep(self, digest: bytes, text: str | None) -> None:
        size = _size(text)
        with self._lock:
            if digest in self._texts or size > self._limit:
                return
            self._texts[digest] = text
            self.bytes += size
            while self.bytes > self._limit:
                self.bytes -= _size(self._texts.popitem(last=False)[1])


def _size(text: str | None) -> int:
    return _ENTRY + (sys.getsizeof(text) if text is not None else 0)
