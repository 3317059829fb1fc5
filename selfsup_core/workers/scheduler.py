"""Which run is started when, and whether those that run are well: the part of the supervisor that decides.

It keeps no process of its own alive (`supervisor.py` does) and takes clock and launcher from outside, so that
tests play it.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from selfsup_core.data.sources import find_source
from selfsup_core.errors import RunError, StudioError
from selfsup_core.files import require_plain, sweep
from selfsup_core.room.line import Line
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
from selfsup_core.runs.memory_left import lacks_now
from selfsup_core.runs.processes import KILLED, NO_MEMORY_CODES, is_alive, memory_kills
from selfsup_core.runs.queue import WAITING, QueueEntry, enqueue, list_queue, withdraw
from selfsup_core.runs.state import RunState
from selfsup_core.runs.trash import empty_old
from selfsup_core.shared import person_of
from selfsup_core.train.memory import says_no_memory
from selfsup_core.translation import tr
from selfsup_core.workers.launcher import NO_FOLDER, Handle, Launcher, handle_of
from selfsup_core.workers.lost import go_on_elsewhere
from selfsup_core.workers.turns import Asked, Turns

LAST_WORDS = 2000  # bytes of a log
SILENT_SECONDS = 30.0
HEARING_SECONDS = 2.0
KILL_SECONDS = 300.0
WAIT_SECONDS = 1.0  # how often a run that waits for memory or a place is looked at
MOST_PAUSED = 1  # workers that a person of a room may keep paused while another run of theirs begins


@dataclass
class Watched:
    """A worker that is being watched, by the scheduler's own steady clock."""

    folder: RunFolder
    owner: str
    pid: Handle
    beat: int
    changed: float
    start: float | None = None
    is_silent: bool = False
    is_paused: bool = False  # by a person: it keeps its worker, but not its slot
    let_on: float = float("-inf")  # when it was last told to continue
    memory_kills: int | None = None  # of the system, when it was last seen alive
    is_ended: bool = False  # by this supervisor


class Scheduler:
    """One pass of `turn` starts what may start and looks after what runs.

    Args:
        capacity: how many runs may run at once; one per owner. An open room says it itself.
        clock: monotonic seconds, replaced by tests.
    """

    def __init__(
        self,
        workspace: Path,
        launcher: Launcher[Any],
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
        self.turns = Turns(workspace)
        self.watched: dict[str, Watched] = {}  # by label: the run's id, of a room's people with the person
        self.no_place: dict[str, float] = {}  # label → when memory or a place was last asked for
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
        """Do something for one run; what goes wrong with it must not hold up the others, and is tried
        again.
        """
        try:
            act()
        except (OSError, StudioError) as error:
            self.has_failed = True
            if self.said.get(run) is not type(error):  # once, not every second
                self.said[run] = type(error)
                print(f"{run}: {type(error).__name__}: {error}; trying again", flush=True)

    def recover(self) -> None:
        """After a crash of an earlier supervisor: adopt living workers, mark dead ones, queue what was
        lost.
        """
        for workspace in self.turns.workspaces():
            waiting = {entry["run"] for entry in list_queue(workspace)}
            for state in list_states(workspace):
                self.turns.paces.learn(state)
                folder = RunFolder(workspace / "runs" / state["run"])
                if (label := self.turns.label(folder)) not in self.watched:
                    self._apart(label, partial(self._take_up, folder, state, state["run"] in waiting))
            empty_old(workspace)
            if not self.has_swept:
                sweep_workspace(workspace)
        self.has_swept = True

    def _take_up(self, folder: RunFolder, state: RunState, is_waiting: bool) -> None:
        worker = state["worker"]
        if state["status"] == "interrupted" and worker:
            self._mark_dead(folder)
        elif state["status"] in WORKING and worker:
            # What a state names may be anybody's process: it comes from a copy, or from before a restart.
            if self.launcher.recognizes(worker, folder):
                who = self.turns.who(folder.workspace, state["owner"])
                self._watch(folder, who, *handle_of(worker), is_adopted=True)
            else:
                self._mark_dead(folder)
        elif state["status"] in ("queued", *WORKING) and not is_waiting:
            update_state(folder, status="queued", message=WAITING)
            enqueue(folder, state["owner"])

    def turn(self) -> None:
        """Look after the workers, then start what may start."""
        for run in list(self.watched):
            self._apart(run, partial(self._look_after, run))
        queue = self.turns.waiting()
        if queue or self.watched:
            self.last_work = self.clock()
        about = self.turns.about()
        capacity = about["capacity"] if about else self.capacity
        while sum(not watched.is_paused for watched in self.watched.values()) < capacity:
            asked = self.turns.next(*self._startable(queue))
            if asked is None:
                return
            queue.remove(asked)
            self._apart(asked.label, partial(self._start, asked))

    def line(self) -> Line:
        """Who waits, in the order of their turns."""
        about = self.turns.about()
        working = {
            label: (watched.owner, watched.folder)
            for label, watched in self.watched.items()
            if not watched.is_paused
        }
        capacity = about["capacity"] if about else self.capacity
        queue = self.turns.waiting()
        return self.turns.line(queue, working, capacity, self._held(queue))

    def _startable(self, queue: list[Asked]) -> tuple[list[Asked], set[str]]:
        """(requests that may be met, whose turn it cannot be)."""
        working = {watched.owner for watched in self.watched.values() if not watched.is_paused}
        held = self._held(queue)
        return [asked for asked in queue if asked.label not in held], working

    def _held(self, queue: list[Asked]) -> dict[str, int]:
        """Label of what cannot start yet → how many workers its owner keeps paused: in a room, who keeps some
        begins no more runs.
        """
        paused = Counter(
            watched.owner
            for watched in self.watched.values()
            if watched.is_paused and person_of(watched.folder.workspace)
        )
        return {
            asked.label: paused[asked.who]
            for asked in queue
            if asked.label not in self.watched and paused[asked.who] > MOST_PAUSED
        }

    def _start(self, asked: Asked) -> None:
        folder = asked.folder
        if asked.label in self.watched:
            self._let_on(self.watched[asked.label], asked.entry)
            return
        state = sound_state(folder)
        if not state or state["status"] != "queued":
            withdraw(folder)
            return
        if self._has_to_wait(asked, state):
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
        update_state(folder, status="starting", message=tr("Starting."))
        pid = self.launcher.start(folder)
        self.turns.take(asked.who)
        self._watch(folder, asked.who, pid)

    def _has_to_wait(self, asked: Asked, state: RunState) -> bool:
        """Whether a run has to wait for memory or for a place, until others have ended; it then says so."""
        if self.clock() - self.no_place.get(asked.label, float("-inf")) < WAIT_SECONDS:
            return True
        why = self.launcher.waits_for(asked.folder)
        if not why and person_of(asked.folder.workspace):
            why = lacks_now(state, find_source(state["source"], asked.folder.workspace))
        if not why:
            self.no_place.pop(asked.label, None)
            return False
        self.no_place[asked.label] = self.clock()
        if state["message"] != why:
            update_state(asked.folder, message=why)
        return True

    def _let_on(self, watched: Watched, entry: QueueEntry) -> None:
        """Tell a paused worker, whose turn it is, to continue."""
        if withdraw(watched.folder) and watched.is_paused:
            deliver(watched.folder, {"action": entry.get("action", "resume")})
            watched.is_paused, watched.let_on = False, self.clock()
            self.turns.take(watched.owner)

    def _watch(
        self,
        folder: RunFolder,
        owner: str,
        pid: Handle,
        start: float | None = None,
        *,
        is_adopted: bool = False,
    ) -> None:
        watched = Watched(folder, owner, pid, -1, self.clock(), start, memory_kills=memory_kills())
        state = sound_state(folder) if is_adopted else None
        watched.is_paused = bool(state and state["status"] == "paused" and state.get("frees_slot"))
        self.watched[self.turns.label(folder)] = watched

    def _look_after(self, run: str) -> None:
        watched = self.watched[run]
        now = self.clock()
        # An adopted worker is no one's child: its pid may be another process by now.
        is_same = watched.start is None or is_alive(int(watched.pid), watched.start)
        if not is_same or not self.launcher.is_alive(watched.pid):
            del self.watched[run]
            if self.launcher.was_lost(watched.pid) and not watched.is_ended:
                go_on_elsewhere(watched.folder)
            self._mark_dead(watched.folder, INTERRUPTED if watched.is_ended else self._why(watched))
            if state := sound_state(watched.folder):
                self.turns.paces.learn(state)
            return
        silence = now - watched.changed
        if silence < 0.5:
            return  # looked at it a moment ago
        watched.memory_kills = memory_kills()
        if not self.launcher.has_begun(watched.pid):
            watched.changed = now
        state = sound_state(watched.folder)
        beat = state["beat"] if state else -1
        # What it wrote before it has heard that it may continue says nothing.
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
        """What to say of a worker that was not ended by us.

        That the system killed it for lack of memory is certain where it counts another such kill in this
        moment, as Linux does. Elsewhere a kill, or an exit that says so, makes it likely.
        """
        code, before, now = self.launcher.exit_code(watched.pid), watched.memory_kills, memory_kills()
        if code == NO_FOLDER:
            return tr(
                "The node that was to train this run has no such folder. The workspace must be at the same "
                "path on every node of the cluster."
            )
        if code in KILLED and before is not None and now is not None:
            return NO_MEMORY if now > before else INTERRUPTED
        if code in (*KILLED, *NO_MEMORY_CODES):
            return LIKELY_NO_MEMORY
        return LIKELY_NO_MEMORY if code and lacks_memory_at_end(watched.folder.log) else INTERRUPTED

    def _is_ours(self, watched: Watched) -> bool:
        """Whether it is proven that the process is this run's worker: a child of our own, or one that we know
        again.
        """
        if watched.start is None:
            return True
        return self.launcher.recognizes({"pid": int(watched.pid), "start": watched.start}, watched.folder)

    def _mark_dead(self, folder: RunFolder, message: str = INTERRUPTED) -> None:
        """A worker has ended: unless it said how, it was interrupted."""
        if not folder.exists():
            return
        # A person may resume it in this very moment: whoever comes second must see what the first has
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
        *(p for p in (workspace / "sweeps").glob("*") if not p.is_symlink()),
    ):
        sweep(folder)


def lacks_memory_at_end(log: Path) -> bool:
    """Whether the last words of a worker that left with an error were of memory: it could not even write its
    state.
    """
    try:
        size = require_plain(log).st_size  # before it is opened: a pipe would be waited for
        with open(log, "rb") as file:
            file.seek(-min(LAST_WORDS, size), os.SEEK_END)
            return says_no_memory(file.read().decode("utf-8", "replace"))
    except OSError:
        return False
