"""The pages that the engine has just drawn, for the operator to whom they are pushed at once."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from orchestrator_gql.forms.shown import Page

SECONDS = 2.0
"""A page is kept for so long: a form may show data that changes, and later readers must see the current data."""

MOST = 64
LARGEST = 64 * 1024
"""At most `MOST` pages are kept, each of at most `LARGEST` bytes."""


@dataclass(slots=True)
class KeptPages:
    """The first pages of forms that were opened a moment ago, by process and step execution.

    The engine draws the page to find the errors of the form, and the subscription of an operator asks for the same page
    a millisecond later. Each page is given out once.
    """

    clock: Callable[[], float] = time.monotonic
    _pages: dict[tuple[UUID, int], tuple[float, Page]] = field(default_factory=dict)

    def keep(self, process_id: UUID, seq: int, page: Page) -> None:
        """Keep the page of the step execution ``seq``, unless it is large."""
        now = self.clock()
        for key, (kept_at, _) in list(self._pages.items()):  # the oldest is the first
            if len(self._pages) < MOST and now - kept_at <= SECONDS:
                break
            del self._pages[key]
        self._pages.pop((process_id, seq), None)
        if page.size <= LARGEST:
            self._pages[process_id, seq] = (now, page)

    def take(self, process_id: UUID, seq: int) -> Page | None:
        """The page of the step execution; None if it was taken already, or is too old."""
        kept_at, page = self._pages.pop((process_id, seq), (0.0, None))
        return page if page is not None and self.clock() - kept_at <= SECONDS else None
