"""What limited children of tests do: `{"act": "tell", …}`, one of ACTS."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selfsup_core.data.library.limited import die_with_parent, lower_priority, set_limits
from selfsup_core.files import keep_private, write_json

MODULE = "tests.data.library.acts"
Values = dict[str, Any]


def tell(values: Values) -> Values:
    """All that a child takes over or sets."""
    import resource

    import numpy as np

    limits = ("AS", "CPU", "FSIZE", "CORE", "NOFILE", "STACK")
    os.umask(umask := os.umask(0))
    return {
        "environment": dict(os.environ),
        "cwd": os.getcwd(),
        "path": sys.path,
        "umask": umask,
        "niceness": os.nice(0),
        "limits": {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}")) for name in limits},
        "signals": [str(signal.getsignal(n)) for n in (signal.SIGINT, signal.SIGCHLD, signal.SIGTERM)],
        "handles": sorted(n for n in os.listdir("/proc/self/fd") if int(n) < 100),
        "threads": len(os.listdir("/proc/self/task")),
        "parent": os.getppid(),
        "drawn": [random.random(), np.random.rand()],
    }


def end(values: Values) -> None:
    os.kill(os.getpid(), values["signal"])


def leave(values: Values) -> None:
    print("printed")
    sys.exit(values["words"])


def fail(values: Values) -> None:
    raise ValueError("a mistake")


def hold(values: Values) -> None:
    held = bytearray(values["bytes"])
    wait(values | {"held": held})


def wait(values: Values) -> None:
    """Be waited for; whoever does learns this child's and its parent's pid."""
    write_json(Path(values["folder"]) / f"{os.getpid()}.json", [os.getpid(), os.getppid()])
    signal.pause()


def meet(values: Values) -> int:
    """Two children that are at work at once: each waits for the other to open the pipe."""
    way = os.O_RDONLY if values["reads"] else os.O_WRONLY
    os.close(os.open(values["pipe"], way))
    return os.getppid()


def spin(values: Values) -> None:
    while True:
        pass


ACTS: dict[str, Callable[[Values], Any]] = {
    act.__name__: act for act in (tell, end, leave, fail, hold, wait, meet, spin)
}


def prepare(path: Path) -> None:
    lower_priority()
    import numpy.random  # noqa: F401

    values = json.loads(path.read_bytes())
    if "aborts" in values:
        os.abort()
    if "begins" in values:
        Path(values["begins"]).touch()
    if "opens" in values:
        os.close(os.open(values["opens"], os.O_RDONLY))  # as soon as somebody writes


def main(path: Path) -> None:
    values = json.loads(path.read_bytes())
    die_with_parent(path.parent)
    set_limits(values.get("memory", 4_000_000_000), values.get("limit", 60))
    write_json(path.with_name("result.json"), {"value": ACTS[values["act"]](values)})


if __name__ == "__main__":
    keep_private()
    main(Path(sys.argv[1]))
