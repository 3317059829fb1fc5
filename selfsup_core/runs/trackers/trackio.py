"""Trackio: a local database, shown by `trackio show`; in the folder of TRACKIO_DIR, else in the workspace."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from selfsup_core.runs.trackers.registry import PROJECT, TRACKERS, TrackedRun, Tracker


@TRACKERS.register("trackio")
class Trackio(Tracker):
    """A run of the project `selfsup-studio`, named by the run's id."""

    title = "Trackio"
    package = "trackio"
    install = "trackio==0.43.0"

    def __init__(self, run: TrackedRun) -> None:
        os.environ.setdefault("TRACKIO_DIR", str(run.workspace / "trackio"))
        import trackio

        self.trackio: Any = trackio
        trackio.init(project=PROJECT, name=run.id, config=dict(run.settings), resume="allow", embed=False)

    def log(self, values: Mapping[str, float], step: int) -> None:
        self.trackio.log(dict(values), step=step)

    def close(self, status: str) -> None:
        self.trackio.finish()
