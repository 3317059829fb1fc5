"""States of many runs, and the disk space that they use, without reading each file again: kept by the time,
size and inode of the files that they were read from, in this process and, for the next one, in
`runs/.index.json`.

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
from selfsup_core.files import folder_bytes, parse_json, write_bytes
from selfsup_core.runs.labels import FILE as LABELS
from selfsup_core.runs.state import RunState, parse_state

FILE = ".index.json"
MOST_BYTES = 200_000_000
MOST_WORKSPACES = 64  # of a room
# A file that was written a moment ago may be written again within the same tick of the file system's clock.
FRESH_NS = 2_000_000_000
WORTH_KEEPING = 200  # states that were read anew

Key = list[int]
States = dict[str, tuple[Key, RunState]]
Sizes = dict[str, tuple[Key, int]]


class Index:
    """The states of one folder of runs."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs
        self.lock = Lock()
        self.known, self.sizes = read_index(runs / FILE)
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
            if len(self.known) > len(names) or len(self.sizes) > len(names):
                there = set(names)
                self.known = {name: kept for name, kept in self.known.items() if name in there}
                self.sizes = {name: kept for name, kept in self.sizes.items() if name in there}
            if self.new < WORTH_KEEPING:
                return
            self.new = 0
            write_index(self.runs / FILE, dict(self.known), dict(self.sizes))

    def measure(self, name: str, *, walks: bool = True) -> int | None:
        """Bytes of a run's folder, counted again once its state has changed.

        Args:
            walks: whether its files may be looked at; else it is what is known, None where nothing is.
        """
        key = self.known[name][0] if name in self.known else None
        kept = self.sizes.get(name)
        if kept and (not walks or kept[0] == key):
            return kept[1]
        if not walks:
            return None
        found = folder_bytes(self.runs / name)
        # Of a run that has just written its state the size is kept, too, and counted again the next time.
        self.sizes[name] = (key or [], found)
        self.new += 1 if key else 0
        return found

    def has_measured(self, name: str) -> bool:
        """Whether the size that is kept of a run is still that of its state."""
        return name in self.known and name in self.sizes and self.known[name][0] == self.sizes[name][0]


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


def read_index(path: Path) -> tuple[States, Sizes]:
    """States and sizes by the names of runs; empty where there is no index that can be used."""
    try:
        if os.path.getsize(path) > MOST_BYTES:
            return {}, {}
        found: Any = parse_json(path.read_bytes())
        if found["version"] != __version__:
            return {}, {}
        states: States = {
            name: (key, cast("RunState", state))
            for name, (key, state) in found["runs"].items()
            if isinstance(state, dict) and state.get("run") == name
        }
        sizes: Sizes = {
            name: (key, size) for name, (key, size) in found.get("sizes", {}).items() if is_size(size)
        }
        return states, sizes
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}, {}


def is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def write_index(path: Path, known: States, sizes: Sizes) -> None:
    import json

    held = {"version": __version__, "runs": known, "sizes": sizes}
    blob = json.dumps(held, separators=(",", ":")).encode()
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
