"""What the panel of reconstructions says of an output that is the mean, noise, or a share of the input."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.evaluate.words.panels.reconstructions import say_reconstructions
from tests.evaluate.words.panels.helpers import see, told

COMPARED = {"mean_mse": 0.1, "pca_mse": 0.04, "pca_components": 16}


def tiles(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (32, 50)).astype(np.uint8)


def say(made, given=None, row=None, baseline=None, epoch=5, corrupted=None, **more):
    arrays = {"reconstructions": made} | ({} if corrupted is None else {"corrupted": corrupted})
    static = {"inputs": tiles() if given is None else given}
    return told(
        say_reconstructions, see(epoch, row, arrays=arrays, static=static, baseline=baseline or {}, **more)
    )


def mix(share, other=None):
    """Inputs, of which a share has been moved to another picture."""
    x = tiles().astype(float)
    y = x.mean(axis=0) if other is None else other
    return np.rint((1 - share) * x + share * y).astype(np.uint8)


def test_the_mean_of_all_is_known_from_another_constant_output():
    mean = np.tile(mix(1.0)[0], (32, 1))
    assert say(mean) == "The output is the same for all images: the network has only learned their mean."
    gray = np.full((32, 50), 255, np.uint8)
    assert say(gray, epoch=0).startswith("Before training, the output is the same for all images")
    assert say(gray, kind="table") == "The output is the same for all rows, and not even their mean."


@pytest.mark.parametrize(("share", "is_same"), [(0.99, True), (0.8, False)])
def test_an_output_that_differs_a_little_is_not_called_the_same(share, is_same):
    assert ("the same for all" in say(mix(share))) == is_same


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (0.12, "further from new images than the mean of all is: not learned yet."),
        (0.06, "explains 40% of the variance of new images, less than PCA with 16 numbers (60%)."),
        (0.0404, "explains 60% of the variance of new images, about as much as PCA with 16 numbers."),
        (0.02, "explains 80% of the variance of new images, more than PCA with 16 numbers (60%)."),
    ],
)
def test_what_is_explained_is_measured_on_validation_rows_beside_pca(error, end):
    assert say(mix(0.5), row={"val_mse": error}, baseline=COMPARED).endswith(end)


def test_pca_that_loses_nothing_is_no_measure():
    said = say(mix(0.5), row={"val_mse": 0.02}, baseline=COMPARED | {"pca_mse": 1e-9})
    assert said == "The output explains 80% of the variance of new images."


def test_without_a_row_the_samples_shown_are_what_is_known():
    assert say(mix(0.5)) == "The output explains 75% of the variance of the images shown."
    noise = tiles(1)
    assert "further from these images than their mean" in say(noise)


def test_a_corrupted_input_is_what_the_output_is_compared_with():
    zeros = np.zeros_like(tiles())
    assert say(mix(0.1), corrupted=zeros).endswith("less error than the corrupted input.")
    assert "still nearer" in say(mix(0.5), corrupted=mix(0.1, other=0))


def test_nothing_is_said_where_the_samples_shown_tell_nothing():
    assert say(tiles(1), given=np.full((32, 50), 7, np.uint8)) == "", "all the same"
    assert say(tiles()[:2], given=tiles()[:2]) == "", "too few"
    assert say(tiles()[:, :9]) == "", "of another shape"
    assert told(say_reconstructions, see()) == ""
