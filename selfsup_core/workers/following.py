"""Tells a tracker what a run writes: a process beside the worker that reads metrics.jsonl as it grows.

So a tracker that is slow, wants a network or fails cannot hold up the training. What goes wrong is said once,
in the run's notices. After the worker's end the rest is told, then this process leaves.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from typing_extensions import TypedDict

from selfsup_core.environment import without_secrets
from selfsup_core.files import keep_private, read_shaped, write_json
from selfsup_core.runs.folder import ENDED, RunFolder, read_rows, sound_state
from selfsup_core.runs.processes import is_alive, start_time
from selfsup_core.runs.spec import RunSpec, known_settings, read_spec, value_at
from selfsup_core.runs.trackers import TRACKERS, TrackedRun, Tracker
from selfsup_core.shared import person_of
from selfsup_core.translation import tr
from selfsup_core.workers.log import write_what_fits

if TYPE_CHECKING:
    from selfsup_core.runs.folder import Row
    from selfsup_core.workers.keeper import RunKeeper

MODULE = "selfsup_core.workers.following"
ROOT = Path(__file__).parents[2]
TOLD = ".tracker.json"  # in the run's folder; stays there when the run is packed
LOOK_SECONDS = 1.0
CLOSE_SECONDS = 120.0  # the longest that a tracker may take after the worker's end
FAILED = 1
NO_VALUES = ("kind", "step", "signs")


class Told(TypedDict):
    """What a tracker has been told. last: [step, 1 for the row of an epoch]; error: why it gave up, or ""."""

    tracker: str
    last: list[int]
    remembered: dict[str, str]
    error: str


class Following:
    """The tracker's process, from the worker's side."""

    def __init__(self, keeper: RunKeeper, title: str, child: subprocess.Popen[bytes]) -> None:
        self.keeper, self.title, self.child = keeper, title, child
        self.has_said = False

    def look(self) -> None:
        """Say once that it has failed. Costs next to nothing."""
        if self.has_said or self.child.poll() in (None, 0):
            return
        self.has_said = True
        told = read_shaped(self.keeper.folder.path / TOLD, Told)
        why = told["error"] if told and told["error"] else tr("its process ended")
        self.keeper.notice(
            tr("{title} stopped logging: {why}. The training goes on without it.").format(
                title=self.title, why=why.rstrip(".")
            )
        )


def follow_run(keeper: RunKeeper) -> Following | None:
    """Start the tracker that a run asks for; None where there is none, of which a notice says why."""
    name = keeper.spec.log.tracker
    if name == "none":
        return None
    kind = TRACKERS[name]
    if person_of(keeper.folder.workspace):
        why = tr("Trackers are off in a room")
    elif importlib.util.find_spec(kind.package) is None:
        why = tr("{title} is not installed (pip install {install})").format(
            title=kind.title, install=kind.install
        )
    else:
        with contextlib.suppress(OSError):
            return Following(keeper, kind.title, start(keeper.folder))
        why = tr("The process of {title} could not be started").format(title=kind.title)
    said = tr("{why}. The training goes on without it.").format(why=why)
    if said not in keeper.state["notices"]:
        keeper.notice(said)
    return None


def start(folder: RunFolder) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    with folder.log.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", MODULE, str(folder.path), str(os.getpid())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=without_secrets(PYTHONPATH=path),
            start_new_session=sys.platform != "win32",  # it outlives the worker by a moment
        )


def follow(folder: RunFolder, is_training: Callable[[], bool], *, look_seconds: float = LOOK_SECONDS) -> None:
    """Tell a run's tracker its rows, those of before a resume only once, until the worker has ended.

    Raises: whatever the tracker raises.
    """
    spec = read_spec(folder.spec)
    name = spec.log.tracker
    found = read_shaped(folder.path / TOLD, Told)
    told: Told = {"tracker": name, "last": [-1, 0], "remembered": {}, "error": ""}
    if found and found["tracker"] == name:
        told |= {"last": found["last"], "remembered": found["remembered"]}
    try:
        tracker = TRACKERS[name](tracked(folder, spec, told["remembered"]))
        keep(folder, told)
        size = -1
        while True:
            goes_on = is_training()  # before the rows are read, so that none is missed
            if size != (now := size_of(folder.metrics)):
                size = now
                tell(tracker, read_rows(folder.metrics), told)
                keep(folder, told)
            if not goes_on:
                break
            time.sleep(look_seconds)
        state = sound_state(folder)
        tracker.close(state["status"] if state else "interrupted")
    except Exception as error:
        told["error"] = (
            f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200] if str(error) else ''}"
        )
        keep(folder, told)
        raise


def tell(tracker: Tracker, rows: list[Row], told: Told) -> None:
    """Tell what is new; a resumed run repeats the rows after its checkpoint."""
    for row in rows:
        place = [int(row["step"]), int(row.get("kind") == "epoch")]
        if place <= told["last"]:
            continue
        values = numbers_of(row)
        if values:
            tracker.log(values, place[0])
        told["last"] = place


def numbers_of(row: Row) -> dict[str, float]:
    """The finite numbers of a row by their names."""
    return {
        name: float(value)
        for name, value in cast("dict[str, object]", row).items()
        if name not in NO_VALUES and isinstance(value, int | float) and value - value == 0
    }


def tracked(folder: RunFolder, spec: RunSpec, remembered: dict[str, str]) -> TrackedRun:
    settings = {path: value_at(spec, path) for path in known_settings(spec)}
    return TrackedRun(folder.id, spec.name, folder.path, folder.workspace, settings, remembered)


def keep(folder: RunFolder, told: Told) -> None:
    with contextlib.suppress(OSError):  # a full disk, or a folder that was moved
        write_json(folder.path / TOLD, told)


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("worker", type=int, help="Process id of the run's worker.")
    arguments = parser.parse_args()
    keep_private()
    write_what_fits()
    folder, worker = RunFolder(arguments.folder), arguments.worker
    began = start_time(worker)

    def is_training() -> bool:
        state = sound_state(folder)
        if is_alive(worker, began) and state and state["status"] not in ENDED:
            return True
        timer = threading.Timer(CLOSE_SECONDS, os._exit, (FAILED,))
        timer.daemon = True
        timer.start()
        return False

    try:
        follow(folder, is_training)
    except Exception as error:
        print(f"the tracker gave up: {type(error).__name__}: {error}", flush=True)
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
