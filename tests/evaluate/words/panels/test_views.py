"""What the panels of learning from views say."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.evaluate.words.panels.views import (
    effective_rank,
    say_pairs,
    say_similarity,
    say_spectrum,
    say_sphere,
)
from tests.evaluate.words.panels.helpers import see, told


def cosines(own, others, size=32):
    return np.full((size, size), others) + np.eye(size) * (own - others)


@pytest.mark.parametrize(
    ("own", "others", "start"),
    [
        (0.99, 0.98, "Nothing is told apart"),
        (0.8, 0.6, "Samples begin"),
        (0.9, 0.1, "Samples are told apart"),
    ],
)
def test_pairs_are_told_apart_by_their_difference(own, others, start):
    said = told(say_pairs, see(arrays={"similarity": cosines(own, others)}))
    assert said.startswith(start)
    assert f"cosine {own:.2f}, of different ones {others:.2f}" in said


def test_a_collapse_finds_no_view_and_a_sound_code_all():
    assert "For 0 of 32" in told(say_similarity, see(arrays={"similarity": cosines(1.0, 1.0)}))
    assert "For 32 of 32" in told(say_similarity, see(arrays={"similarity": cosines(0.9, 0.1)}))


def test_classes_are_told_only_where_they_show():
    labels = np.arange(32) % 4
    blocks = np.where(labels[:, None] == labels[None], 0.5, 0.1)
    np.fill_diagonal(blocks, 0.9)
    seen = see(arrays={"similarity": blocks}, static={"tile_labels": labels})
    assert told(say_similarity, seen).endswith("; cosines within a class: 0.50, else 0.10.")
    for other in (np.full(32, -1), np.zeros(32, int), labels[:8]):
        seen = see(arrays={"similarity": blocks}, static={"tile_labels": other})
        assert told(say_similarity, seen).endswith("is the most similar.")


def test_nothing_is_said_of_one_sample_or_of_what_is_no_number():
    for bad in (np.ones((1, 1)), np.full((4, 4), np.nan)):
        for say in (say_pairs, say_similarity):
            assert told(say, see(arrays={"similarity": bad})) == ""


def spectrum(values, **row):
    return told(say_spectrum, see(row=row, arrays={"embedding_spectrum": np.array(values, float)}))


def test_a_cliff_is_told_where_it_is_and_a_slope_is_none():
    assert "A cliff after 3 of 16 values" in spectrum([10, 9, 8, *[1e-4] * 13])
    assert (
        spectrum(np.ones(16)) == "No cliff: embeddings differ in about 16 of 16 directions (effective rank)."
    )
    assert "few directions count" in spectrum(0.5 ** np.arange(16.0))
    assert "No cliff" in spectrum([10, 1, *[0.9] * 14]), "what lies below still counts"
    assert "nearly one point" in spectrum(np.ones(16), signs=[{"code": "complete-collapse"}])
    assert spectrum([*np.ones(15), 1e-6]).startswith("No cliff"), "only the last direction is empty"
    assert spectrum(np.zeros(8)) == ""


def test_the_effective_rank_is_that_of_the_gauges():
    import torch

    from selfsup_core.evaluate.collapse import entropy_rank

    values = np.array([5.0, 3.0, 1.0, 0.1])
    assert effective_rank(values) == pytest.approx(entropy_rank(torch.from_numpy(values)))


def test_points_on_the_circle_crowd_lean_line_up_or_lie_all_around():
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)

    def say(angle):
        points = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return told(say_sphere, see(row={"alignment": 0.01}, arrays={"sphere": points}))

    assert say(angles / 20).startswith("All points crowd")
    assert say(angles / 3).startswith("Points keep to one side")
    assert say(np.round(angles / (2 * np.pi)) * np.pi).startswith("Points lie at two ends")
    assert say(angles) == "Points lie all around the circle. Two views lie 0.10 apart (of 2)."
