"""mAP of our own against pycocotools, and what it must be in cases that can be counted by hand."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from selfsup_core.evaluate.average_precision import match, match_all, mean_average_precision
from selfsup_core.evaluate.bootstrap import paired_bootstrap

CLASSES = 3


def random_boxes(generator, rows, most):
    """Corners, labels (some missing): true boxes, and found ones near some of them."""
    corners = np.zeros((rows, most, 4))
    corners[..., :2] = generator.uniform(0, 40, (rows, most, 2))
    corners[..., 2:] = corners[..., :2] + generator.uniform(4, 24, (rows, most, 2))
    labels = generator.integers(-1, CLASSES, (rows, most))
    return corners, labels


def case(seed, rows=12):
    generator = np.random.default_rng(seed)
    true, true_labels = random_boxes(generator, rows, 4)
    near = np.repeat(true, 2, axis=1) + generator.normal(0, 1.5, (rows, 8, 4))
    near[..., 2:] = np.maximum(near[..., 2:], near[..., :2] + 1)
    labels = np.repeat(true_labels, 2, axis=1)
    labels = np.where(
        generator.random(labels.shape) < 0.2, generator.integers(0, CLASSES, labels.shape), labels
    )
    other, other_labels = random_boxes(generator, rows, 3)
    scores = generator.random((rows, 11)).round(1 if seed % 2 else 6)  # with ties
    return (
        np.concatenate([near, other], axis=1),
        scores,
        np.concatenate([labels, other_labels], axis=1),
        true,
        true_labels,
    )


def by_pycocotools(corners, scores, labels, true, true_labels):
    def listed(corners, labels, scores=None):
        made = []
        for row, place in np.argwhere(labels >= 0):
            left, top, right, bottom = corners[row, place].tolist()
            one = {
                "image_id": int(row) + 1,
                "category_id": int(labels[row, place]) + 1,
                "bbox": [left, top, right - left, bottom - top],
                "area": (right - left) * (bottom - top),
                "iscrowd": 0,
                "id": len(made) + 1,
            }
            made.append(one if scores is None else one | {"score": float(scores[row, place])})
        return made

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": row + 1} for row in range(len(true))],
            "categories": [{"id": kind + 1} for kind in range(CLASSES)],
            "annotations": listed(true, true_labels),
            "info": {},
        }
        truth.createIndex()
        found = truth.loadRes(listed(corners, labels, scores))
        evaluation = COCOeval(truth, found, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation.stats[1], evaluation.stats[0]


@pytest.mark.parametrize("seed", range(12))
def test_it_is_what_pycocotools_computes(seed):
    made = case(seed)
    found = mean_average_precision(match_all(*made, classes=CLASSES))
    assert found == pytest.approx(by_pycocotools(*made), abs=1e-9)
    assert 0.05 < found[1] < found[0] < 1


def test_perfect_boxes_and_none():
    _, _, _, true, labels = case(0)
    scores = np.ones(labels.shape)
    assert mean_average_precision(match_all(true, scores, labels, true, labels, CLASSES)) == pytest.approx(
        (1, 1)
    )
    nothing = np.full(labels.shape, -1)
    assert mean_average_precision(match_all(true, scores, nothing, true, labels, CLASSES)) == (0, 0)
    assert mean_average_precision(match_all(true, scores, labels, true, nothing, CLASSES)) == (0, 0)
    assert mean_average_precision([]) == (0, 0)


def test_a_true_box_is_taken_once():
    box = np.array([[0.0, 0, 10, 10]])
    assert match(np.repeat(box, 2, axis=0), box).T.tolist() == [[True] * 10, [False] * 10]
    half = match(np.array([[0.0, 0, 10, 5]]), box)[:, 0]
    assert half.tolist() == [True] + [False] * 9, "an overlap of exactly 0.5 is enough"


def test_pictures_that_count_twice_are_as_pictures_that_stand_twice():
    made = case(4)  # without ties, whose order is not the same
    counts = np.random.default_rng(0).integers(0, 4, len(made[0]))
    rows = np.repeat(np.arange(len(counts)), counts)
    repeated = match_all(*(part[rows] for part in made), classes=CLASSES)
    weighed = mean_average_precision(match_all(*made, classes=CLASSES), counts)
    assert weighed == pytest.approx(mean_average_precision(repeated), abs=1e-9)


def test_it_can_be_compared_by_a_paired_bootstrap():
    one, two = (match_all(*case(seed), classes=CLASSES) for seed in (1, 1))
    found = paired_bootstrap(
        lambda counts: mean_average_precision(one, counts)[0],
        lambda counts: mean_average_precision(two, counts)[0],
        12,
        draws=20,
    )
    assert found["low"] == found["high"] == 0
