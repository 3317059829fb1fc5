"""Why a label: parts of a linear classifier are weight times value, words that are left out count, nearest
rows are right.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from selfsup_core.errors import DataError
from selfsup_core.evaluate.attribution import gradients, leave_out, nearest_labeled, split_words
from selfsup_core.figures.attribution import pixels_figure, terms_figure
from selfsup_core.runs.spec import make_spec
from tests.helpers import make_run, run_here
from tests.inspection.asking import ask_classifier
from tests.inspection.test_classifier import words  # noqa: F401
from tests.tasks.classify_helpers import head_spec


def test_parts_add_up_to_the_change_and_are_exact_for_two_linear_classes():
    network = nn.Linear(5, 2)
    x, zero = np.random.default_rng(0).normal(size=5).astype(np.float32), np.zeros(5, np.float32)
    parts = gradients(network, x, zero, 1)
    with torch.inference_mode():
        log_p = network(torch.from_numpy(np.stack([x, zero]))).log_softmax(dim=1)[:, 1]
    assert parts.sum() == pytest.approx(float(log_p[0] - log_p[1]), abs=2e-3)
    # All follow one direction, so each part is in proportion to weight difference times value.
    weight = (network.weight[1] - network.weight[0]).detach().numpy()
    assert np.corrcoef(parts, weight * x)[0, 1] == pytest.approx(1, abs=1e-4)


def test_words_that_are_left_out():
    text = "good film, not-bad 很好"
    assert [text[a:b] for a, b in split_words(text)] == ["good", "film", "not-bad", "很", "好"]

    def predict(texts):
        p = np.array([0.9 if "good" in t else 0.3 for t in texts])
        return np.stack([1 - p, p], axis=1)

    places, parts = leave_out(predict, text, 1)
    assert parts[0] == pytest.approx(np.log(0.9 / 0.3))
    assert parts[1:].tolist() == [0, 0, 0, 0]
    assert len(places) == 5


def test_nearest():
    others = np.array([[1.0, 0], [0, 1], [-1, -1]])
    assert nearest_labeled(np.array([0.9, 0.1]), others, 2)[0][0] == 0
    assert nearest_labeled(np.zeros(2), others[:0]) == []


def test_of_words(words, workspace: Path):  # noqa: F811
    why = ask_classifier(workspace, words.id, "why", {"text": "the cat and a mat"})
    assert why["label"] == "cats"
    assert {t["name"] for t in why["terms"] if t["part"] > 0} >= {"cat", "mat"}
    assert why["nearest"][0]["label"] == "cats"
    assert len(terms_figure(why["terms"]).data) == 1
    with pytest.raises(DataError, match="There is no row 9999"):
        ask_classifier(workspace, words.id, "why", {"row": 9999})


def test_of_columns_and_pixels(workspace: Path):
    table = make_run(workspace, head_spec(train__epochs=3))
    run_here(table)
    why = ask_classifier(workspace, table.id, "why", {"row": 3})
    assert "proline" in {t["name"] for t in why["terms"]}
    assert len(why["nearest"]) == 3
    spec = make_spec(
        {
            "data": {"source": "digits", "labels_per_class": 5},
            "model": {"kind": "conv-classifier", "channels": [8, 8]},
            "objective": {"kind": "cross-entropy"},
            "train": {"epochs": 1, "steps_per_epoch": 5, "device": "cpu", "threads": 1},
        }
    )
    images = make_run(workspace, spec)
    run_here(images)
    why = ask_classifier(workspace, images.id, "why", {"row": 0})
    assert np.array(why["pixels"]).shape == (8, 8)
    assert len(pixels_figure(why["image"], why["pixels"]).data) == 2
