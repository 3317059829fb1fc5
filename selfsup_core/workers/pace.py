"""How fast a run goes: samples a second, the time that is left, and slow motion."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selfsup_core.train.loop import Loop
    from selfsup_core.workers.keeper import RunKeeper, Trained

# The longest that a phase is held up, in seconds and of an epoch's time.
PHASE_SECONDS, PHASE_SHARE = 1.0, 0.25


class Pace:
    """Times an epoch and the whole training; what is not training is left out.

    Attributes:
        began: seconds of the run and epochs done, from which on the training is timed.
    """

    def __init__(self, keeper: RunKeeper, loop: Loop) -> None:
        self.keeper, self.loop = keeper, loop
        self.began = (0.0, 0.0)
        self.epoch_began = self.epoch_seconds = 0.0

    def start(self) -> None:
        """Training begins. Time before the first step (epoch 0) must not affect the estimate of the remaining
        time.
        """
        self.start_epoch()
        self.began = (self.keeper.elapsed(), self.loop.progress)

    def start_epoch(self) -> None:
        self.epoch_began, self.epoch_seconds = time.monotonic(), self.loop.seconds

    def leave_out(self, since: float) -> None:
        """What was done from `since` on, in seconds of the run, is no training."""
        self.began = (self.began[0] + self.keeper.elapsed() - since, self.began[1])

    def samples_per_second(self) -> float | None:
        """Of the epoch that has just ended."""
        seconds = self.loop.seconds - self.epoch_seconds
        return self.loop.rows_per_epoch / seconds if seconds else None

    def seconds_left(self) -> float | None:
        """None while too little is done to tell."""
        done = self.loop.progress - self.began[1]
        if done < 0.05:
            return None
        pace = self.keeper.state["epochs_per_second"]
        each = max((self.keeper.elapsed() - self.began[0]) / done, 1 / pace if pace else 0.0)
        return round(each * (self.loop.config.epochs - self.loop.progress), 1)

    def rest(self, session: Trained) -> None:
        """Slow down to the speed asked for, so that an epoch can be watched. Raises Stop."""
        keeper = self.keeper
        while pace := keeper.state["epochs_per_second"]:
            left = self.epoch_began + 1 / pace - time.monotonic()
            if left <= 0 or session.epoch >= self.loop.config.epochs or keeper.step_from is not None:
                return
            time.sleep(min(left, 0.05))
            keeper.obey(session)
            keeper.beat()


def show_phase(keeper: RunKeeper, name: str) -> None:
    """Say which part of an epoch is running; in slow motion long enough to be seen."""
    state = keeper.state
    state["phase"] = name
    if state["epochs_per_second"]:
        keeper.beat(force=True)
        time.sleep(min(PHASE_SECONDS, PHASE_SHARE / state["epochs_per_second"]))
