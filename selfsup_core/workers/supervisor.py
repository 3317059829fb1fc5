"""The supervisor: one process a workspace, started on demand, detached from whoever asked.

It holds the queue (fair between owners), starts workers, and notices dead and silent ones. It imports torch ahead of
time but never computes, so that its forks may.

Serving and reaching it stay in one file: both must mean the same by "there is one", or two would serve a workspace.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from selfsup_core.environment import REMOTE_KEY, take_key
from selfsup_core.errors import RunError, StudioError
from selfsup_core.files import DamagedFile, keep_private, read_checked, require_plain, sweep, write_json
from selfsup_core.runs.control import deliver
from selfsup_core.runs.folder import (
    INTERRUPTED,
    LIKELY_NO_MEMORY,
    NO_MEMORY,
    WORKING,
    RunFolder,
    list_states,
    require_plain_run,
    sound_state,
    state_lock,
    update_state,
)
from selfsup_core.runs.processes import (
    KILLED,
    NO_MEMORY_CODES,
    ServerAbout,
    is_alive,
    memory_kills,
    serves,
    start_detached,
    who_serves,
)
from selfsup_core.runs.queue import QueueEntry, enqueue, list_queue, withdraw
from selfsup_core.runs.state import RunState
from selfsup_core.runs.trash import empty_old
from selfsup_core.runs.workspace import open_workspace
from selfsup_core.train.memory import says_no_memory
from selfsup_core.workers.launcher import Launcher, local_launcher
from selfsup_core.workers.log import write_what_fits

LAST_WORDS = 2000  # bytes of a log
LOOP_SECONDS = 0.02
LOOK_SECONDS = 0.5
SILENT_SECONDS = 30.0
HEARING_SECONDS = 2.0
KILL_SECONDS = 300.0
IDLE_SECONDS = 900.0
# Libraries that a worker needs; imported once, before any fork. Our own modules come from the registry of tasks.
LIBRARIES = (
    "torch",
    "sklearn.model_selection",
    "sklearn.datasets",
    "sklearn.linear_model",
    # The first optimizer of a process pulls these in; seconds that a run should not wait for.
    "torch._dynamo",
    "filelock",
)


@dataclass
class Watched:
    """A worker that is being watched, by the supervisor's own steady clock."""

    folder: RunFolder
    owner: str
    pid: int
    beat: int
    changed: float
    start: float | None = None
    is_silent: bool = False
    is_paused: bool = False  # by a person: it keeps its worker, but not its slot
    let_on: float = float("-inf")  # when it was last told to continue
    memory_kills: int | None = None  # of the system, when it was last seen alive
    is_ended: bool = False  # by this supervisor


class Supervisor:
    """One pass of `turn` starts what may start and looks after what runs.

    Args:
        capacity: how many runs may run at once; one per owner.
        clock: monotonic seconds, replaced by tests.
    """

    def __init__(
        self,
        workspace: Path,
        launcher: Launcher,
        *,
        capacity: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.workspace, self.launcher, self.capacity, self.clock = (
            workspace,
            launcher,
            capacity,
            clock,
        )
        self.watched: dict[str, Watched] = {}
        self.served: dict[str, float] = {}
        self.last_work = clock()
        self.is_behind = True  # what is on disk has to be compared with what is watched
        self.has_failed = self.has_swept = False
        self.said: dict[str, type[Exception]] = {}

    def go_round(self) -> None:
        """`recover` when there is need, then a `turn`; a full disk ends neither this process nor a run."""
        self.has_failed = False
        try:
            if self.is_behind:
                self.recover()
            self.is_behind = True
            self.turn()
            self.is_behind = self.has_failed
        except OSError as error:
            print(f"{type(error).__name__}: {error}; trying again", flush=True)

    def _apart(self, run: str, act: Callable[[], None]) -> None:
        """Do something for one run; what goes wrong with it must not hold up the others, and is tried again."""
        try:
            act()
        except (OSError, StudioError) as error:
            self.has_failed = True
            if self.said.get(run) is not type(error):  # once, not every second
                self.said[run] = type(error)
                print(f"{run}: {type(error).__name__}: {error}; trying again", flush=True)

    def recover(self) -> None:
        """After a crash of an earlier supervisor: adopt living workers, mark dead ones, queue what was lost."""
        waiting = {entry["run"] for entry in list_queue(self.workspace)}
        for state in list_states(self.workspace):
            if state["run"] not in self.watched:
                self._apart(state["run"], partial(self._take_up, state, state["run"] in waiting))
        empty_old(self.workspace)
        if not self.has_swept:
            self.has_swept = True
            sweep_workspace(self.workspace)

    def _take_up(self, state: RunState, is_waiting: bool) -> None:
        folder, worker = RunFolder(self.workspace / "runs" / state["run"]), state["worker"]
        if state["status"] == "interrupted" and worker:
            self._mark_dead(folder)
        elif state["status"] in WORKING and worker:
            # What a state names may be anybody's process: it comes from a copy, or from before a restart.
            if self.launcher.recognizes(worker, folder):
                self._watch(folder, state["owner"], worker["pid"], worker["start"])
            else:
                self._mark_dead(folder)
        elif state["status"] in ("queued", *WORKING) and not is_waiting:
            update_state(folder, status="queued", message="Waiting for its turn.")
            enqueue(folder, state["owner"])

    def turn(self) -> None:
        """Look after the workers, then start what may start."""
        for run in list(self.watched):
            self._apart(run, partial(self._look_after, run))
        queue = list_queue(self.workspace)
        if queue or self.watched:
            self.last_work = self.clock()
        while sum(not watched.is_paused for watched in self.watched.values()) < self.capacity:
            entry = self._next(queue)
            if entry is None:
                return
            queue.remove(entry)
            self._apart(entry["run"], partial(self._start, entry))

    def _next(self, queue: list[QueueEntry]) -> QueueEntry | None:
        """The oldest request of the owner who has waited longest for a turn; one run at a time each."""
        busy = {watched.owner for watched in self.watched.values() if not watched.is_paused}
        free = [entry for entry in queue if entry["owner"] not in busy]
        return min(free, key=lambda e: (self.served.get(e["owner"], 0.0), e["asked"]), default=None)

    def _start(self, entry: QueueEntry) -> None:
        folder = RunFolder(self.workspace / "runs" / entry["run"])
        if folder.id in self.watched:
            self._let_on(self.watched[folder.id], entry)
            return
        state = sound_state(folder)
        if not state or state["status"] != "queued":
            withdraw(folder)
            return
        if not withdraw(folder):
            return  # stopped while it waited
        try:
            require_plain_run(folder)
        except RunError as error:
            update_state(
                folder,
                status="failed",
                message="",
                stop_reason=error.code,
                error=error.as_dict(),
                worker=None,
            )
            return
        update_state(folder, status="starting", message="Starting.")
        pid = self.launcher.start(folder)
        self.served[entry["owner"]] = self.clock()
        self._watch(folder, entry["owner"], pid)

    def _let_on(self, watched: Watched, entry: QueueEntry) -> None:
        """Tell a paused worker, whose turn it is, to continue."""
        if withdraw(watched.folder) and watched.is_paused:
            deliver(watched.folder, {"action": entry.get("action", "resume")})
            watched.is_paused, watched.let_on = False, self.clock()
            self.served[entry["owner"]] = self.clock()

    def _watch(self, folder: RunFolder, owner: str, pid: int, start: float | None = None) -> None:
        watched = Watched(folder, owner, pid, -1, self.clock(), start, memory_kills=memory_kills())
        state = sound_state(folder) if start is not None else None
        watched.is_paused = bool(state and state["status"] == "paused" and state.get("frees_slot"))
        self.watched[folder.id] = watched

    def _look_after(self, run: str) -> None:
        watched = self.watched[run]
        now = self.clock()
        # An adopted worker is no one's child: its pid may be another process by now.
        is_same = watched.start is None or is_alive(watched.pid, watched.start)
        if not is_same or not self.launcher.is_alive(watched.pid):
            del self.watched[run]
            self._mark_dead(watched.folder, INTERRUPTED if watched.is_ended else self._why(watched))
            return
        silence = now - watched.changed
        if silence < 0.5:
            return  # looked at it a moment ago
        watched.memory_kills = memory_kills()
        state = sound_state(watched.folder)
        beat = state["beat"] if state else -1
        # A state from before the worker was told to continue is not evidence.
        if state and now - watched.let_on > HEARING_SECONDS:
            watched.is_paused = state["status"] == "paused" and bool(state.get("frees_slot"))
        if beat != watched.beat:
            watched.beat, watched.changed, watched.is_silent = beat, now, False
        else:
            watched.is_silent = silence >= SILENT_SECONDS
            if silence >= KILL_SECONDS and self._is_ours(watched):
                watched.is_ended = True
                self.launcher.kill(watched.pid)

    def _why(self, watched: Watched) -> str:
        """The message for a worker that we did not end.

        That the system killed it for lack of memory is certain where it counts another such kill in this moment, as Linux
        does. Elsewhere a kill, or an exit that says so, makes it likely.
        """
        code, before, now = self.launcher.exit_code(watched.pid), watched.memory_kills, memory_kills()
        if code in KILLED and before is not None and now is not None:
            return NO_MEMORY if now > before else INTERRUPTED
        if code in (*KILLED, *NO_MEMORY_CODES):
            return LIKELY_NO_MEMORY
        return LIKELY_NO_MEMORY if code and lacks_memory_at_end(watched.folder.log) else INTERRUPTED

    def _is_ours(self, watched: Watched) -> bool:
        """Whether it is proven that the process is this run's worker: a child of our own, or one that we know again."""
        if watched.start is None:
            return True
        return self.launcher.recognizes({"pid": watched.pid, "start": watched.start}, watched.folder)

    def _mark_dead(self, folder: RunFolder, message: str = INTERRUPTED) -> None:
        """A worker has ended: unless it said how, it was interrupted."""
        if not folder.exists():
            return
        # A person may resume it at the same moment: the second of the two must see what the first has
        # written.
        with state_lock(folder):
            state = sound_state(folder)
            if state and state["status"] in WORKING:
                update_state(
                    folder,
                    status="interrupted",
                    message=message,
                    worker=None,
                    seconds_left=None,
                )

    def silent(self) -> list[str]:
        return [run for run, watched in self.watched.items() if watched.is_silent]


def sweep_workspace(workspace: Path) -> None:
    """Delete what killed processes left behind."""
    for folder in (
        workspace,
        *(p for p in workspace.glob("*") if p.is_dir() and not p.is_symlink()),
        *(p for p in (workspace / "runs").glob("*") if not p.is_symlink()),
    ):
        sweep(folder)


def lacks_memory_at_end(log: Path) -> bool:
    """Whether a failed worker's log ends with an out-of-memory error, so that it could not write its state."""
    try:
        size = require_plain(log).st_size  # before it is opened: a pipe would be waited for
        with open(log, "rb") as file:
            file.seek(-min(LAST_WORDS, size), os.SEEK_END)
            return says_no_memory(file.read().decode("utf-8", "replace"))
    except OSError:
        return False


def home(workspace: Path) -> Path:
    return workspace / "supervisor"


def fingerprint() -> str:
    """Changes when the code does, so that an old supervisor does not run new pages' work."""
    root = Path(__file__).parents[1]
    latest = max(int(path.stat().st_mtime_ns) for path in root.rglob("*.py"))
    return f"{sys.executable}:{latest}"


class SupervisorAbout(ServerAbout):
    """What the supervisor says of itself. running: runs that have a worker; silent: those of them that do not answer."""

    running: list[str]
    silent: list[str]
    ready: bool


MODULE = "selfsup_core.workers.supervisor"


def supervisor_info(workspace: Path) -> SupervisorAbout | None:
    """What the supervisor says of itself, or None when none is alive."""
    return who_serves(home(workspace), MODULE, SupervisorAbout)


def ensure_supervisor(workspace: Path) -> None:
    """Start a supervisor when none is alive; does not wait for it.

    An idle one that runs older code is asked to leave first.
    """
    about = supervisor_info(workspace)
    if about and (about["fingerprint"] == fingerprint() or about["running"]):
        return
    if about:
        stop_supervisor(workspace)
    # Its workers may label by the remote endpoint: it gets the key, but not in an environment that all of them take over.
    key = os.environ.get(REMOTE_KEY, "")
    start_detached(MODULE, workspace, home(workspace), *(["--key"] if key else []), told=key)


def stop_supervisor(workspace: Path, *, timeout: float = 5.0) -> bool:
    """Ask the supervisor to leave; workers go on. False when there was none."""
    about = supervisor_info(workspace)
    if not about:
        return False
    os.kill(about["pid"], signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while is_alive(about["pid"], about["start"]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return True


def keep_warm(workspace: Path) -> None:
    """Tell the supervisor that someone may need it soon."""
    home(workspace).mkdir(parents=True, exist_ok=True)
    (home(workspace) / "wanted").touch()


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
            # Held by another supervisor, or by one that served this folder under the name it had before it was moved.
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
    import_ahead()
    gc.collect()
    gc.freeze()  # forks then share these pages
    cores = os.cpu_count() or 1
    supervisor = Supervisor(workspace, local_launcher(key), capacity=max(1, cores - 1))
    looked = time.monotonic()
    while not leaving:
        if time.monotonic() - looked > LOOK_SECONDS:
            looked = time.monotonic()
            if not is_still_ours(workspace):
                break  # the folder was moved or deleted; whoever opens it where it is now starts another
        supervisor.go_round()
        now: SupervisorAbout = {
            **about,
            "running": list(supervisor.watched),
            "silent": supervisor.silent(),
            "ready": True,
        }
        if now != about:
            with contextlib.suppress(OSError):  # a full disk; the next round tries again
                write_json(home(workspace) / "about.json", now)
                about = now
        if time.monotonic() - supervisor.last_work > idle_seconds and not is_wanted(workspace):
            break
        time.sleep(1.0 if supervisor.is_behind else LOOP_SECONDS)
    lock.release()
    return 0


def is_still_ours(workspace: Path) -> bool:
    """False once about.json is gone with its folder, or names another process; a damaged one is written again."""
    try:
        about = read_checked(home(workspace) / "about.json", SupervisorAbout)
    except DamagedFile:
        return True
    return about is not None and about["pid"] == os.getpid()


def is_wanted(workspace: Path) -> bool:
    """Whether a web server said within the last two minutes that it may need a supervisor."""
    try:
        return abs(time.time() - (home(workspace) / "wanted").stat().st_mtime) < 120
    except OSError:
        return False


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Supervise the runs of a workspace.")
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
