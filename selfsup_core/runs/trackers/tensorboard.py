"""TensorBoard: event files in the run's folder, so that `tensorboard --logdir workspace/runs` shows all
runs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from selfsup_core.runs.trackers.registry import TRACKERS, TrackedRun, Tracker

FOLDER = "tensorboard"
FLUSH_SECONDS = 2


@TRACKERS.register("tensorboard")
class TensorBoard(Tracker):
    """Written by TensorBoard's own writer, without torch."""

    title = "TensorBoard"
    package = "tensorboard"
    install = "tensorboard==2.21.0"

    def __init__(self, run: TrackedRun) -> None:
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self.writer = EventFileWriter(str(run.folder / FOLDER), flush_secs=FLUSH_SECONDS)

    def log(self, values: Mapping[str, float], step: int) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        found = [Summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        self.writer.add_event(Event(wall_time=time.time(), step=step, summary=Summary(value=found)))

    def close(self, status: str) -> None:
        self.writer.close()
