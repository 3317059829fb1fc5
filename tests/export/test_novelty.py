"""What is unlike the training rows is told; the training rows themselves are not, but for one in a hundred."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from selfsup_core.data.sources import open_source
from selfsup_core.data.splits import split_rows
from selfsup_core.data.texts import Texts
from selfsup_core.export.features import fit_features
from selfsup_core.export.novelty import far_rows, far_texts, fit_rows, fit_words
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
