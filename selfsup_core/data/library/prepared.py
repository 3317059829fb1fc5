"""The prepared process: it has imported what limited children need, has never computed, and forks one for
each job, so that a job begins at once.

`forks.py` starts `python -m selfsup_core.data.library.prepared MODULE SECONDS`. Its input is the socket on
which jobs come; it ends when that is closed, as it is when whoever asked dies, or after so many seconds
without a job.

Not multiprocessing's forkserver: that takes over the whole environment, keys included, imports its parent's
`__main__` into each child, and stays as long as its parent does.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Protocol, TypedDict, cast

from selfsup_core.data.library.turns import POLL_SECONDS
from selfsup_core.files import keep_private

MOST_BYTES = 1 << 16  # of a request


class Request(TypedDict):
    """A job to fork for. With it come three handles: the child's input, its log, and the socket that is told
    the child's pid, with a handle of the process, and later the code with which it has ended.

    Attributes:
        job: path of its JSON.
        environment: what differs from the environment that the prepared process was started with; None for
            what is no longer there.
    """

    job: str
    environment: dict[str, str | None]


class Work(Protocol):
    """A module that runs in a limited child."""

    def prepare(self, path: Path) -> None:
        """Import what a job needs; nothing may be computed, and no file of the job be read."""
        ...

    def main(self, path: Path) -> None: ...


class Forks:
    """The children at work, each with the socket that is told its end."""

    def __init__(self, prepare: Callable[[Path], None], idle_seconds: float) -> None:
        self.prepare, self.idle_seconds = prepare, idle_seconds
        self.jobs = socket.socket(fileno=0)
        self.children: dict[int, socket.socket] = {}
        self.idle_since = time.monotonic()
        # Ignored, for instance, where a shell has put this in the background.
        self.on_interrupt = signal.getsignal(signal.SIGINT)

    def next_job(self) -> Path | None:
        """A job, in the child that was forked for it; None in this process, at its end."""
        while True:
            if not is_ready(self.jobs.fileno(), self.patience()):
                if not self.children and self.patience() == 0:
                    return None
                continue
            said, handles, _, _ = socket.recv_fds(self.jobs, MOST_BYTES, 3)
            if not said:
                break
            request: Request = json.loads(said)
            if self.fork(Path(request["job"]), handles):
                return self.become_child(request, handles)
            for handle in handles[:2]:
                os.close(handle)
        while self.children:  # whose ends somebody still waits for
            time.sleep(POLL_SECONDS)
        return None

    def patience(self) -> float:
        """Seconds until this process has had nothing to do for long enough."""
        if self.children:
            return self.idle_seconds
        return max(0.0, self.idle_since + self.idle_seconds - time.monotonic())

    def fork(self, path: Path, handles: list[int]) -> bool:
        """Whether this is the child now."""
        asker = socket.socket(fileno=handles[2])
        # What cannot be imported is said by the child, which tries the same again.
        with contextlib.suppress(Exception):
            self.prepare(path)
        if is_ready(asker.fileno(), 0):  # closed: the job was cancelled meanwhile
            asker.close()
            return False
        gc.freeze()  # a collection in a child would copy the pages that it shares with this process
        try:
            pid = os.fork()
        except OSError:  # too many processes, or no memory
            asker.close()
            return False
        if pid == 0:
            asker.close()
            return True
        try:
            introduce(pid, asker)
        except OSError:  # cancelled this very moment, or too many files are open
            asker.close()
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return False
        self.children[pid] = asker
        self.reap()  # it may have ended before it was listed
        return False

    def reap(self, number: int = 0, frame: FrameType | None = None) -> None:
        """Tell the ends of children. Also called when one ends, in the midst of an import too."""
        for pid in list(self.children):
            try:
                ended, status = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:  # in the midst of telling the same
                continue
            if ended:
                asker = self.children.pop(pid)
                self.idle_since = time.monotonic()
                with contextlib.suppress(OSError):  # nobody waits for it any more
                    asker.send(str(os.waitstatus_to_exitcode(status)).encode())
                asker.close()

    def become_child(self, request: Request, handles: list[int]) -> Path:
        """Take what a new interpreter would have had: signals, input and output, environment, randomness."""
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, self.on_interrupt)
        for sibling in self.children.values():
            sibling.close()
        self.jobs.detach()  # its place is that of the child's own input
        given, log = handles[:2]
        for place, handle in enumerate((given, log, log)):
            os.dup2(handle, place)
        os.close(given)
        os.close(log)
        for name, value in request["environment"].items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if "numpy.random" in sys.modules:  # unlike `random`, it would draw the same in all children
            import numpy as np

            np.random.seed()
        return Path(request["job"])


def introduce(pid: int, asker: socket.socket) -> None:
    """Tell a child's pid, with a handle of it. Raises OSError."""
    handle = os.pidfd_open(pid)
    try:
        socket.send_fds(asker, [str(pid).encode()], [handle])
    finally:
        os.close(handle)


def is_ready(handle: int, seconds: float | None) -> bool:
    """Whether there is something to read within so many seconds, or nothing more will come."""
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(None if seconds is None else 1000 * seconds))


def main(module: str, idle_seconds: float) -> None:
    keep_private()
    work = cast("Work", import_module(module))
    forks = Forks(work.prepare, idle_seconds)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who asked, whose end is this one's
    signal.signal(signal.SIGCHLD, forks.reap)
    if job := forks.next_job():
        work.main(job)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)  # taking the libraries down has no use


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
