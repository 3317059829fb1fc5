"""What the maps say: of classes, tokens, confidence, and of a map that shows little."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.evaluate.words.panels.maps import (
    say_map,
    say_pseudo_map,
    say_score_map,
    say_token_map,
    say_views_map,
)
from tests.evaluate.words.panels.helpers import see, told

LABELS = np.arange(300) % 3


@pytest.mark.parametrize(
    ("knn", "how"),
    [
        (0.37, "does not separate classes yet"),
        (0.80, "less well than raw pixels: 5 nearest neighbors 80%, there 90%"),
        (0.89, "about as well as raw pixels"),
        (0.93, "better than raw pixels"),
    ],
)
def test_classes_in_the_code_beside_the_raw_input(knn, how):
    seen = see(row={"knn_accuracy": knn}, static={"labels": LABELS}, baseline={"raw_knn_accuracy": 0.9})
    assert how in told(say_map, seen)


def test_guessing_is_naming_the_most_frequent_class():
    labels = np.zeros(300, int)
    labels[:30] = 1
    assert "guessing" in told(say_map, see(row={"knn_accuracy": 0.9}, static={"labels": labels}))
    assert "guessing" not in told(say_map, see(row={"knn_accuracy": 0.97}, static={"labels": labels}))


def test_views_are_compared_with_the_better_of_raw_input_and_untrained_network():
    base = {"raw_knn_accuracy": 0.5, "untrained_knn_accuracy": 0.7}
    said = told(say_views_map, see(row={"knn_accuracy": 0.6}, static={"labels": LABELS}, baseline=base))
    assert said.startswith("The code separates classes less well than the untrained network: 20 nearest")


def test_without_classes_it_is_told_how_much_the_map_shows():
    assert "shows 20% of the code's variance: what" in told(say_map, see(words={"map_explained": 0.2}))
    assert "most of" in told(say_map, see(words={"map_explained": 0.8}))
    assert told(say_map, see(words={"map_explained": None})) == "", "a code of two numbers is its own map"


def test_a_single_point_is_told_at_any_scale():
    for say in (say_map, say_views_map):
        assert "single point" in told(say, see(arrays={"map": np.full((50, 2), 1e4)}))
        assert "single point" not in told(say, see(arrays={"map": np.eye(50, 2) * 1e-3}))


def test_tokens_of_a_kind_gather_or_do_not():
    rng = np.random.default_rng(0)
    kinds = np.arange(200) % 2
    mixed = rng.normal(size=(200, 8))
    apart = mixed + 5 * (2 * kinds[:, None] - 1)
    said = told(say_token_map, see(static={"labels": kinds}, arrays={"latents": apart}))
    assert said == "Tokens gather by kind: the nearest one is of the same kind for 100%, by chance for 50%."
    said = told(say_token_map, see(static={"labels": kinds}, arrays={"latents": mixed}))
    assert said.startswith("No order by kind yet")
    one_kind = see(static={"labels": kinds * 0}, arrays={"latents": apart})
    assert told(say_token_map, one_kind) == ""


@pytest.mark.parametrize(
    ("confidence", "start"), [(0.99, "Surer"), (0.78, "About as sure"), (0.6, "Less sure")]
)
def test_confidence_is_held_against_what_is_right(confidence, start):
    predicted = LABELS.copy()
    predicted[:60] = (predicted[:60] + 1) % 3  # 80% are right
    arrays = {"predicted": predicted, "confidence": np.full(300, confidence)}
    static = {"labels": LABELS, "splits": np.ones(300)}
    assert told(say_score_map, see(arrays=arrays, static=static)).startswith(start)
    few = static | {"splits": (np.arange(300) < 10).astype(int)}
    assert told(say_score_map, see(arrays=arrays, static=few)) == ""


def test_how_far_pseudo_labels_reach_is_of_the_unlabeled_training_points():
    static = {"labeled": np.arange(100) < 10, "splits": np.arange(100) >= 90}
    pseudo = np.where(np.arange(100) < 50, 1, -1)
    said = told(say_pseudo_map, see(static=static, arrays={"pseudo": pseudo}))
    assert said == "10 points have given labels (the large ones); of the others, 50% have a pseudo-label."
    none = told(say_pseudo_map, see(static=static, arrays={"pseudo": np.full(100, -1)}))
    assert none.endswith("no other point has a pseudo-label yet.")
