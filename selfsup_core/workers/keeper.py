"""What a worker knows of its run: the state on disk, whose only writer it is; time, requests, and a disk that
is full.

The worker decides how a run begins and ends, the session what is trained; both ask the keeper, which knows
neither. To pause, the worker stops asking the loop for events; to stop, it leaves the loop. Writes are
atomic.
"""

from __future__ import annotations

import contextlib
import errno
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from selfsup_core.errors import RunError, StudioError
from selfsup_core.files import DISK_ERRORS
from selfsup_core.runs.control import Request, check_live_setting, receive
from selfsup_core.runs.folder import MetricsWriter, RunFolder, read_rows, write_state
from selfsup_core.runs.queue import RESERVE_BYTES
from selfsup_core.runs.spec import read_spec
from selfsup_core.runs.state import ChangeRow, RunState, parse_state
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.runs.folder import Row

BEAT_SECONDS = 1.0
POLL_SECONDS = 0.03
QUIET_SECONDS = 0.3  # a task that ends sooner is not announced
T = TypeVar("T")


class Stop(Exception):
    """Leaves the loop; `reason` in words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class FolderGone(Exception):
    """The run's folder was moved or deleted, so there is nowhere to write how it ended."""


class Trained(Protocol):
    """What requests act upon: the session, while it trains."""

    @property
    def epoch(self) -> int: ...

    def save(self) -> None: ...

    def set_live(self, name: str, value: float) -> None: ...


class RunKeeper:
    """Keeps one run folder while a process works on it.

    Attributes:
        state: the only writer of state.json while the process lives.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.spec = read_spec(folder.spec)
        self.state = begun_state(folder)
        self.step_from: int | None = None  # epochs that were done when one more was asked for
        self.is_paused = self.is_ending = False
        self.waiting: list[Request] = []  # requests that came while the disk was full
        # Held by the thread that waits for space on the disk; see `attend`.
        self.disk_lock = threading.RLock()
        self.last_beat = self.last_checkpoint = time.monotonic()
        self.active_since: float | None = None
        self.active_seconds = float(self.state["seconds"])
        self.closing = contextlib.ExitStack()  # what ends with this worker, however it ends

    # State, and what to do when the disk is full

    def note(self, **changes: Any) -> None:
        """Change the state by name; it is written with the next beat or status."""
        self.state.update(cast("RunState", changes))

    def set_status(self, status: str, **changes: Any) -> None:
        seconds = round(self.elapsed(), 3)
        self.note(**{"status": status, "message": "", "seconds": seconds, **changes})
        self.persist(lambda: write_state(self.folder, self.state, durable=True))

    def beat(self, *, force: bool = False) -> None:
        """Show signs of life about once a second."""
        now = time.monotonic()
        if force or now - self.last_beat >= BEAT_SECONDS:
            self.last_beat = now
            self.state["beat"] += 1
            self.state["seconds"] = round(self.elapsed(), 3)
            # A copy: `attend` lets another thread add to the state meanwhile.
            self.persist(lambda: write_state(self.folder, self.state.copy()))

    def attend(self, act: Callable[[], T], message: str, *, is_stoppable: bool = True) -> T:
        """Do something slow in a thread of its own; meanwhile show signs of life, say what is done, and heed
        a stop.

        Library calls that take a minute cannot be interrupted, so a stop leaves the thread behind: it ends
        with the process.

        Args:
            is_stoppable: before there is anything to save, or after it was saved; otherwise a stop waits for
            the end of `act`.

        Returns: what `act` returns.

        Raises:
            Stop, and whatever `act` raises.
        """
        done = threading.Event()
        made: list[T] = []
        raised: list[BaseException] = []

        def work() -> None:
            try:
                made.append(act())
            except BaseException as error:
                raised.append(error)
            finally:
                done.set()

        before = self.state.get("message", "")
        threading.Thread(target=work, daemon=True).start()
        if not done.wait(QUIET_SECONDS):
            # `act` may itself say what it is at, and more precisely.
            if self.state.get("message", "") == before:
                self.state["message"] = message
            self.beat(force=True)
            while not done.wait(POLL_SECONDS):
                self.beat()
                if is_stoppable:
                    self.heed_stop()
            self.state["message"] = before
            self.beat(force=True)
        if raised:
            raise raised[0]
        return made[0]

    def persist(self, write: Callable[[], T]) -> T:
        """Do a write; while the disk is full or read-only the run is paused and says so, then the write is
        repeated.
        """
        done, has_waited = self._write_patiently(write)
        while has_waited:
            # The write may have been that of the state, which then says that the disk is full.
            _, has_waited = self._write_patiently(lambda: write_state(self.folder, self.state, durable=True))
        return done

    def _write_patiently(self, write: Callable[[], T]) -> tuple[T, bool]:
        """What the write returned, and whether it had to wait for space."""
        # A write that makes its folders would begin a second, broken run where this one was.
        if not self.folder.path.is_dir():
            raise FolderGone
        try:
            return write(), False
        except OSError as error:
            if error.errno not in DISK_ERRORS:
                raise
            with self.disk_lock:
                return self._wait_and_write(write, error), True

    def _wait_and_write(self, write: Callable[[], T], error: OSError) -> T:
        status, message = self.state["status"], self.state["message"]
        was_active = self.active_since is not None
        self.stop_clock()
        self._tell_disk(error)
        while True:
            self._sleep_for_disk()
            try:
                done = write()
                break
            except OSError as again:
                if again.errno not in DISK_ERRORS:
                    raise
        self._take_reserve()
        self.note(status=status, message=message)
        if was_active:
            self.start_clock()
        return done

    def _tell_disk(self, error: OSError) -> None:
        with contextlib.suppress(OSError):  # on a read-only disk, deleting files makes no room
            (self.folder.path / "reserve").unlink(missing_ok=True)
        self.state |= {
            "status": "paused",
            "message": tr("The disk is read-only. Training continues as soon as there is space.")
            if error.errno == errno.EROFS
            else tr("The disk is full. Training continues as soon as there is space."),
        }

    def _sleep_for_disk(self) -> None:
        self.state["beat"] += 1
        try:
            write_state(self.folder, self.state)
        except OSError:
            print("the state cannot be written either", flush=True)
        self.waiting += self._receive()
        if any(r["action"] == "stop" for r in self.waiting) and not self.is_ending:
            raise Stop(tr("stopped while the disk was full"))
        time.sleep(0.5)

    def _take_reserve(self) -> None:
        try:
            (self.folder.path / "reserve").write_bytes(bytes(RESERVE_BYTES))
        except OSError:
            (self.folder.path / "reserve").unlink(missing_ok=True)

    # Time that training took, pauses left out; monotonic, so a clock that jumps changes nothing

    def elapsed(self) -> float:
        since = 0.0 if self.active_since is None else time.monotonic() - self.active_since
        return self.active_seconds + since

    def start_clock(self) -> None:
        if self.active_since is None:
            self.active_since = time.monotonic()

    def stop_clock(self) -> None:
        self.active_seconds, self.active_since = self.elapsed(), None

    # Requests

    def obey(self, session: Trained, *, is_epoch_end: bool = False) -> None:
        """Take waiting requests; returns when the run may continue. Raises Stop."""
        if is_epoch_end and self.step_from is not None and session.epoch > self.step_from:
            self.is_paused, self.step_from = True, None
        self._take(session)
        if not self.is_paused:
            return
        self.stop_clock()
        session.save()
        self.set_status("paused", message="", frees_slot=True)
        while self.is_paused:
            time.sleep(POLL_SECONDS)
            self._take(session)
            self.beat()
        self.set_status("running", frees_slot=False)
        self.start_clock()

    def heed_stop(self) -> None:
        """Before there is anything to save: other requests wait for the first step. Raises Stop."""
        self.waiting += self._receive()
        for request in self.waiting:
            if request["action"] == "stop":
                raise Stop(why_stopped(request))

    def _receive(self) -> list[Request]:
        """Requests that came; of what was ignored a notice."""
        requests, refused = receive(self.folder)
        for reason in refused:
            self.notice(reason)
        return requests

    def notice(self, text: str) -> None:
        """Keep a notice with the run; the last ten stay."""
        self.state["notices"] = [*self.state["notices"], text][-10:]
        print(text, flush=True)

    def hold(self) -> None:
        """Before there is anything to save: wait while a person has paused the run. Raises Stop.

        The requests stay for the first step, which then finds the run as it was left.
        """
        if not self._is_held():
            return
        before, message = self.state["status"], self.state["message"]
        self.set_status("paused", message=message)
        while self._is_held():
            time.sleep(POLL_SECONDS)
            self.beat()
            self.heed_stop()
        self.set_status(before, message=message)

    def _is_held(self) -> bool:
        asked = [r["action"] for r in self.waiting if r["action"] in ("pause", "resume", "step")]
        return bool(asked) and asked[-1] == "pause"

    def _take(self, session: Trained) -> None:
        requests, self.waiting = [*self.waiting, *self._receive()], []
        for request in requests:
            action = request["action"]
            if action == "stop":
                session.save()
                raise Stop(why_stopped(request))
            if action == "set":
                session.set_live(request["name"], request["value"])
                self.beat(force=True)
            elif action == "pause":
                self.is_paused = True
            else:
                self.is_paused = False
                self.step_from = session.epoch if action == "step" else None


def why_stopped(request: Request) -> str:
    return request.get("reason") or tr("stopped by hand")


def begun_state(folder: RunFolder) -> RunState:
    """The state that the worker continues from. Raises RunError, DamagedFile."""
    state = parse_state(folder.state)
    if state is None:
        raise RunError(tr("There is no run {id!r}.").format(id=folder.id), code="no-run")
    return state


def open_metrics(folder: RunFolder, until_step: int | None) -> MetricsWriter:
    return MetricsWriter(folder.metrics, until_step=until_step)


def read_changes(folder: RunFolder) -> list[ChangeRow]:
    """Live changes of settings, in the order in which they took effect."""
    rows = read_rows(folder.path / "changes.jsonl")
    return sorted((cast("ChangeRow", row) for row in rows if is_change(row)), key=lambda row: row["step"])


def is_change(row: Row) -> bool:
    """Whether a row names a live setting and a value that it takes."""
    try:
        check_live_setting(str(row.get("name")), row.get("value"))
    except StudioError:
        return False
    return True
