"""The supervisor: one process a workspace, or a room, started on demand, detached from whoever asked.

It serves the queue (`scheduler.py` decides) and imports torch ahead of time but never computes, so that its
forks may.

Serving and reaching it stay in one file: both must mean the same by "there is one", or two would serve a
workspace.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import importlib.util
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from selfsup_core.environment import REMOTE_KEY, take_key
from selfsup_core.errors import SettingError
from selfsup_core.files import DamagedFile, keep_private, read_checked, read_shaped, write_json
from selfsup_core.room.line import FILE as LINE_FILE
from selfsup_core.room.line import Line
from selfsup_core.runs.processes import (
    Identity,
    ServerAbout,
    ask_to_leave,
    identity,
    is_alive,
    serves,
    start_detached,
    who_serves,
)
from selfsup_core.runs.workspace import open_workspace
from selfsup_core.shared import host_of, people_workspaces
from selfsup_core.translation import tr, tr_later
from selfsup_core.workers.launcher import Launcher, local_launcher
from selfsup_core.workers.log import write_what_fits
from selfsup_core.workers.scheduler import Scheduler
from selfsup_core.workers.sweeper_start import all_running, ensure_sweeper

RAY = "ray"
MOST_IN_CLUSTER = 10_000  # runs at once: the cluster's own resources are the limit
LOOP_SECONDS = 0.02
LOOK_SECONDS = 0.5
SWEEP_SECONDS = 5.0  # how often it looks whether a sweep has lost its sweeper
IDLE_SECONDS = 900.0
WANTED, SERVER_SECONDS = "wanted", 30.0  # where a web server says that it is there, and how often
# Libraries that a worker needs; imported once, before any fork. Our own modules come from the registry of
# tasks.
LIBRARIES = (
    "torch",
    "sklearn.model_selection",
    "sklearn.datasets",
    "sklearn.linear_model",
    # The first optimizer of a process pulls these in; seconds that a run should not wait for.
    "torch._dynamo",
    "filelock",
)


def home(workspace: Path) -> Path:
    """Folder of the supervisor of a workspace; of a room's people it is the host's."""
    return host_of(workspace) / "supervisor"


def fingerprint() -> str:
    """Changes when the code does, so that an old supervisor does not run new pages' work."""
    root = Path(__file__).parents[1]
    latest = max(int(path.stat().st_mtime_ns) for path in root.rglob("*.py"))
    return f"{sys.executable}:{latest}"


class SupervisorAbout(ServerAbout):
    """What the supervisor says of itself. running: runs that have a worker; silent: those of them that do not
    answer.
    """

    running: list[str]
    silent: list[str]
    ready: bool


MODULE = "selfsup_core.workers.supervisor"


def supervisor_info(workspace: Path) -> SupervisorAbout | None:
    """What the supervisor says of itself, or None when none is alive."""
    return who_serves(home(workspace), MODULE, SupervisorAbout)


def ensure_supervisor(workspace: Path) -> None:
    """Start a supervisor when none is alive; does not wait for it.

    An idle one that runs older code is asked to leave first. Raises SettingError: `launcher_name` does.
    """
    launcher_name()
    about = supervisor_info(workspace)
    if about and (about["fingerprint"] == fingerprint() or about["running"]):
        return
    if about:
        stop_supervisor(workspace)
    # Its workers may label by the remote endpoint: it gets the key, but not in an environment that all of
    # them take over.
    key = os.environ.get(REMOTE_KEY, "")
    start_detached(MODULE, host_of(workspace), home(workspace), *(["--key"] if key else []), told=key)


def stop_supervisor(workspace: Path, *, timeout: float = 5.0) -> bool:
    """Ask the supervisor to leave; workers go on. False when there was none."""
    return ask_to_leave(supervisor_info(workspace), timeout)


def keep_warm(workspace: Path) -> None:
    """Tell the supervisor that someone may need it soon, and the other helpers that this server is there."""
    home(workspace).mkdir(parents=True, exist_ok=True)
    write_json(home(workspace) / WANTED, identity())


def import_ahead() -> None:
    """Import what workers need, so that they are forked with it; nothing is computed."""
    for library in LIBRARIES:
        importlib.import_module(library)
    import selfsup_core.workers.session
    import selfsup_core.workers.worker  # noqa: F401
    from selfsup_core.tasks import TASKS

    list(TASKS)


def serve(workspace: Path, *, idle_seconds: float = IDLE_SECONDS, key: str = "") -> int:
    """Be the supervisor of a workspace until idle for long; leaves at once when there is one."""
    from filelock import FileLock, Timeout

    home(workspace).mkdir(parents=True, exist_ok=True)
    open_workspace(workspace)
    lock = FileLock(home(workspace) / "lock")
    while not lock.is_locked:
        try:
            lock.acquire(timeout=1.0)
        except Timeout:
            # Held by another supervisor, or by one that served this folder under the name it had before it
            # was moved.
            if supervisor_info(workspace):
                return 0
    leaving = []
    signal.signal(signal.SIGTERM, lambda *_: leaving.append(True))
    about: SupervisorAbout = {
        **serves(workspace, fingerprint()),
        "running": [],
        "silent": [],
        "ready": False,
    }
    write_json(home(workspace) / "about.json", about)
    launcher, capacity = choose_launcher(key)
    scheduler = Scheduler(workspace, launcher, capacity=capacity)
    looked, line, swept = time.monotonic(), None, float("-inf")
    while not leaving:
        if time.monotonic() - looked > LOOK_SECONDS:
            looked = time.monotonic()
            if not is_still_ours(workspace):
                break  # the folder was moved or deleted; whoever opens it where it is now starts another
            line = write_line(workspace, scheduler, line)
        if time.monotonic() - swept > SWEEP_SECONDS:
            swept = time.monotonic()
            keep_sweeping(workspace)
        scheduler.go_round()
        now: SupervisorAbout = {
            **about,
            "running": list(scheduler.watched),
            "silent": scheduler.silent(),
            "ready": True,
        }
        if now != about:
            with contextlib.suppress(OSError):  # a full disk; the next round tries again
                write_json(home(workspace) / "about.json", now)
                about = now
        if time.monotonic() - scheduler.last_work > idle_seconds and not is_wanted(workspace):
            break
        time.sleep(1.0 if scheduler.is_behind else LOOP_SECONDS)
    lock.release()
    return 0


def keep_sweeping(workspace: Path) -> None:
    """Start a sweeper where a sweep is at work; one that is there stays."""
    with contextlib.suppress(OSError):  # a full disk; the next round tries again
        if all_running(workspace):
            ensure_sweeper(workspace, fingerprint())


def choose_launcher(key: str) -> tuple[Launcher[Any], int]:
    """(what starts workers, how many may be at work): those of this machine, or of a cluster."""
    if launcher_name() == RAY:
        from selfsup_core.workers.ray_launcher import RayLauncher

        launcher = RayLauncher(os.environ.get("RAY_ADDRESS") or "auto", key)
        leave = signal.getsignal(signal.SIGTERM)
        launcher.connect()
        signal.signal(signal.SIGTERM, leave)  # Ray puts its own in the place
        return launcher, MOST_IN_CLUSTER
    import_ahead()
    gc.collect()
    gc.freeze()  # forks then share these pages
    return local_launcher(key), max(1, (os.cpu_count() or 1) - 1)


def launcher_name() -> str:
    """Where workers are started: SELFSUP_LAUNCHER, "local" where it is not set.

    Raises:
        SettingError: it is neither "local" nor "ray", or Ray is not installed.
    """
    name = os.environ.get("SELFSUP_LAUNCHER") or "local"
    if name not in ("local", RAY):
        raise SettingError(
            tr("SELFSUP_LAUNCHER must be local or ray; found {name!r}.").format(name=name),
            remedy=tr("Set it to one of these, or leave it out to train on this machine."),
        )
    if name == RAY and importlib.util.find_spec("ray") is None:
        raise SettingError(
            tr("SELFSUP_LAUNCHER is ray, but Ray is not installed."),
            remedy=tr("Install it: pip install -r requirements-ray.txt"),
        )
    return name


def write_line(workspace: Path, scheduler: Scheduler, written: Line | None) -> Line | None:
    """Tell the people of a room how they stand in the line; returns what is written there now."""
    if not people_workspaces(workspace):
        return written
    with contextlib.suppress(OSError):  # a full disk; the next round tries again
        line = scheduler.line()
        if line != written:
            write_json(home(workspace) / LINE_FILE, line)
        return line
    return written


def is_still_ours(workspace: Path) -> bool:
    """False once about.json is gone with its folder, or names another process; a damaged one is written
    again.
    """
    try:
        about = read_checked(home(workspace) / "about.json", SupervisorAbout)
    except DamagedFile:
        return True
    return about is not None and about["pid"] == os.getpid()


def is_hosted(workspace: Path) -> bool:
    """Whether a web server or a supervisor of the workspace is alive.

    A file holds one server; where it is gone, another one of the same workspace writes itself there soon.
    """
    if supervisor_info(workspace):
        return True
    server = read_shaped(home(workspace) / WANTED, Identity)
    if server and is_alive(server["pid"], server["start"]):
        return True
    return was_wanted(workspace, within=SERVER_SECONDS + 5)


def was_wanted(workspace: Path, *, within: float) -> bool:
    try:
        return abs(time.time() - (home(workspace) / WANTED).stat().st_mtime) < within
    except OSError:
        return False


def is_wanted(workspace: Path) -> bool:
    """Whether a web server said within the last two minutes that it may need a supervisor."""
    return was_wanted(workspace, within=120)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=tr_later("Supervise the runs of a workspace."))
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--idle-seconds", type=float, default=IDLE_SECONDS)
    parser.add_argument("--key", action="store_true", help="Read the remote endpoint's key from the input.")
    arguments = parser.parse_args()
    keep_private()
    write_what_fits()
    key = take_key()
    if arguments.key:
        key = sys.stdin.read()
    sys.exit(serve(arguments.workspace.resolve(), idle_seconds=arguments.idle_seconds, key=key))
