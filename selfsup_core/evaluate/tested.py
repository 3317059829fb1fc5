"""test.json of a run: what its test rows said, once, at the end."""

from __future__ import annotations

from pathlib import Path

from typing_extensions import TypedDict

from selfsup_core.evaluate.calibration import Calibration
from selfsup_core.files import read_shaped
from selfsup_core.pseudo.audit import Verdict

TEST = "test.json"


class NetworkTested(TypedDict):
    """One network of a run with pseudo-labels. confusion: (C, C) counts, true by predicted; is_right: (T,) 1
    or 0.
    """

    confusion: list[list[int]]
    is_right: list[int]


class Tested(TypedDict, total=False):
    """All but the first two depends on the task.

    Attributes:
        rows: that were tested. precision, recall, f1, support: of each class.
        student, twin, ceiling, careless: of a run with pseudo-labels, as far as it has that network.
        calibration: of the student, on validation rows.
    """

    classes: list[str]
    rows: int
    loss: float | None
    accuracy: float | None
    macro_f1: float | None
    ece: float | None
    confusion: list[list[int]]
    precision: list[float | None]
    recall: list[float | None]
    f1: list[float | None]
    support: list[int]
    student: NetworkTested
    twin: NetworkTested
    ceiling: NetworkTested
    careless: NetworkTested
    verdict: Verdict
    calibration: Calibration


def read_tested(folder: Path) -> Tested | None:
    """Of a run's folder; None where it has not been tested, or the file is damaged."""
    return read_shaped(folder / TEST, Tested)
