"""The panel of an autoencoder's reconstructions: what the output already has of the input."""

from __future__ import annotations

import numpy as np

from selfsup_core.evaluate.words.panels.seen import Seen, known
from selfsup_core.evaluate.words.verdict import COPIED, MARGIN
from selfsup_core.translation import tr
from selfsup_core.wording import percent

LEAST_TILES = 4
SAME = 0.02  # of the inputs' variance across samples: an output with less does not depend on the input
NEAR_MEAN = 1.25  # times the error of the mean of the samples: a network that shows the mean of all has 1.0


def say_reconstructions(seen: Seen) -> str:
    """The first that holds: all outputs are the same; noise or holes are repaired; how much is explained."""
    given, made = seen.static.get("inputs"), seen.arrays.get("reconstructions")
    if given is None or made is None or given.shape != made.shape or len(given) < LEAST_TILES:
        return ""
    x, y = given.astype(np.float32) / 255, made.astype(np.float32) / 255
    spread = float(x.var(axis=0).mean())
    if spread < 1e-6:
        return ""  # the samples shown are all the same
    if float(y.var(axis=0).mean()) < SAME * spread:
        return _say_same(seen, float(np.square(y - x).mean()), spread)
    if (corrupted := seen.arrays.get("corrupted")) is not None:
        return _say_repaired(x, y, corrupted.astype(np.float32) / 255)
    return _say_explained(seen) or _say_shown(seen, float(np.square(y - x).mean()), spread)


def _say_same(seen: Seen, error: float, spread: float) -> str:
    """The error of the samples' mean is their variance, so an error near it tells that this is the output."""
    if error <= NEAR_MEAN * spread:
        return tr("The output is the same for all {noun}: the network has only learned their mean.").format(
            noun=seen.noun
        )
    if seen.epoch == 0:
        return tr("Before training, the output is the same for all {noun}, and not even their mean.").format(
            noun=seen.noun
        )
    return tr("The output is the same for all {noun}, and not even their mean.").format(noun=seen.noun)


def _say_repaired(x: np.ndarray, y: np.ndarray, corrupted: np.ndarray) -> str:
    before, after = float(np.square(corrupted - x).mean()), float(np.square(y - x).mean())
    if before <= 1e-6:
        return ""
    if after >= before:
        return tr("The corrupted input is still nearer to the original than the output is.")
    return tr("The output has {after} less error than the corrupted input.").format(
        after=percent(1 - after / before)
    )


def _say_explained(seen: Seen) -> str:
    """1 − MSE / MSE of the mean of the training rows, on validation samples; and the same of PCA."""
    error, mean = known(seen.row.get("val_mse")), known(seen.baseline.get("mean_mse"))
    if error is None or mean is None or mean < 1e-9:
        return ""
    if error >= mean:
        return tr("The output is further from new {noun} than the mean of all is: not learned yet.").format(
            noun=seen.noun
        )
    said = tr("The output explains {error} of the variance of new {noun}").format(
        error=percent(1 - error / mean), noun=seen.noun
    )
    pca, size = known(seen.baseline.get("pca_mse")), seen.baseline.get("pca_components", 0)
    if pca is None or pca < COPIED or not size:
        return f"{said}."
    if error > pca * (1 + MARGIN):
        return tr("{said}, less than PCA with {size} numbers ({pca}).").format(
            said=said, size=size, pca=percent(1 - pca / mean)
        )
    if error >= pca * (1 - MARGIN):
        return tr("{said}, about as much as PCA with {size} numbers.").format(said=said, size=size)
    return tr("{said}, more than PCA with {size} numbers ({pca}).").format(
        said=said, size=size, pca=percent(1 - pca / mean)
    )


def _say_shown(seen: Seen, error: float, spread: float) -> str:
    """From the samples shown alone, as in the middle of an epoch."""
    if error >= spread:
        return tr("The output is further from these {noun} than their mean is: not learned yet.").format(
            noun=seen.noun
        )
    return tr("The output explains {error} of the variance of the {noun} shown.").format(
        error=percent(1 - error / spread), noun=seen.noun
    )
