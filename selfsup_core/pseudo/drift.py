"""Drift: class shares of the kept labels that move away, round by round, from every estimate that there is of
them.

d(t) = min over the estimates e of max(0, ½ Σ_c |k_c(t) − e_c| − what a sample of that size differs by chance)

A student that learns from its own labels can drift towards a class; estimates from the given labels,
neighbors or the classifier on the given labels alone do not drift along.
None of them uses a true label beyond the given ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from selfsup_core.pseudo.audit import Collapse, total_variation
from selfsup_core.translation import tr
from selfsup_core.wording import percent

LIMIT = 0.2  # of d, beyond which kept labels are far from all estimates
MOVED = 0.1  # of d, beyond its lowest value of the rounds before
LEAST_ROWS = 20  # of which shares are compared
CHANCE = 2.0  # times the mean difference by chance


@dataclass(frozen=True)
class Estimate:
    """Class shares that somebody expects in the pool.

    Attributes:
        title: who, as it stands in a sentence. shares: (C,), together 1. rows: by which they were counted; 0
        for none, as of a setting.
    """

    title: str
    shares: np.ndarray
    rows: int = 0


def count_shares(title: str, labels: np.ndarray, classes: int) -> Estimate | None:
    """(N,) class numbers, -1 for none → their shares; None where they are too few."""
    counts = np.bincount(labels[labels >= 0], minlength=classes)
    total = int(counts.sum())
    return Estimate(title, counts / total, total) if total >= LEAST_ROWS else None


def by_chance(shares: np.ndarray, rows: int) -> float:
    """How far, in total variation, the shares of so many rows are from `shares` on average: Σ_c √(p_c (1 −
    p_c) / (2 π n)).
    """
    return float(np.sqrt(shares * (1 - shares) / (2 * math.pi * rows)).sum()) if rows else 0.0


def distance(kept: np.ndarray, estimate: Estimate) -> float:
    """(C,) kept labels per class → how far their shares are from an estimate, beyond chance."""
    noise = math.hypot(by_chance(estimate.shares, int(kept.sum())), by_chance(estimate.shares, estimate.rows))
    return max(0.0, total_variation(kept, estimate.shares) - CHANCE * noise)


def nearest(kept: np.ndarray, estimates: list[Estimate]) -> Estimate | None:
    """The estimate that the kept labels are nearest to."""
    return min(estimates, key=lambda one: distance(kept, one), default=None)


def measure_drift(kept: np.ndarray, estimates: list[Estimate]) -> float | None:
    """d of a round; None where too little is kept, or nobody has an estimate."""
    near = nearest(kept, estimates)
    return None if near is None or kept.sum() < LEAST_ROWS else distance(kept, near)


def find_drift(
    kept: np.ndarray, estimates: list[Estimate], past: list[float | None], classes: tuple[str, ...]
) -> Collapse | None:
    """A sign of trouble when the kept labels move away from all estimates.

    Args:
        kept: (C,) kept labels per class. past: d of the rounds before.
    """
    now = measure_drift(kept, estimates)
    known = [d for d in past if d is not None]
    if now is None or not known or now < LIMIT or now - min(known) < MOVED:
        return None
    shares = kept / kept.sum()
    # Of the class that has most too many even beside the estimate that grants it most.
    granted = np.max([one.shares for one in estimates], axis=0)
    top = int((shares - granted).argmax())
    ways = [
        tr("keep fewer (objective.last_share)"),
        tr("keep only rows that several proposers agree on (objective.vote = agree)"),
    ]
    said = [f"{percent(one.shares[top])} ({one.title})" for one in estimates]
    lacking = [classes[c] for c in np.argsort(shares - granted, kind="stable")[:3] if shares[c] < granted[c]]
    if lacking:
        ways.append(tr("label more rows of {lacking}").format(lacking=", ".join(lacking)))
    remedy = f"{', '.join(ways[:-1])}, or {ways[-1]}."
    return {
        "code": "drift",
        "text": tr(
            "Drift: {shares} of the kept labels are {classes!r}, where "
            "{said} were expected; the kept labels move away from every estimate of the class shares."
        ).format(shares=percent(shares[top]), classes=classes[top], said=listed(said)),
        "remedy": remedy[0].upper() + remedy[1:],
    }


def listed(parts: list[str]) -> str:
    return (
        parts[0]
        if len(parts) == 1
        else tr("{parts} and {parts_2}").format(parts=", ".join(parts[:-1]), parts_2=parts[-1])
    )
