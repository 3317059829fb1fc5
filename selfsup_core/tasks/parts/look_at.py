"""Which proposals a person should look at: the least certain, which differ from each other, and confident
mistakes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from selfsup_core.evaluate.kept import Kept
from selfsup_core.pseudo.hand import spread_out

QUEUE = 24  # rows that are named for a person to label, and confident mistakes
LOOKED_AT = 4  # candidates per named row: of so many least certain rows, those that differ most are named


def least_certain(
    now: Kept, probabilities: np.ndarray, features: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Places in the pool of proposals with a small margin between the two likeliest classes, at most `QUEUE`.

    Args:
        probabilities: (P, C). features: (R,) places → (R, D), by which rows differ.
    """
    order = np.sort(np.nan_to_num(probabilities), axis=1)
    # Nobody knows how sure a class is that was named without a probability.
    margin = np.where(np.isnan(now.confidence), 0.0, order[:, -1] - order[:, -2])
    places = np.argsort(np.where(now.label >= 0, margin, 2.0), kind="stable")[: QUEUE * LOOKED_AT]
    if len(places) > QUEUE:
        places = places[spread_out(np.nan_to_num(features(places)), QUEUE)]
    return places


def confident_mistakes(now: Kept, truth: np.ndarray) -> np.ndarray:
    """Places in the pool of proposals that the truth (P,) contradicts, the most confident first, at most
    `QUEUE`.
    """
    wrong = np.flatnonzero((truth >= 0) & (now.label >= 0) & (now.label != truth))
    return wrong[np.argsort(-now.confidence[wrong], kind="stable")][:QUEUE]
