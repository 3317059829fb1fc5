"""Slow questions: started in threads, fetched when answered, dropped when no longer wanted."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

from selfsup_core.errors import DataError
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.loaded import Work
from selfsup_core.translation import tr

MOST_WAIT = 5.0  # seconds that a fetch may wait


class Works:
    """Questions that are being answered, by keys that only those who began them know."""

    def __init__(self) -> None:
        self.works: dict[str, Work] = {}
        self.lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.works)

    @property
    def is_at_work(self) -> bool:
        return any(not work.done.is_set() for work in list(self.works.values()))

    def begin(self, said: str, act: Callable[[], Answer]) -> str:
        """Answer a question in a thread of its own: a key by which `fetch` gives the answer and `drop` lets
        go of it.
        """
        work, key = Work(said), secrets.token_hex(8)
        with self.lock:
            self.works = {k: w for k, w in self.works.items() if not w.is_stale} | {key: work}
        work.begin(lambda say: act())
        return key

    def fetch(self, key: str, wait: float = 0.0) -> Answer:
        """The answer of a question that was begun, once; {"working": seconds} while there is none after
        `wait` seconds.

        Raises:
            StudioError: what the question raised, or that there is no such work.
        """
        work = self.works.get(key)
        if work is None:
            raise DataError(
                tr("This task is no longer running."), code="no-work", remedy=tr("Start it again.")
            )
        if not work.done.wait(min(max(wait, 0.0), MOST_WAIT)):
            return Answer(about={"working": time.monotonic() - work.started})
        self.drop(key)
        if work.error is not None:
            raise work.error
        made: Answer = work.made
        return made

    def drop(self, key: str) -> None:
        """Discard a question. Its thread runs to its end, but nothing waits for it."""
        with self.lock:
            self.works.pop(key, None)
