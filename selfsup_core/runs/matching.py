"""Runs as a comparison reads them, and whether they show the same samples: only then are outputs and maps
compared point by point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from selfsup_core.errors import StudioError
from selfsup_core.evaluate.rows import EpochRow
from selfsup_core.files import sha256
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.frames import read_about, read_frame
from selfsup_core.runs.spec import RunSpec, task_of
from selfsup_core.runs.state import RunState


@dataclass(frozen=True)
class Samples:
    """What a run shows, as digests: equal ones are equal samples.

    Attributes:
        shown: the samples whose outputs are shown, or the prompt of a language model; "" where there are
            none.
        points: the samples or tokens of the map, in their order.
        splits: which rows of the map are for validation.
    """

    shown: str
    points: str
    splits: str


@dataclass(frozen=True)
class Compared:
    """One run, as it was read."""

    folder: RunFolder
    state: RunState
    spec: RunSpec
    rows: list[EpochRow]
    samples: Samples | None

    @property
    def task(self) -> str:
        return task_of(self.spec)


def read_samples(folder: RunFolder) -> Samples | None:
    """None while a run shows nothing, and where its file is damaged."""
    path = folder.frames / "static.safetensors"
    try:
        return samples_of(read_frame(path), read_about(path))
    except (OSError, StudioError):
        return None


def samples_of(arrays: Mapping[str, np.ndarray], about: Mapping[str, str]) -> Samples:
    shown = "".join((digest(arrays.get("inputs")), about.get("prompt", ""), about.get("item_shape", "")))
    points = digest(arrays.get("rows"), arrays.get("labels"))
    return Samples(shown, points + about.get("glyphs", ""), digest(arrays.get("splits")))


def digest(*arrays: np.ndarray | None) -> str:
    parts = [array for array in arrays if array is not None]
    return sha256(b"".join(str(one.shape).encode() + one.tobytes() for one in parts)) if parts else ""


def same_samples(all_samples: Sequence[Samples | None]) -> bool:
    """Whether all runs show the same samples; False while one of them shows none."""
    shown = {samples.shown if samples else "" for samples in all_samples}
    return len(shown) == 1 and "" not in shown
