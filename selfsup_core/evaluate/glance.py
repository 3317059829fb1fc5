"""Looks at a network in the middle of its first epoch: at which steps, and at how many points of the map.

A look passes rows through the network once; training on a row takes about three times as long. All looks
together may take a twentieth of the epoch's time.
"""

from __future__ import annotations

import numpy as np

EARLY_STEPS, EARLY_SHARE, PASSES = (10, 30, 100), 0.05, 3
WATCHED = 1.0  # seconds: a shorter epoch is over before its steps could be seen
LEAST_POINTS = 150  # fewest points of the map, even where they take more than their share of an epoch
LEAST_TEXTS = 30  # of those that go through a transformer


def choose_early(glance_rows: int, rows_per_epoch: int) -> set[int]:
    """Which of `EARLY_STEPS` are looked at: the first ones whose looks fit into `EARLY_SHARE` of an epoch.

    Args:
        glance_rows: rows that a look puts through the network, 0 for none.
    """
    if not glance_rows:
        return set()
    return set(EARLY_STEPS[: int(EARLY_SHARE * PASSES * rows_per_epoch / glance_rows)])


def is_watchable(seconds: float, step: int, steps_per_epoch: int) -> bool:
    """Whether an epoch of which `step` steps took so long is slow enough for its steps to be seen."""
    return seconds / step * steps_per_epoch >= WATCHED


def choose_points(
    is_validation: np.ndarray, rows_per_epoch: int, *, least: int = LEAST_POINTS, beside: int = 0
) -> np.ndarray:
    """Places on the map (S,) that a look shows: as many as looks at all of `EARLY_STEPS` may cost, and
    `least` at least.

    Args:
        is_validation: (S,), of the map's samples; each part has its share.
        beside: rows that a look needs beside them.
    """
    room = int(EARLY_SHARE * PASSES * rows_per_epoch / len(EARLY_STEPS)) - beside
    share = min(1.0, max(room, least) / max(1, len(is_validation)))
    parts = [np.flatnonzero(is_validation), np.flatnonzero(~is_validation)]
    return np.sort(np.concatenate([spread(part, round(share * len(part))) for part in parts]))


def spread(places: np.ndarray, count: int) -> np.ndarray:
    """`count` of them, evenly from first to last."""
    found: np.ndarray = places[np.linspace(0, len(places) - 1, count).round().astype(int)]
    return found
