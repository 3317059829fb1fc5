"""What is said of accuracies on few rows, before a run and of its outcome."""

from __future__ import annotations

import pytest

from selfsup_core.evaluate.words.few_rows import say_few_per_class, share_of, warn_of_few_labels
from selfsup_core.evaluate.words.verdict import describe_accuracy, describe_run


def counts(seen: int, validation: int, test: int) -> dict:
    return {"labels_seen": seen, "labels_validation": validation, "labels_test": test, "has_budget": False}


def test_a_share_of_few_rows_has_an_interval():
    assert share_of(1.0, 3, "test rows") == "100.0% on 3 test rows (95%: 44% to 100%)"
    assert share_of(0.8, 500) == "80.0% on 500 rows"
    assert share_of(0.8, None) == "80.0%"


@pytest.mark.parametrize(
    ("outcome", "tone", "words"),
    [
        (counts(14, 9, 9), "bad", "14 for training, 9 for validation, 9 for test."),
        (counts(14, 9, 9), "bad", "a measured 78% would mean 45% to 94%"),
        (counts(140, 40, 40), "even", "a measured 80% would mean"),
        (counts(14, 9, 0), "bad", "No test row has a label"),
        (counts(2, 9, 200), "bad", "validation accuracy is even less precise"),
    ],
)
def test_few_labels_are_told_before_training(outcome, tone, words):
    warned = warn_of_few_labels(outcome)
    assert warned["tone"] == tone
    assert words in warned["text"]


def test_labels_by_hand_are_counted_apart():
    assert "14 and 5 by hand for training" in warn_of_few_labels(counts(14, 9, 9), by_hand=5)["text"]


def test_enough_labels_need_no_warning():
    assert warn_of_few_labels(counts(20, 500, 500)) is None


def test_labels_beyond_a_budget_do_not_count_for_validation():
    hidden = counts(12, 9, 120) | {"has_budget": True}
    assert warn_of_few_labels(hidden) is None
    warned = warn_of_few_labels(hidden | {"labels_test": 50})
    assert warned["tone"] == "even"
    assert "9 beyond the budget to compare with, 50 for test" in warned["text"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({"a": 30, "b": 31}, ""),
        ({"a": 30, "b": 12}, "(12 of 'b'; 30 or more are better)"),
        ({"a": 20, "b": 12}, "(12 to 20; 30"),
        ({"a": 12, "b": 12, "none of this": 0}, "(12; 30"),
    ],
)
def test_few_test_rows_of_a_class_are_told(rows, words):
    said = say_few_per_class(rows)
    assert bool(said) == bool(words)
    assert words in said


def test_a_run_says_of_how_many_rows_its_accuracy_is():
    pseudo = {
        "task": "pseudo",
        "metrics": {"accuracy": 1.0, "pseudo_precision": 1.0, "kept_rows": 488.0, "kept_known": 19.0},
        "baseline": {"test_rows": 3},
    }
    assert describe_accuracy(pseudo) == "accuracy 100.0% on 3 test rows (95%: 44% to 100%)"
    said = describe_run(pseudo)
    assert "on 3 test rows, 95%: 44% to 100%" in said
    assert "100% of the 19 whose class is known are correct" in said
    known = describe_run(pseudo | {"metrics": pseudo["metrics"] | {"kept_known": 488.0}})
    assert "100% of these are correct" in known
    classify = {"task": "classify", "metrics": {"val_accuracy": 0.5}, "baseline": {"validation_rows": 20}}
    assert describe_accuracy(classify).startswith("accuracy 50.0% on 20 validation rows")
    assert describe_accuracy({"task": "classify", "metrics": {}, "baseline": None}) == ""
    tested = {"val_accuracy": 0.5, "test_accuracy": 0.5, "test_macro_f1": 0.4, "test_rows": 20}
    assert "(accuracy 95%: 30% to 70%)" in describe_run(classify | {"metrics": tested})
