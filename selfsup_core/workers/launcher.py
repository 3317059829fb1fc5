"""How a worker is started: the seam between the supervisor and where work is done.

`local` forks the supervisor, which has imported torch but never computed with it, so a run starts in a blink;
where fork does not exist a new interpreter is started. `ray_launcher.py` starts them on a cluster.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Protocol, TypeVar

from selfsup_core.environment import REMOTE_KEY, without_secrets
from selfsup_core.errors import StudioError
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.processes import (
    Identity,
    command_line,
    give_way,
    is_alive,
    start_time,
    writes_to,
)
from selfsup_core.runs.spec import read_spec
from selfsup_core.shared import person_of
from selfsup_core.workers.log import write_what_fits

NICENESS = 10


# A worker as its launcher knows it: number of a process of this machine, or name of a place elsewhere.
Handle = int | str
NO_FOLDER = 5  # exit code: the machine does not have the run's folder


H = TypeVar("H")  # a worker as a launcher knows it


class Launcher(Protocol[H]):
    def waits_for(self, folder: RunFolder) -> str:
        """Why a run cannot be started now, in words; "" when it can."""
        ...

    def start(self, folder: RunFolder) -> H:
        """Start a worker."""
        ...

    def has_begun(self, worker: H) -> bool:
        """False while a worker that was started has no place yet."""
        ...

    def is_alive(self, worker: H) -> bool:
        """Of a worker that this launcher started, or that it recognizes."""
        ...

    def exit_code(self, worker: H) -> int | None:
        """With what a worker ended that this launcher started, below zero for a signal; None where that is
        not known.
        """
        ...

    def was_lost(self, worker: H) -> bool:
        """Whether a worker ended because its machine was lost, so that its run may go on elsewhere."""
        ...

    def recognizes(self, worker: Identity, folder: RunFolder) -> bool:
        """Whether a process that a state names is that run's worker without doubt."""
        ...

    def kill(self, worker: H) -> None: ...


def handle_of(worker: Identity) -> tuple[Handle, float | None]:
    """A worker that a state names, as its launcher knows it, and when its process started here."""
    place = worker.get("place", "")
    return (place, None) if place else (worker["pid"], worker["start"])


class LocalLauncher:
    """What both launchers of this machine have in common."""

    def waits_for(self, folder: RunFolder) -> str:
        return ""

    def has_begun(self, worker: int) -> bool:
        return True

    def was_lost(self, worker: int) -> bool:
        return False

    def recognizes(self, worker: Identity, folder: RunFolder) -> bool:
        return is_worker(worker, folder)


class ForkLauncher(LocalLauncher):
    """Forks this process. Nothing may have computed in it: a child forked after a matrix product hangs.

    Args:
        key: of the remote endpoint, for workers that ask it.
    """

    def __init__(self, key: str = "") -> None:
        self.key = key
        self.codes: dict[int, int] = {}

    def start(self, folder: RunFolder) -> int:
        pid = os.fork()
        if pid:
            self.codes.pop(pid, None)
            return pid
        code = 1
        try:
            become_worker(folder)
            if self.key and may_ask_remote(folder):
                os.environ[REMOTE_KEY] = self.key
            self.key = ""
            from selfsup_core.workers.worker import main

            code = main(str(folder.path))
        finally:
            # Without Python's own exit: the parent's handlers and buffers are not the child's to run.
            os._exit(code)
        raise AssertionError("unreachable")

    def is_alive(self, pid: int) -> bool:
        try:
            ended, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            return start_time(pid) is not None
        if ended:
            self.codes[pid] = os.waitstatus_to_exitcode(status)
        return not ended

    def exit_code(self, pid: int) -> int | None:
        return self.codes.get(pid)

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)


def become_worker(folder: RunFolder) -> None:
    """Cut the ties to the parent: session, signals, open files (its lock among them), output, priority."""
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    try:
        log = os.open(folder.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError:  # no space for a new file: the run can wait for some, but not say so here
        log = os.open(os.devnull, os.O_WRONLY)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    write_what_fits()
    os.closerange(3, 1024)
    give_way(NICENESS)


class SpawnLauncher(LocalLauncher):
    """Starts a new interpreter: some seconds slower, but works everywhere."""

    def __init__(self, key: str = "") -> None:
        self.key = key
        self.children: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, folder: RunFolder) -> int:
        flags = 0
        if sys.platform == "win32":
            flags = subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NO_WINDOW
        added = {REMOTE_KEY: self.key} if self.key and may_ask_remote(folder) else {}
        with open(folder.log, "ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "selfsup_core.workers.worker", str(folder.path)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                creationflags=flags,
                env=without_secrets(**added),
            )
        self.children[child.pid] = child
        return child.pid

    def is_alive(self, pid: int) -> bool:
        child = self.children.get(pid)
        return child.poll() is None if child else start_time(pid) is not None

    def exit_code(self, pid: int) -> int | None:
        child = self.children.get(pid)
        return child.poll() if child else None

    def kill(self, pid: int) -> None:
        child = self.children.get(pid)
        if child:
            child.kill()
        else:
            os.kill(pid, signal.SIGTERM)


def is_worker(worker: Identity, folder: RunFolder) -> bool:
    """By pid, start time and command line, and by what is this run's own: its log, or its folder on the
    command line.
    """
    if worker.get("place"):
        return False  # on another machine: the pid is not one of this one's
    words = command_line(worker["pid"])
    is_program = any(word.startswith("selfsup_core.workers.") for word in words)
    if not is_program or not is_alive(worker["pid"], worker["start"]):
        return False
    return writes_to(worker["pid"], folder.log) or str(folder.path) in words


def may_ask_remote(folder: RunFolder) -> bool:
    """Whether the remote endpoint proposes labels in a run; never for the people of a room, whose key it is
    not.
    """
    if person_of(folder.workspace):
        return False
    try:
        spec = read_spec(folder.spec)
    except (StudioError, OSError):
        return False  # the worker says what is wrong with it
    return "remote" in getattr(spec.objective, "proposers", ())


def local_launcher(key: str = "") -> Launcher[int]:
    return ForkLauncher(key) if hasattr(os, "fork") and sys.platform != "darwin" else SpawnLauncher(key)
