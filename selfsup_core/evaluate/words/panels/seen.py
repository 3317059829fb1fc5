"""What the sentences of the panels are made from: an epoch's numbers and arrays, and what goes before them.

A sentence is at most `MOST_LETTERS` long, and "" where the numbers do not carry one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from selfsup_core.evaluate.rows import Baseline, EpochRow
from selfsup_core.translation import tr, tr_later

MOST_LETTERS = 110
MOST_NAME = 20  # letters of a class's name within a sentence
NOUNS = {"image": "images", "sound": "sounds", "table": "rows", "text": "texts"}
RAW = {
    "image": tr_later("raw pixels"),
    "sound": tr_later("raw spectrograms"),
    "table": tr_later("the raw columns"),
    "text": tr_later("the raw words"),
}


@dataclass(frozen=True)
class Seen:
    """One epoch of a run as its panels show it.

    Attributes:
        epoch: of the frame; 0 is before training.
        row: the epoch's metrics; {} in the middle of the first epoch. past: rows of the epochs before it.
        baseline: what simpler means achieve; {} before that is measured.
        arrays: of the frame. static: of what all frames of the run share.
        words: of the frame, as a task keeps them. classes: names. kind: of the data.
        code_size: numbers of the code.
    """

    epoch: int
    row: EpochRow
    arrays: Mapping[str, np.ndarray]
    static: Mapping[str, np.ndarray]
    past: Sequence[EpochRow] = ()
    baseline: Baseline = field(default_factory=lambda: Baseline())
    words: Mapping[str, object] = field(default_factory=dict)
    classes: Sequence[str] = ()
    kind: str = "image"
    code_size: int = 0

    @property
    def noun(self) -> str:
        """What the samples are called: "images"."""
        return NOUNS.get(self.kind, "samples")

    @property
    def raw(self) -> str:
        """What their input is called: "raw pixels"."""
        return RAW.get(self.kind, "the raw input")

    def has_sign(self, *codes: str) -> bool:
        """Whether the epoch has one of these signs of trouble."""
        return any(sign["code"] in codes for sign in self.row.get("signs", []))

    def name(self, index: int) -> str:
        """A class's name, cut where it is long; "class 3" where it is a number."""
        name = str(self.classes[index]) if 0 <= index < len(self.classes) else str(index)
        if name[:1].isdigit():
            name = tr("class {name}").format(name=name)
        return name if len(name) <= MOST_NAME else f"{name[: MOST_NAME - 1]}…"


def known(value: object) -> float | None:
    """A finite number, or None."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None  # type: ignore[arg-type]


def error_of_share(share: float, rows: float) -> float:
    """Two standard errors of a share of so many rows."""
    return 2.0 * math.sqrt(max(0.0, share * (1.0 - share)) / rows) if rows > 0 else math.inf
