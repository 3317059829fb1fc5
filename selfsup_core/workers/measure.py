"""What this machine can carry, measured by training for real for some seconds before a room opens."""

from __future__ import annotations

import contextlib
import math
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from selfsup_core.runs.folder import RunFolder, sound_state
from selfsup_core.runs.memory_left import RESERVE_BYTES, WORKER_BYTES, memory
from selfsup_core.runs.queue import submit, withdraw
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.train.device import usable_cores
from selfsup_core.translation import tr_later
from selfsup_core.workers.launcher import SpawnLauncher

PRESET, SOURCE = "dense-64-32-16", "digits"
TITLE = tr_later("8 × 8 digits, a dense autoencoder")
MOST_AT_ONCE = 4  # trained while measuring; more cores are reckoned from these
SECONDS = 2.5  # of each of the two looks
START_SECONDS = 120.0
FOREVER = 100_000


@dataclass(frozen=True)
class Carries:
    """What was found.

    Attributes:
        runs: how many at once, by speed and by memory.
        run_seconds: that one of `PRESET` takes while so many train.
        update_seconds: of a processor, that the server needs to tell one viewer the news.
    """

    runs: int
    run_seconds: float
    update_seconds: float

    def minutes(self, people: int) -> float:
        """How long the last of so many people waits for the end, if all train at once."""
        return math.ceil(people / self.runs) * self.run_seconds / 60


class NotMeasured(Exception):
    """Training did not begin in time."""


def measure(look: Callable[[Path, str], float], *, seconds: float = SECONDS) -> Carries:
    """Train one run and several at once, in a workspace that is gone afterwards.

    Args:
        look: given a workspace and a run, what an update costs a viewer, in processor seconds.

    Raises:
        NotMeasured: training did not begin in time. OSError: the disk is full.
    """
    cores = usable_cores()
    count = min(cores, MOST_AT_ONCE)
    launcher = SpawnLauncher()
    with tempfile.TemporaryDirectory(prefix="selfsup-measure-", ignore_cleanup_errors=True) as name:
        workspace = Path(name)
        spec = preset_spec(PRESET, {"data.source": SOURCE})
        forever = preset_spec(PRESET, {"data.source": SOURCE, "train.epochs": FOREVER})
        folders = [submit(workspace, forever) for _ in range(count)]
        pids = []
        try:
            for folder in folders:
                withdraw(folder)
                pids.append(launcher.start(folder))
            await_begin(folders)
            together = steps_per_second(folders, seconds)
            for pid in pids[1:]:
                launcher.kill(pid)
            alone = steps_per_second(folders[:1], seconds)
            update_seconds = look(workspace, folders[0].id)
            state = sound_state(folders[0])
        finally:
            for pid in pids:
                with contextlib.suppress(OSError):
                    launcher.kill(pid)
    runs = how_many(alone, together, count=count, cores=cores, free=memory()[0])
    steps = (state["steps_per_epoch"] if state else None) or 1
    return Carries(runs, spec.train.epochs * steps / (together / count), update_seconds)


def how_many(alone: float, together: float, *, count: int, cores: int, free: int) -> int:
    """How many runs at once finish most in a time, and have memory.

    Args:
        alone, together: steps a second of one run, and of `count` runs in all. free: bytes.
    """
    by_speed = round(together / alone * cores / count)
    by_memory = (free - RESERVE_BYTES) // WORKER_BYTES
    return max(1, min(by_speed, int(by_memory), cores))


def await_begin(folders: list[RunFolder]) -> None:
    """Return when all have trained an epoch. Raises NotMeasured."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        states = [sound_state(folder) for folder in folders]
        if any(state and state["status"] == "failed" for state in states):
            break
        if all(state and state["epoch"] >= 1 for state in states):
            return
        time.sleep(0.05)
    raise NotMeasured


def steps_per_second(folders: list[RunFolder], seconds: float) -> float:
    """Of all of them together."""
    before, began = steps_of(folders), time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        time.sleep(0.05)
    return max(1e-9, (steps_of(folders) - before) / passed)


def steps_of(folders: list[RunFolder]) -> int:
    states = [sound_state(folder) for folder in folders]
    return sum(state["step"] for state in states if state)
