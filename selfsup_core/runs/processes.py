"""Helper processes: started so that they outlive their parent, and told from others that have their pid by
now.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Annotated, NotRequired, TypeVar

from pydantic import Field
from typing_extensions import TypedDict

from selfsup_core.environment import without_secrets
from selfsup_core.files import read_shaped

LARGEST_PID = 2**31 - 1
PLACE = "SELFSUP_PLACE"  # tells a worker what its launcher calls it
WATCH_SECONDS, ORPHANED = 0.5, 4
AUTOGROUP_SECONDS, AUTOGROUP_TRIES = 0.11, 3
GIVE_WAY = "SELFSUP_GIVE_WAY"
Pid = Annotated[int, Field(ge=1, le=LARGEST_PID)]


class Identity(TypedDict):
    """A process, so that it can be told from others that have its pid by now.

    place: what a launcher calls a worker on another machine, where its pid says nothing here.
    """

    pid: Pid
    start: float | None
    place: NotRequired[Annotated[str, Field(max_length=200)]]


class ServerAbout(Identity):
    """What every helper process writes of itself. workspace: the folder that it serves; a copy of it is
    another.
    """

    workspace: str
    fingerprint: str


S = TypeVar("S", bound=ServerAbout)


def start_time(pid: int) -> float | None:
    """When a process started, in the system's own ticks or seconds; None when there is no such process.

    On Linux the kernel's tick count is read directly: it does not move when the clock is set.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rsplit(b")", 1)[1].split()
        return None if fields[0] in (b"Z", b"X") else float(fields[19])
    except (FileNotFoundError, ProcessLookupError):
        if os.path.isdir("/proc/self"):
            return None
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def is_alive(pid: int, start: float | None) -> bool:
    """Whether the process with this pid is the one that started then; never so where it is not known when."""
    found = start_time(pid)
    return found is not None and start is not None and abs(found - start) < 1e-3


def command_line(pid: int) -> list[str]:
    """The words that a process was started with; empty when there is none, or it may not be asked."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        if os.path.isdir("/proc/self"):
            return []
    import psutil

    try:
        return list(psutil.Process(pid).cmdline())
    except psutil.Error:
        return []


def memory_kills() -> int | None:
    """How many processes this system has ended because memory ran out, since it started; None where it does
    not say (Linux does).
    """
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)


# SIGKILL: as a parent sees it, and as a shell or a container tells it.
KILLED = (-9, 137)
# STATUS_NO_MEMORY and STATUS_COMMITMENT_LIMIT of Windows, as it gives them and as numbers with a sign.
NO_MEMORY_CODES = tuple(c - s for c in (0xC0000017, 0xC000012D) for s in (0, 2**32))


def writes_to(pid: int, path: Path) -> bool:
    """Whether the output of a process goes to this very file."""
    try:
        return os.path.samefile(f"/proc/{pid}/fd/1", path)
    except OSError:
        return False


def identity() -> Identity:
    """This process, to be written down and asked for later."""
    return {"pid": os.getpid(), "start": start_time(os.getpid())}


def worker_identity() -> Identity:
    """This process as the worker of a run."""
    found = identity()
    if place := os.environ.get(PLACE, ""):
        found["place"] = place
    return found


def leave_with(parent: int) -> None:
    """From now on this process ends soon after its parent, whatever it is doing."""
    start = start_time(parent)

    def watch() -> None:
        while is_alive(parent, start):
            time.sleep(WATCH_SECONDS)
        os._exit(ORPHANED)

    threading.Thread(target=watch, daemon=True).start()


def serves(workspace: Path, fingerprint: str) -> ServerAbout:
    """What this process says of itself as the helper of a workspace."""
    me = identity()
    folder = str(workspace.resolve())
    return {"pid": me["pid"], "start": me["start"], "workspace": folder, "fingerprint": fingerprint}


def who_serves(home: Path, module: str, shape: type[S]) -> S | None:
    """What a helper process of this workspace wrote of itself into `home`/about.json, or None when it is not
    alive.

    A copied or moved workspace brings the file along: the process that it names serves another folder.
    """
    about = read_shaped(home / "about.json", shape)
    if about is None or not is_alive(about["pid"], about["start"]):
        return None
    try:
        is_here = os.path.samefile(about["workspace"], home.parent)
    except (OSError, ValueError):
        return None
    return about if is_here and module in command_line(about["pid"]) else None


def ask_to_leave(about: Identity | None, timeout: float) -> bool:
    """Ask a helper process to leave, and wait for its end at most so many seconds. False when there is
    none.
    """
    if about is None:
        return False
    os.kill(about["pid"], signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while is_alive(about["pid"], about["start"]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return True


def give_way(niceness: int) -> None:
    """Let processes of other sessions have the processor first, a browser's and the server's above all.

    Linux shares it among sessions before it looks at the niceness of their processes (`autogroup` in
    sched(7)): a process that leads a session of its own would still get half of a core. So the session gets
    the niceness, too.

    `SELFSUP_GIVE_WAY=off` switches it off, for machines that do nothing else than train.
    """
    if not hasattr(os, "nice") or os.environ.get(GIVE_WAY) == "off":
        return
    with contextlib.suppress(OSError):
        os.nice(niceness)
    autogroup = Path("/proc/self/autogroup")
    for _ in range(AUTOGROUP_TRIES):
        try:
            if os.getsid(0) == os.getpid() and autogroup.exists():
                autogroup.write_text(str(niceness))
        except BlockingIOError:  # one change in a tenth of a second, of all processes
            time.sleep(AUTOGROUP_SECONDS)
        except OSError:
            return
        else:
            return


def start_detached(
    module: str, workspace: Path, home: Path, *arguments: str, told: str = "", **environment: str
) -> None:
    """Start `python -m module workspace` so that it outlives this process; its words go to `home`/log.txt.

    Args:
        told: what it reads on its input: unlike its environment, that can be looked up nowhere.
    """
    home.mkdir(parents=True, exist_ok=True)
    quiet = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"}
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
    root = str(Path(__file__).parent.parent.parent)
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    with open(home / "log.txt", "ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(workspace), *arguments],
            stdin=subprocess.PIPE if told else subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            close_fds=True,
            env=without_secrets(**(quiet | {"PYTHONPATH": path} | environment)),
            start_new_session=sys.platform != "win32",
            creationflags=flags,
        )
    if process.stdin:
        with contextlib.suppress(OSError), process.stdin:  # one that left at once needs nothing
            process.stdin.write(told.encode())
