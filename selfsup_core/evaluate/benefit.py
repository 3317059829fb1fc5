"""Did learning from views help? Accuracies of several ways to classify, with intervals, and what they say.

A 95% interval covers other draws of labels (Student's t over the draws) and other test rows (the normal
interval over rows, two right and two wrong ones added [1]); both parts are added as variances, and what is
beyond 0 or 1 is cut off. Two draws say too little of the others: the interval's factor is then 12.7 standard
deviations, so there is none, and no outcome. Two ways are compared by the differences on the same labels and
the same test rows.
[1] Agresti, Coull: Approximate is better than "exact" for interval estimation of binomial proportions, 1998
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
from typing_extensions import TypedDict

from selfsup_core.pseudo.audit import Verdict, Z
from selfsup_core.translation import tr_later

Method = Literal["probe", "finetuned", "scratch", "untrained", "autoencoder", "pca", "raw"]
Outcome = Literal["gain", "loss", "none"]
LEARNED: tuple[Method, ...] = ("probe", "finetuned")
RIVALS: tuple[Method, ...] = ("scratch", "untrained", "autoencoder", "pca", "raw")
TITLES: dict[Method, str] = {
    "probe": tr_later("Learned encoder, linear classifier"),
    "finetuned": tr_later("Learned encoder, fine-tuned"),
    "scratch": tr_later("Supervised twin: same network on labels alone"),
    "untrained": tr_later("Pretrained network before the run, linear classifier"),
    "autoencoder": tr_later("Autoencoder of the same size, linear classifier"),
    "pca": tr_later("PCA of the same size, linear classifier"),
    "raw": tr_later("Raw input, linear classifier"),
}
ALL = 0  # labels per class: all of them
LEAST_DRAWS = 3  # of labels, for an interval
Interval = tuple[float, float]  # low and high end


class Cell(TypedDict):
    """One classifier. labels: per class, 0 for all; setting: chosen on validation rows, of a probe which
    of its settings, of a network whether it is trained on views; validation: its accuracy there; right: "1"
    or "0" of each test row.
    """

    labels: int
    draw: int
    method: Method
    setting: float
    validation: float
    right: str


class Point(TypedDict):
    """One way at one number of labels per class: means over the draws, as shares. draws: accuracy of each;
    interval: of 95%; None where there are too few draws.
    """

    labels: int
    method: Method
    accuracy: float
    draws: list[float]
    interval: Interval | None
    validation: float


class Compared(TypedDict):
    """A paired difference of accuracies, as shares; a gain or a loss where its interval leaves 0 out. draws:
    of each. There is no outcome without an interval.
    """

    difference: float
    draws: list[float]
    interval: Interval | None
    outcome: Outcome | None


class Judged(TypedDict):
    """One number of labels per class. learned, rival: the better ones of either side on validation rows;
    twin: learned against the supervised twin.
    """

    labels: int
    learned: Method
    rival: Method
    against: Compared
    twin: Compared


class Benefit(TypedDict):
    """The whole answer. rows: test rows; pool: labeled rows that stand for all; notes: what limits it."""

    epoch: int
    rows: int
    draws: int
    pool: int
    points: list[Point]
    judged: list[Judged]
    verdict: Verdict
    notes: list[str]


def t_quantile(degrees: int) -> float:
    """97.5% quantile of Student's t."""
    from scipy.stats import t

    return float(t.ppf(0.975, degrees))


def margin_of(values: np.ndarray, extra: Iterable[float]) -> float:
    """Half of the 95% interval of the mean of (D draws, T rows), D > 1; `extra` rows keep it from being 0."""
    draws = len(values)
    rows = np.concatenate([values.mean(axis=0), np.fromiter(extra, float)])
    of_rows = (Z * rows.std(ddof=1)) ** 2 / len(rows)
    of_draws = (t_quantile(draws - 1) * values.mean(axis=1).std(ddof=1)) ** 2 / draws
    return float(np.sqrt(of_rows + of_draws))


def interval_of(values: np.ndarray, extra: Iterable[float], *, least: float) -> Interval | None:
    """The 95% interval of the mean of (D, T), cut at `least` and 1; None where the draws are too few."""
    if len(values) < LEAST_DRAWS:
        return None
    return around(float(values.mean()), margin_of(values, extra), least=least)


def around(mean: float, margin: float, *, least: float) -> Interval:
    """mean ± margin, without what no share (least: 0) or difference of shares (-1) can be."""
    return max(least, mean - margin), min(1.0, mean + margin)


def right_of(cells: Iterable[Cell], labels: int, method: Method) -> np.ndarray:
    """(D, T) 1 where a test row was classified correctly; draws in order."""
    mine = sorted(
        (c for c in cells if (c["labels"], c["method"]) == (labels, method)), key=lambda c: c["draw"]
    )
    return np.array([np.frombuffer(c["right"].encode(), np.uint8) == ord("1") for c in mine], float)


def point_of(cells: list[Cell], labels: int, method: Method) -> Point:
    right = right_of(cells, labels, method)
    mine = [c["validation"] for c in cells if (c["labels"], c["method"]) == (labels, method)]
    return {
        "labels": labels,
        "method": method,
        "accuracy": float(right.mean()),
        "draws": right.mean(axis=1).tolist(),
        "interval": interval_of(right, (0.0, 0.0, 1.0, 1.0), least=0.0),
        "validation": float(np.mean(mine)),
    }


def compare(one: np.ndarray, other: np.ndarray) -> Compared:
    """Two ways on the same draws and rows, (D, T) each."""
    difference = one - other
    interval = interval_of(difference, (-1.0, 1.0), least=-1.0)
    outcome: Outcome | None = None
    if interval:
        low, high = interval
        outcome = "gain" if low > 0 else "loss" if high < 0 else "none"
    return {
        "difference": float(difference.mean()),
        "draws": difference.mean(axis=1).tolist(),
        "interval": interval,
        "outcome": outcome,
    }


def judge(cells: list[Cell]) -> tuple[list[Point], list[Judged]]:
    """Points of all ways, and at each number of labels the learned encoder against the best of the others;
    which way stands for either side is chosen by the accuracy on validation rows.
    """
    counts = sorted({c["labels"] for c in cells}, key=lambda n: n or np.inf)
    points: list[Point] = []
    judged: list[Judged] = []
    for labels in counts:
        methods = [m for m in TITLES if any((c["labels"], c["method"]) == (labels, m) for c in cells)]
        mine = {method: point_of(cells, labels, method) for method in methods}
        points += mine.values()
        learned, rival = (
            max((m for m in side if m in mine), key=lambda m: mine[m]["validation"])
            for side in (LEARNED, RIVALS)
        )
        right = right_of(cells, labels, learned)
        one: Judged = {
            "labels": labels,
            "learned": learned,
            "rival": rival,
            "against": compare(right, right_of(cells, labels, rival)),
            "twin": compare(right, right_of(cells, labels, "scratch")),
        }
        judged.append(one)
    return points, judged
