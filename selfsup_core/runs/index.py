"""States of many runs without reading each file again: kept by the time, size and inode of the files that
they were read from, in this process and, for the next one, in `runs/.index.json`.

The index is only a copy: one that is missing, damaged or of another version is made again.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from threading import Lock
from typing import Any, cast

from cachetools import LRUCache

from selfsup_core import __version__
from selfsup_core.files import parse_json, write_bytes
from selfsup_core.runs.labels import FILE as LABELS
from selfsup_core.runs.state import RunState, parse_state

FILE = ".index.json"
MOST_BYTES = 200_000_000
MOST_WORKSPACES = 64  # of a room
# A file that was written a moment ago may be written again within the same tick of the file system's clock.
FRESH_NS = 2_000_000_000
WORTH_KEEPING = 200  # states that were read anew

Key = list[int]


class Index:
    """The states of one folder of runs."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs
        self.lock = Lock()
        self.known: dict[str, tuple[Key, RunState]] = read_index(runs / FILE)
        self.new = 0

    def read(self, name: str) -> RunState | None:
        """The state of a run as it stands on disk, None when there is none.

        Raises:
            DamagedFile: says what is wrong with it.
        """
        folder = f"{self.runs}/{name}"
        key = key_of(folder)
        kept = self.known.get(name)
        if kept and key and kept[0] == key:
            return cast("RunState", dict(kept[1]))  # callers correct what they get
        self.known.pop(name, None)
        state = parse_state(self.runs / name / "state.json")
        if state is not None and key and is_settled(key):
            self.known[name] = (key, state)
            self.new += 1
            return cast("RunState", dict(state))
        return state

    def keep(self, names: list[str]) -> None:
        """After a look at all runs: forget those that are gone and, if it is worth it, write the index."""
        with self.lock:
            if len(self.known) > len(names):
                there = set(names)
                self.known = {name: kept for name, kept in self.known.items() if name in there}
            if self.new < WORTH_KEEPING:
                return
            self.new = 0
            write_index(self.runs / FILE, dict(self.known))


def key_of(folder: str) -> Key | None:
    """Time, size and inode of the state, then of the labels; None without a state."""
    key: Key = []
    for name in ("state.json", LABELS):
        try:
            status = os.stat(f"{folder}/{name}", follow_symlinks=False)
        except OSError:
            if name == LABELS:
                return [*key, 0, 0, 0]
            return None
        key += [status.st_mtime_ns, status.st_size, status.st_ino]
    return key


def is_settled(key: Key) -> bool:
    return max(key[0], key[3]) < time.time_ns() - FRESH_NS


def read_index(path: Path) -> dict[str, tuple[Key, RunState]]:
    try:
        if os.path.getsize(path) > MOST_BYTES:
            return {}
        found: Any = parse_json(path.read_bytes())
        if found["version"] != __version__:
            return {}
        return {
            name: (key, cast("RunState", state))
            for name, (key, state) in found["runs"].items()
            if isinstance(state, dict) and state.get("run") == name
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def write_index(path: Path, known: dict[str, tuple[Key, RunState]]) -> None:
    import json

    blob = json.dumps({"version": __version__, "runs": known}, separators=(",", ":")).encode()
    with contextlib.suppress(OSError):  # a full or read-only disk: the next process reads the files
        write_bytes(path, blob)


_indexes: LRUCache[Path, Index] = LRUCache(MOST_WORKSPACES)
_lock = Lock()


def index_of(runs: Path) -> Index:
    """The index of a folder of runs; one for all threads of this process."""
    with _lock:
        found = _indexes.get(runs)
        if found is None:
            found = _indexes[runs] = Index(runs)
        return found


def forget() -> None:
    """Begin as a new process does; for tests and benchmarks."""
    with _lock:
        _indexes.clear()
