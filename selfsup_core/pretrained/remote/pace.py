"""When the next request may go: a token bucket for the rate, growing random pauses after failures."""

from __future__ import annotations

import threading
from collections.abc import Callable

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0


class Pace:
    """Lets `per_minute` requests per minute pass, of all threads together; up to `burst` of them at once.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, per_minute: float, burst: int, clock: Callable[[], float]) -> None:
        self.rate, self.burst, self.clock = per_minute / 60, burst, clock
        self.lock = threading.Lock()
        self.tokens, self.at, self.held_until = float(burst), clock(), clock()

    def reserve(self) -> float:
        """Take the next place; returns the seconds to wait for it."""
        with self.lock:
            now = self.clock()
            self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate) - 1
            self.at = now
            return max(0.0, -self.tokens / self.rate, self.held_until - now)

    def hold(self, seconds: float) -> None:
        """No new place before so many seconds have passed: the server asked for it."""
        with self.lock:
            self.held_until = max(self.held_until, self.clock() + seconds)


def pause_before(attempt: int, draw: Callable[[], float]) -> float:
    """Seconds before try number `attempt` + 2: 0.5, 1, 2, … up to 30, of which a random half is taken off.

    Args:
        draw: a number in [0, 1). Chance keeps several clients from coming back at the same moment.
    """
    found: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt) * (0.5 + 0.5 * draw())
    return found
