"""What is unlike the training rows is told; the training rows themselves are not, but for one in a
hundred.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from selfsup_core.data.sources import open_source
from selfsup_core.data.splits import split_rows
from selfsup_core.data.texts import Texts
from selfsup_core.export.features import fit_features
from selfsup_core.export.novelty import (
    MOST_VALUES,
    far_rows,
    far_texts,
    fit_pictures,
    fit_rows,
    fit_words,
    scaled,
)
from selfsup_core.export.portable_classifier import Classifier
from selfsup_core.features.config import DataConfig


def test_texts_of_unknown_words():
    texts = Texts.pack([f"the {a} sat on the {b}" for a in ("cat", "dog") for b in ("mat", "log")] * 10)
    novelty = fit_words(texts, np.arange(40))
    known, foreign, numbers = far_texts(novelty, ["the dog on", "die Katze saß auf der Matte", "12 34"])
    assert (known, numbers) == ("", "")
    assert "100% of its words" in foreign


def test_about_one_training_row_in_a_hundred_is_far():
    x = np.random.default_rng(0).normal(size=(400, 3)).astype(np.float32)
    reference, most = fit_rows(x)
    far = far_rows(reference, most, np.random.default_rng(1).normal(size=(1000, 3)).astype(np.float32))
    assert 0 < sum(map(bool, far)) < 40
    assert all(far_rows(reference, most, np.full((2, 3), 9, np.float32)))


def test_a_row_beyond_the_range_of_its_column_is_far(workspace: Path):
    wine = open_source("wine", workspace)
    features = fit_features(wine, DataConfig(source="wine"), workspace)
    train = split_rows(wine, validation=0.1, test=0.1, seed=0).train
    row = np.asarray(wine.x[int(train[0])], float)
    classifier = Classifier(None, {}, features)
    assert classifier.why_far([row]) == [""]
    strange = row.copy()
    strange[0] *= 50  # clipped, it would look like the largest of the training rows
    assert "Farther" in classifier.why_far([strange])[0]


def test_images_are_held_against_the_validation_rows(workspace: Path):
    digits = open_source("digits", workspace)
    config = DataConfig(source="digits")
    classifier = Classifier(None, {}, fit_features(digits, config, workspace))
    split = split_rows(digits, validation=config.validation, test=config.test, seed=config.split_seed)
    x = np.asarray(digits.x)
    far = [bool(said) for said in classifier.why_far(list(x[split.test]))]
    assert sum(far) <= 0.05 * len(far)  # rows that set no limit
    top = round(1 / digits.scale)
    assert all(classifier.why_far(list(top - x[split.test][:50])))
    noise = np.random.default_rng(0).integers(0, top + 1, (50, *x.shape[1:])).astype(np.uint8)
    assert all("validation samples" in said for said in classifier.why_far(list(noise)))


def test_too_few_validation_rows_set_no_limit(workspace: Path):
    tones = open_source("tones", workspace)
    features = fit_features(tones, DataConfig(source="tones", validation=0.05), workspace)
    assert "novelty" not in features.about
    assert Classifier(None, {}, features).why_far([tones.x[0]]) == [""]


def test_a_large_image_keeps_few_rows_and_the_limit_is_that_of_the_reference():
    x = np.random.default_rng(0).integers(0, 256, (400, 128, 128, 3)).astype(np.uint8)
    reference, most = fit_pictures(x, 1 / 255, np.arange(300), np.arange(300, 400))
    assert reference.nbytes <= MOST_VALUES
    held = scaled(x[300:].reshape(100, -1), 1 / 255)
    slow = [min(np.linalg.norm(one - row) for row in scaled(reference, 1 / 255)) for one in held]
    np.testing.assert_allclose(most, np.quantile(slow, 0.99), rtol=1e-3)


def test_a_code_is_no_reason_to_compare_codes_with_rows(workspace: Path):
    """Samples are held against each other before the encoder: its code has another width than the kept
    rows.
    """

    class Encoder:
        def encode(self, x):
            return x[:, :2]

    for source in ("wine", "digits"):
        dataset = open_source(source, workspace)
        features = fit_features(dataset, DataConfig(source=source), workspace)
        features.encoder = Encoder()
        assert features.apply([dataset.x[0]]).shape == (1, 2)
        assert Classifier(None, {}, features).why_far([dataset.x[0]]) == [""]
