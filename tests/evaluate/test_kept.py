"""What is kept of the proposals, counted."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.evaluate.classification import class_sums
from selfsup_core.evaluate.kept import Kept, count_kept, describe_kept, flow, flow_of_many


def test_of_the_kept_rows_it_is_said_how_many_have_a_known_class():
    now = Kept.nothing(6)
    now.label[:] = [0, 1, 0, 1, 0, 1]
    now.weight[:5] = 1
    truth = np.array([0, 0, -1, -1, -1, 1])
    found = describe_kept(Kept.nothing(6), now, truth)
    assert (found["kept_rows"], found["kept_known"], found["pseudo_precision"]) == (5, 2, 0.5)
    assert found["coverage"] == pytest.approx(5 / 6)
    nobody = describe_kept(Kept.nothing(6), now, np.full(6, -1))
    assert (nobody["kept_known"], nobody["pseudo_precision"]) == (0, None)


@pytest.mark.parametrize("classes", [3, 300])
def test_a_flow_of_many_classes_is_the_whole_one_with_the_others_put_together(classes: int):
    rng = np.random.default_rng(0)
    before, after = rng.integers(-1, classes, (2, 2000))
    after[:900] = before[:900]
    whole, found = flow(before, after, classes), flow_of_many(before, after, classes)
    chosen = found["flow_classes"] + 1
    others = np.setdiff1d(np.arange(1, classes + 1), chosen)
    groups = [[0], *chosen[:, None], others]
    expected = [[whole[np.ix_(a, b)].sum() for b in groups] for a in groups]
    assert found["flow"].tolist() == expected
    idle, fresh, dropped = whole[0, 0], whole[0, 1:].sum(), whole[1:, 0].sum()
    stayed = np.trace(whole) - idle
    assert found["flow_totals"].tolist() == [
        idle,
        fresh,
        stayed,
        2000 - idle - fresh - dropped - stayed,
        dropped,
    ]
    changes = (whole.sum(axis=0) + whole.sum(axis=1) - 2 * np.diag(whole))[1:]
    assert changes[chosen - 1].tolist() == sorted(changes, reverse=True)[: min(20, classes)]


def test_of_classes_without_rows_no_flow_is_kept():
    none = np.full(5, -1)
    found = flow_of_many(none, none, 300)
    assert (found["flow_classes"].tolist(), found["flow"].tolist()) == ([], [[5, 0], [0, 0]])
    found = flow_of_many(none, np.array([7, 7, -1, -1, 9]), 300)
    assert found["flow_classes"].tolist() == [7, 9]
    assert found["flow"].tolist() == [[2, 2, 1, 0], [0] * 4, [0] * 4, [0] * 4]


def test_of_very_many_classes_the_sums_of_kept_labels_are_those_of_the_matrix():
    rng = np.random.default_rng(1)
    now, truth = Kept.nothing(3000), rng.integers(-1, 300, 3000)
    now.label[:] = rng.integers(-1, 300, 3000)
    now.label[:1500] = truth[:1500]
    now.weight[:] = (now.label >= 0) & (rng.random(3000) < 0.8)
    given, before = np.full(3000, -1), np.full(3000, -1)
    whole, few = (count_kept(before, now, truth, given, 300, with_pairs=pairs) for pairs in (True, False))
    assert "kept_confusion" not in few
    right, kept, found, worst, count = few["kept_confusion_sums"]
    matrix = whole["kept_confusion"]
    assert (right == matrix.diagonal()).all()
    assert (kept == matrix.sum(axis=0)).all()
    assert (found == matrix.sum(axis=1)).all()
    some = np.flatnonzero(count)
    assert (matrix[worst[some], some] == count[some]).all()
    assert few["kept_confusion_sums"].tolist() == class_sums(matrix.T).tolist()
