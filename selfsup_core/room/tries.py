"""Wrong codes are counted, so that nobody finds one by trying.

Kept in memory: a restart forgets them, and no address is written down.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from selfsup_core.errors import RunError
from selfsup_core.translation import tr

WINDOW_SECONDS = 60.0
MOST_OF_ONE = 20  # of one address: a school's network may show all of a class as one
MOST_OF_ALL = 100


class Tries:
    """Wrong tries of the last minute. Safe to be used by many threads.

    Args:
        clock: monotonic seconds, replaced by tests.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.lock = threading.Lock()
        self.wrong: deque[tuple[float, str]] = deque()

    def check(self, address: str) -> None:
        """Raises RunError: there were so many wrong codes that not even a right one is looked at."""
        with self.lock:
            self._forget()
            of_one = sum(other == address for _, other in self.wrong)
        if of_one >= MOST_OF_ONE or len(self.wrong) >= MOST_OF_ALL:
            raise RunError(
                tr("Too many wrong codes were entered."),
                code="too-many-tries",
                remedy=tr("Try again in a minute."),
            )

    def count(self, address: str) -> None:
        """A wrong code came from there."""
        with self.lock:
            self._forget()
            self.wrong.append((self.clock(), address))

    def _forget(self) -> None:
        until = self.clock() - WINDOW_SECONDS
        while self.wrong and self.wrong[0][0] <= until:
            self.wrong.popleft()
