"""The protocol of trackers, and where they register.

A tracker lives in a process beside the worker (`workers/following.py`), which tells it what the run writes
into metrics.jsonl: what it raises or waits for can neither stop nor slow down the training.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from selfsup_core.registry import Registry

PROJECT = "selfsup-studio"


@dataclass
class TrackedRun:
    """What a tracker is told of a run.

    Attributes:
        settings: path → value, as in the spec.
        remembered: what a tracker must know again when the run is resumed, such as an id of its own.
    """

    id: str
    name: str
    folder: Path
    workspace: Path
    settings: Mapping[str, object]
    remembered: dict[str, str]


class Tracker(ABC):
    """Made when a run begins or is resumed.

    Attributes:
        title: how people call it. package: its name when it is imported. install: what pip is given.
    """

    title: str
    package: str
    install: str

    @abstractmethod
    def __init__(self, run: TrackedRun) -> None: ...

    @abstractmethod
    def log(self, values: Mapping[str, float], step: int) -> None:
        """Numbers of a step, by the names that metrics.jsonl has; steps never go back."""

    @abstractmethod
    def close(self, status: str) -> None:
        """The worker has ended, and left the run in this status."""


TRACKERS: Registry[type[Tracker]] = Registry("tracker", "trackers")
