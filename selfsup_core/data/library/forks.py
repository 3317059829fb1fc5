"""Children forked by a prepared process (`prepared.py`), which is started on first use and ends by itself."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from selfsup_core.data.library.prepared import Request, is_ready
from selfsup_core.data.library.turns import POLL_SECONDS

PREPARED = "selfsup_core.data.library.prepared"
IDLE_SECONDS = 60.0  # without a job, after which a prepared process ends
MOST_SECONDS = 60.0  # that its imports may take; a new interpreter does the job then
UNKNOWN = -9  # the code of a child whose prepared process was killed; it is said to have been so, too
AT_START = ("PYTHON", "LD_")  # how variables begin that an interpreter reads only when it starts


class Forked:
    """A child of a prepared process, with the methods of a Popen that are used of one.

    Args:
        handle: of the process, which never means another one (pidfd).
        told: where its end is told.
        stdin: closed, it ends the child.
    """

    def __init__(self, pid: int, handle: int, told: socket.socket, stdin: IO[bytes]) -> None:
        self.pid, self.handle, self.told, self.stdin = pid, handle, told, stdin
        self.code: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """The code with which it has ended. Raises subprocess.TimeoutExpired."""
        if self.code is None:
            self._listen(timeout)
        if self.code is None:
            raise subprocess.TimeoutExpired(PREPARED, timeout or 0.0)
        return self.code

    def poll(self) -> int | None:
        if self.code is None:
            self._listen(0.0)
        return self.code

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)
        is_ready(self.handle, None)
        self._end(-signal.SIGKILL)

    def _listen(self, seconds: float | None) -> None:
        if not is_ready(self.told.fileno(), seconds):
            return
        if said := self.told.recv(64):
            self._end(int(said))
        elif is_ready(self.handle, seconds):
            self._end(UNKNOWN)

    def _end(self, code: int) -> None:
        self.code = code
        self.told.close()
        os.close(self.handle)


@dataclass
class Prepared:
    """A prepared process, for jobs of the module and the environment that it was started with."""

    process: subprocess.Popen[bytes]
    jobs: socket.socket
    kind: tuple[object, ...]
    environment: dict[str, str]


_lock = threading.Lock()
_current: Prepared | None = None


@cache
def can_fork() -> bool:
    """Whether this system can fork safely, and has handles of processes (Linux 5.3 and later)."""
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


def fork_prepared(
    module: str, job: Path, environment: dict[str, str], log: IO[bytes], look: Callable[[], None]
) -> Forked | None:
    """Have a child forked that does a job; None where that is not possible, or its process has died.

    Args:
        look: is called several times a second while libraries are imported; what it raises ends the job.
    """
    if not can_fork():
        return None
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    given, giving = os.pipe()
    stdin = os.fdopen(giving, "wb", buffering=0)
    forked = None
    try:
        asked = send(module, job, environment, [given, log.fileno(), theirs.fileno()])
        os.close(given)
        theirs.close()
        if asked:
            forked = await_fork(asked, mine, stdin, look)
    finally:
        if forked is None:
            mine.close()
            stdin.close()
    return forked


def send(module: str, job: Path, environment: dict[str, str], handles: list[int]) -> Prepared | None:
    """Send a job to the prepared process, or to a new one where there is none; None where there can be
    none.
    """
    global _current
    try:
        at_start = sorted(item for item in environment.items() if item[0].startswith(AT_START))
        kind = (os.getpid(), sys.executable, module, os.getcwd(), *at_start)
        with _lock:
            if _current is None or _current.kind != kind or _current.process.poll() is not None:
                forget(_current)
                _current = start(module, environment, kind)
            try:
                send_to(_current, job, environment, handles)
            except ConnectionError:  # it has just ended, having had nothing to do
                forget(_current)
                _current = start(module, environment, kind)
                send_to(_current, job, environment, handles)
            return _current
    except OSError:
        return None


def start(module: str, environment: dict[str, str], kind: tuple[object, ...]) -> Prepared:
    jobs, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", PREPARED, module, str(IDLE_SECONDS)],
                env=environment,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except OSError:
            jobs.close()
            raise
    # It ends when nobody looks, and would stay a zombie.
    threading.Thread(target=process.wait, name="end of a prepared process", daemon=True).start()
    return Prepared(process, jobs, kind, environment)


def send_to(prepared: Prepared, job: Path, environment: dict[str, str], handles: list[int]) -> None:
    before = prepared.environment
    changed: dict[str, str | None] = dict.fromkeys(before.keys() - environment.keys())
    changed |= {name: value for name, value in environment.items() if before.get(name) != value}
    request: Request = {"job": str(job), "environment": changed}
    socket.send_fds(prepared.jobs, [json.dumps(request).encode()], handles)


def forget(prepared: Prepared | None) -> None:
    """Let a prepared process end, once its children have; another one is started for the next job."""
    global _current
    if prepared is not None:
        prepared.jobs.close()
        if _current is prepared:
            _current = None


def dismiss() -> None:
    """End the prepared process when its children have ended, and wait for that."""
    with _lock:
        ending = _current
        forget(ending)
    if ending is not None:
        ending.process.wait()


def await_fork(
    prepared: Prepared, told: socket.socket, stdin: IO[bytes], look: Callable[[], None]
) -> Forked | None:
    """Wait while a process prepares itself; None where it has died or takes too long."""
    deadline = time.monotonic() + MOST_SECONDS
    while not is_ready(told.fileno(), POLL_SECONDS):
        look()
        if time.monotonic() > deadline:
            prepared.process.kill()
            break
    else:
        said, handles, _, _ = socket.recv_fds(told, 64, 1, socket.MSG_CMSG_CLOEXEC)
        if said:
            return Forked(int(said), handles[0], told, stdin)
    with _lock:
        forget(prepared)
    return None
