"""One map that is being made: its progress on disk, pause and cancelling."""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from selfsup_core.files import write_json
from selfsup_core.inspection.space import layouts
from selfsup_core.inspection.space.layouts import Progress

SHOWN_EVERY = 0.35  # seconds between layouts that are shown while one is made


class Cancelled(Exception):
    """The map was cancelled."""


class MapJob:
    """One map that is being made.

    Attributes:
        status: running, paused, cancelled, failed or done.
        turn: held while it is made, and given away while it is paused.
        done: set once its end is written.
    """

    def __init__(self, folder: Path, turn: AbstractContextManager[Any]) -> None:
        self.folder, self.turn = folder, turn
        self.status = "running"
        self.may_go = threading.Event()
        self.may_go.set()
        self.done = threading.Event()
        self.began = self.shown = time.monotonic()
        self.waited = 0.0
        self.stamp = 0
        self.epoch = 0
        self.share = (0.0, 1.0)  # of the whole work: done before this epoch, and of this epoch
        self.last: Progress = {"status": "running"}

    def say(self, stage: str, done: int, total: int, layout: np.ndarray | None) -> None:
        """Told by `make_map`; waits while paused. Raises Cancelled."""
        if self.status == "paused":
            self.write(stage, done, total)
            before = time.monotonic()
            # A paused map must not block the others.
            self.turn.__exit__(None, None, None)
            try:
                self.may_go.wait()
            finally:
                self.turn.__enter__()
            self.waited += time.monotonic() - before
        self.heed()
        now = time.monotonic()
        is_new = stage != self.last.get("stage")
        if now - self.shown < SHOWN_EVERY and done < total and not is_new:
            return
        self.shown = now
        if layout is not None and np.isfinite(layout).all():
            layouts.save_array(self.folder / layouts.PARTIAL, layout)
            self.stamp += 1
        self.write(stage, done, total)

    def heed(self) -> None:
        """Raises Cancelled."""
        if self.status == "cancelled":
            raise Cancelled

    def write(self, stage: str, done: int, total: int) -> None:
        seconds = time.monotonic() - self.began - self.waited
        whole = self.share[0] + self.share[1] * (done / max(1, total) if stage == "layout" else 0.0)
        left = seconds / whole * (1 - whole) if whole > 0.03 else None
        self.last = {
            "status": self.status,
            "stage": stage,
            "done": done,
            "total": total,
            "epoch": self.epoch,
            "seconds": round(seconds, 2),
            "seconds_left": None if left is None else round(left, 1),
            "stamp": self.stamp,
            "share": round(whole, 4),
        }
        write_json(self.folder / layouts.PROGRESS, dict(self.last))

    def end(self, status: str, error: str = "") -> None:
        self.status = status
        seconds = round(time.monotonic() - self.began - self.waited, 2)
        ended: Progress = {
            **self.last,
            "status": status,
            "error": error,
            "seconds": seconds,
            "seconds_left": None,
            "stamp": self.stamp,
            "share": 1.0,
        }
        write_json(self.folder / layouts.PROGRESS, dict(ended))
        (self.folder / layouts.PARTIAL).unlink(missing_ok=True)

    def tell(self, old: str, new: str) -> str:
        """Change the status from `old`, or from any while it is made, to `new`; the status that it has
        then.
        """
        if self.status in ((old,) if old else ("running", "paused")):
            self.status = new
            write_json(self.folder / layouts.PROGRESS, {**self.last, "status": new})
            (self.may_go.clear if new == "paused" else self.may_go.set)()
        return self.status
