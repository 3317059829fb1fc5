"""The sweeper: one small process a workspace, or a room, while a sweep is at work; it takes all of them
forward.

It is detached from whoever started the sweep, leaves when none is left, and the supervisor starts it again
should it die.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from selfsup_core.errors import StudioError
from selfsup_core.files import keep_private, write_json
from selfsup_core.runs.processes import give_way, serves
from selfsup_core.runs.sweeps.folder import SweepFolder
from selfsup_core.workers.log import write_what_fits
from selfsup_core.workers.supervisor import ensure_supervisor, fingerprint
from selfsup_core.workers.sweeper_start import all_running, ensure_sweeper, home
from selfsup_core.workers.sweeping import Sweeping, fail_sweep

STEP_SECONDS = 0.05
LOOK_SECONDS = 1.0  # how often it looks for sweeps that were started or resumed
CARE_SECONDS = 5.0  # how often it looks whether the supervisor is there
IDLE_SECONDS = 10.0  # without a sweep
NICENESS = 5


def begin(folder: SweepFolder) -> None:
    """Have a new sweep trained: its first run is handed in here, and starts while the sweeper does."""
    try:
        Sweeping(folder, lambda workspace: None).step()
    except StudioError as error:
        fail_sweep(folder, error)
        return
    drive(folder.workspace)


def drive(workspace: Path) -> None:
    """Have the sweeps of a workspace trained, whatever becomes of this process."""
    ensure_supervisor(workspace)
    ensure_sweeper(workspace, fingerprint())


class Sweeper:
    """All sweeps of a workspace and of its people."""

    def __init__(self, host: Path) -> None:
        self.host = host
        self.sweeps: dict[Path, Sweeping] = {}
        self.said: dict[Path, str] = {}

    def look(self) -> None:
        """Take up what was started or resumed."""
        for folder in all_running(self.host):
            if folder.path not in self.sweeps:
                self._apart(folder, partial(self._take_up, folder))

    def _take_up(self, folder: SweepFolder) -> None:
        self.sweeps[folder.path] = Sweeping(folder)

    def step(self) -> None:
        """Take each sweep a step further."""
        for path, sweeping in list(self.sweeps.items()):
            self._apart(sweeping.folder, sweeping.step)
            if sweeping.is_over:
                self.sweeps.pop(path, None)

    def _apart(self, folder: SweepFolder, act: Callable[[], None]) -> None:
        """Do something for one sweep; what goes wrong with it does not hold up the others."""
        try:
            act()
        except StudioError as error:
            self.sweeps.pop(folder.path, None)
            print(f"{folder.id}: {error}", flush=True)
            try:
                fail_sweep(folder, error)
            except (StudioError, OSError) as damaged:
                self._say(folder, str(damaged))
        except OSError as error:  # a full disk: the next round tries again
            self._say(folder, f"{type(error).__name__}: {error}; trying again")

    def _say(self, folder: SweepFolder, text: str) -> None:
        if self.said.get(folder.path) != text:  # once, not every second
            self.said[folder.path] = text
            print(f"{folder.id}: {text}", flush=True)


def serve(workspace: Path) -> int:
    """Take the sweeps of a workspace forward until none is left; leaves at once when another does."""
    from filelock import FileLock, Timeout

    home(workspace).mkdir(parents=True, exist_ok=True)
    lock = FileLock(home(workspace) / "lock")
    try:
        lock.acquire(timeout=1.0)
    except Timeout:
        return 0
    leaving: list[bool] = []
    signal.signal(signal.SIGTERM, lambda *_: leaving.append(True))
    write_json(home(workspace) / "about.json", serves(workspace, fingerprint()))
    sweeper = Sweeper(workspace)
    looked = cared = float("-inf")
    worked = time.monotonic()
    while not leaving:
        now = time.monotonic()
        if now - looked >= LOOK_SECONDS:
            looked = now
            if not home(workspace).is_dir():
                break  # the workspace was moved or deleted
            sweeper.look()
        if sweeper.sweeps:
            worked = now
            if now - cared >= CARE_SECONDS:
                cared = now
                ensure_supervisor(workspace)
        elif now - worked > IDLE_SECONDS:
            break
        sweeper.step()
        time.sleep(STEP_SECONDS)
    lock.release()
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Take the sweeps of a workspace forward.")
    parser.add_argument("workspace", type=Path)
    keep_private()
    write_what_fits()
    give_way(NICENESS)
    sys.exit(serve(parser.parse_args().workspace.resolve()))
