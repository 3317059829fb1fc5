"""UMAP of a run's fixed samples at every kept epoch, made while the run trains.

Each layout begins from that of the kept epoch before and is turned towards it, so that points flow [1]. The
work is done in a thread of the maps' process, whose priority is low; what has been made stays there and is
made again after that process has left.
[1] McInnes, Healy, Melville: UMAP: Uniform manifold approximation and projection for dimension reduction,
2018
"""

from __future__ import annotations

import threading
import traceback
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cachetools import LRUCache

from selfsup_core.errors import RunError, StudioError
from selfsup_core.projection.config import MapConfig
from selfsup_core.runs.folder import RunFolder, open_run
from selfsup_core.runs.frames import read_frame
from selfsup_core.runs.thinned import frame_path, list_frames
from selfsup_core.translation import tr

KEPT_RUNS = 6
CONFIG = MapConfig(kind="umap")


@dataclass(frozen=True)
class Layout:
    """A layout of one epoch. points: (S, 2), or None with the reason why there is none."""

    stamp: int
    points: np.ndarray | None
    reason: str = ""


@dataclass(frozen=True)
class Standing:
    """How far a run's layouts are. layout: of the epoch that was asked for, once it is made."""

    made: int
    total: int
    layout: Layout | None


class LiveUmap:
    """The layouts of one run; a thread makes those that are missing, whenever someone asks."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.layouts: dict[int, Layout] = {}
        self.lock = threading.Lock()
        self.thread: threading.Thread | None = None
        self.left_out = False

    @property
    def is_at_work(self) -> bool:
        return self.thread is not None

    def ask(self, epoch: int | None) -> Standing:
        """How far it is; never waits for a layout.

        Args:
            epoch: a kept epoch, or None for the newest.
        """
        stamps = self._stamps()
        with self.lock:
            missing = [e for e in stamps if not self._has(e, stamps[e])]
            if missing and self.thread is None and not self.left_out:
                self.thread = threading.Thread(target=self._work, daemon=True)
                self.thread.start()
            wanted = max(stamps, default=None) if epoch is None else epoch
            layout = self.layouts.get(wanted) if wanted in stamps and wanted not in missing else None
            return Standing(len(stamps) - len(missing), len(stamps), layout)

    def leave(self) -> None:
        """End the thread after the layout that it is making."""
        self.left_out = True

    def _has(self, epoch: int, stamp: int) -> bool:
        found = self.layouts.get(epoch)
        return found is not None and found.stamp == stamp

    def _stamps(self) -> dict[int, int]:
        """Kept epochs with the time at which their frame was written."""
        found = {}
        for epoch in list_frames(self.folder.frames):
            try:
                found[epoch] = frame_path(self.folder.frames, epoch).stat().st_mtime_ns
            except OSError:
                continue  # thinned out meanwhile
        return found

    def _next(self) -> tuple[int, int, np.ndarray | None] | None:
        """The first missing epoch with its stamp and the layout before it; None ends the thread."""
        stamps = self._stamps()
        previous = None
        with self.lock:
            for epoch, stamp in stamps.items():
                if not self._has(epoch, stamp):
                    if self.left_out:
                        break
                    return epoch, stamp, previous
                if self.layouts[epoch].points is not None:
                    previous = self.layouts[epoch].points
            self.thread = None
        return None

    def _work(self) -> None:
        try:
            while asked := self._next():
                epoch, stamp, previous = asked
                layout = lay_out_frame(frame_path(self.folder.frames, epoch), stamp, previous)
                with self.lock:
                    self.layouts[epoch] = layout
        except Exception:
            traceback.print_exc()
            with self.lock:
                self.thread = None
            raise


def lay_out_frame(path: Path, stamp: int, previous: np.ndarray | None) -> Layout:
    """The layout of a frame's (S, K) latents, begun from `previous` where it has the same rows."""
    from selfsup_core.projection.maps import make_map

    try:
        latents = read_frame(path).get("latents")
        if latents is None:
            return Layout(
                stamp, None, tr("This run was recorded by an earlier version, without what UMAP needs.")
            )
        made = make_map(latents.astype(np.float32), CONFIG, previous=previous)
    except FileNotFoundError:
        return Layout(stamp, None, tr("This epoch is no longer kept."))
    except StudioError as error:
        return Layout(stamp, None, str(error))
    return Layout(stamp, np.ascontiguousarray(made.points, dtype=np.float32))


class LiveUmaps:
    """The layouts of the runs that were asked about last."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.lock = threading.Lock()
        self.kept: LRUCache[str, LiveUmap] = LRUCache(KEPT_RUNS)

    @property
    def is_at_work(self) -> bool:
        with self.lock:
            return any(one.is_at_work for one in self.kept.values())

    def of(self, run: str) -> LiveUmap:
        """Raises RunError when there is no such run."""
        folder = open_run(self.workspace, run)
        if not folder.frames.is_dir():
            raise RunError(tr("The run {id} has no epoch yet.").format(id=folder.id), code="no-frame")
        with self.lock:
            found = self.kept.get(folder.id)
            if found is None:
                while len(self.kept) >= KEPT_RUNS:
                    self.kept.popitem()[1].leave()
                found = self.kept[folder.id] = LiveUmap(folder)
            return found
