"""Scores of classes against scikit-learn, and what holds for all of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from selfsup_core.evaluate.classification import (
    accuracy,
    balanced_accuracy,
    calibration_error,
    class_sums,
    confusion_matrix,
    macro_f1,
    majority_accuracy,
    most_confused,
    most_frequent,
    score_classes,
)
from selfsup_core.evaluate.classifier_epochs import simple_means


@st.composite
def labels(draw):
    classes = draw(st.integers(2, 6))
    size = draw(st.integers(1, 40))
    numbers = st.lists(st.integers(0, classes - 1), min_size=size, max_size=size)
    return classes, np.array(draw(numbers)), np.array(draw(numbers))


@given(labels())
@settings(max_examples=80, deadline=None)
def test_as_scikit_learn_has_it(case):
    classes, y, predicted = case
    confusion = confusion_matrix(y, predicted, classes)
    known = range(classes)
    assert (confusion == metrics.confusion_matrix(y, predicted, labels=known)).all()
    assert accuracy(confusion) == pytest.approx(metrics.accuracy_score(y, predicted))
    expected = metrics.precision_recall_fscore_support(y, predicted, labels=known, zero_division=0.0)
    scores = score_classes(confusion)
    for ours, theirs in zip(
        (scores.precision, scores.recall, scores.f1, scores.support), expected, strict=True
    ):
        assert np.allclose(ours, theirs)
    # Without a list of classes scikit-learn, too, takes those that occur.
    theirs = metrics.f1_score(y, predicted, average="macro", zero_division=0.0)
    assert macro_f1(confusion) == pytest.approx(theirs)
    assert balanced_accuracy(confusion) == pytest.approx(metrics.balanced_accuracy_score(y, predicted))


@given(labels(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_neither_order_nor_names_matter(case, random):
    classes, y, predicted = case
    order = np.array(random.sample(range(len(y)), len(y)))
    names = np.array(random.sample(range(classes), classes))
    first = confusion_matrix(y, predicted, classes)
    second = confusion_matrix(names[y[order]], names[predicted[order]], classes)
    assert accuracy(first) == accuracy(second)
    assert macro_f1(first) == pytest.approx(macro_f1(second))
    assert first.sum() == len(y)
    assert (first.sum(axis=1) == np.bincount(y, minlength=classes)).all()
    assert 0 <= macro_f1(first) <= 1


def slow_ece(confidence, is_right, bins=15):
    """Bin by bin, as the paper writes it."""
    total = 0.0
    for b in range(bins):
        inside = (confidence > b / bins) & (confidence <= (b + 1) / bins)
        if inside.any():
            total += inside.mean() * abs(is_right[inside].mean() - confidence[inside].mean())
    return total


@given(st.lists(st.tuples(st.floats(0.01, 1.0), st.booleans()), min_size=1, max_size=60))
@settings(max_examples=80, deadline=None)
def test_calibration(pairs):
    confidence = np.array([round(c, 3) for c, _ in pairs])
    is_right = np.array([r for _, r in pairs])
    found = calibration_error(confidence, is_right)
    assert found == pytest.approx(slow_ece(confidence, is_right), abs=1e-9)
    assert 0 <= found <= 1


def test_calibration_of_the_sure():
    sure = np.ones(10)
    assert calibration_error(sure, np.ones(10)) == 0
    assert calibration_error(sure, np.zeros(10)) == 1
    assert calibration_error(np.full(4, 0.75), np.array([1, 1, 1, 0])) == 0


def test_without_rows():
    none = confusion_matrix(np.array([], int), np.array([], int), 3)
    assert accuracy(none) is None
    assert macro_f1(none) is None
    assert balanced_accuracy(none) is None
    assert calibration_error(np.array([]), np.array([])) is None
    assert majority_accuracy(np.array([], int), np.array([1])) is None


def test_majority():
    assert majority_accuracy(np.array([1, 1, 0]), np.array([1, 0, 1, 2])) == 0.5


def test_of_equally_frequent_classes_the_majority_is_none_in_particular():
    """As many labels of each class: the baseline is what any of them reaches on average, whatever their
    numbers.
    """
    y = np.array([0, 2, 2, 2, 1, 1])
    assert most_frequent(np.array([2, 0, 0, 2, 1])).tolist() == [0, 2]
    assert majority_accuracy(np.array([2, 0, 0, 2, 1]), y) == pytest.approx((1 / 6 + 3 / 6) / 2)
    assert majority_accuracy(np.array([0, 1, 2]), y) == pytest.approx(1 / 3)
    assert simple_means(np.array([0, 1, 2]), y, 3)["majority_classes"] == 3
    assert simple_means(np.array([0, 1, 1]), y, 3)["majority_classes"] == 1


def test_sums_of_a_confusion_and_the_classes_that_are_confused_most():
    matrix = np.array([[5, 2, 0, 2], [1, 7, 0, 0], [0, 0, 4, 0], [0, 0, 0, 0]])
    sums = class_sums(matrix)
    assert sums.dtype == np.int32
    assert sums.tolist() == [[5, 7, 4, 0], [9, 8, 4, 0], [6, 9, 4, 2], [1, 0, -1, -1], [2, 1, 0, 0]]
    assert most_confused(sums).tolist() == [0, 1, 3]  # 5 errors, 3, 2; class 2 has none
    large = np.ones((300, 300), int)
    large[7] += 1
    assert most_confused(class_sums(large)).tolist() == [7, *range(7), *range(8, 20)]
