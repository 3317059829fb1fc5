"""How much a score depends on a setting, and how far seeds scatter it; all intervals are of 95%.

The effect of a value is the mean over all runs that have it, whatever their other settings and seeds:
mean ± t(n − 1) · s / √n, by Student's t over these n runs [1].
How far one combination is off is told by the deviation over seeds, pooled over all combinations:
s² = Σ (x − mean of its combination)² / (runs − combinations).
[1] Student: The probable error of a mean, 1908
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfsup_core.evaluate.benefit import t_quantile

LEAST = 2  # values, for an interval


def interval_margin(values: Sequence[float]) -> float | None:
    """Half of the interval of a mean; None of a single value."""
    if len(values) < LEAST:
        return None
    deviation = float(np.std(np.asarray(values, float), ddof=1))
    return float(t_quantile(len(values) - 1) * deviation / np.sqrt(len(values)))


def pooled_deviation(groups: Sequence[Sequence[float]]) -> tuple[float, int] | None:
    """(deviation within the groups, its degrees of freedom); None where no group has two values."""
    degrees = sum(len(one) - 1 for one in groups if len(one))
    if degrees < 1:
        return None
    arrays = [np.asarray(one, float) for one in groups if len(one)]
    squares = sum(float(((one - one.mean()) ** 2).sum()) for one in arrays)
    return float(np.sqrt(squares / degrees)), degrees


def pooled_margin(groups: Sequence[Sequence[float]], count: int) -> float | None:
    """Half of the interval of a mean of `count` values, by the deviation within all groups."""
    pooled = pooled_deviation(groups)
    if pooled is None or count < 1:
        return None
    deviation, degrees = pooled
    return float(t_quantile(degrees) * deviation / np.sqrt(count))


def quantile_bins(values: Sequence[float], most: int, least: int) -> list[list[int]]:
    """Places of values in bins of about the same size, from the smallest values to the largest.

    Equal values stay together. Args: most: bins; least: values of each, as far as there are so many.
    """
    order = sorted(range(len(values)), key=lambda place: values[place])
    count = max(1, min(most, len(values) // least))
    bins: list[list[int]] = []
    for place in order:
        full = len(values) * len(bins) / count
        begins = not bins or (
            sum(map(len, bins)) >= full and values[place] != values[bins[-1][-1]] and len(bins) < count
        )
        if begins:
            bins.append([])
        bins[-1].append(place)
    return bins
