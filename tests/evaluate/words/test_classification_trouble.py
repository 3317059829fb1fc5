"""Signs of trouble of classifiers: said when they should be, and only then."""

from __future__ import annotations

from typing import Any

from selfsup_core.evaluate.words.classification_trouble import find_classification_signs
from selfsup_core.evaluate.words.verdict import title_of_majority

GOOD = {
    "epoch": 5,
    "train_loss": 0.3,
    "val_loss": 0.4,
    "val_accuracy": 0.9,
    "val_largest_share": 0.3,
    "val_largest_true_share": 0.28,
}
BASELINE = {"majority_accuracy": 0.28, "logistic_accuracy": 0.91, "validation_rows": 500}


def codes(row: dict[str, Any], past=(), baseline=BASELINE, *, is_last: bool = True) -> list[str]:
    found = find_classification_signs(GOOD | row, list(past), baseline, is_last=is_last)
    assert all(sign["text"] and sign["remedy"] for sign in found)
    return [sign["code"] for sign in found]


def test_a_good_run_has_none():
    assert codes({}) == []
    assert codes({}, baseline=None) == []
    assert codes({"epoch": 0, "val_accuracy": 0.1, "val_largest_share": 1.0}) == []


def test_one_class_for_everything():
    assert "one-class" in codes({"val_largest_share": 1.0}, is_last=False)
    assert codes({"val_largest_share": 1.0, "epoch": 1}, is_last=False) == []
    # Where nearly all rows are of one class, naming it most often is right.
    assert codes({"val_largest_share": 0.99, "val_largest_true_share": 0.97}) == []


def test_no_better_than_the_majority():
    assert "majority" in codes({"val_accuracy": 0.28})
    assert "majority" not in codes({"val_accuracy": 0.28}, is_last=False)


def test_of_equally_frequent_classes_none_is_called_the_most_frequent():
    baseline = BASELINE | {"majority_classes": 3}
    found = find_classification_signs(GOOD | {"val_accuracy": 0.28}, [], baseline, is_last=True)
    said = next(sign["text"] for sign in found if sign["code"] == "majority")
    assert "one of the 3 most frequent reaches 28.0% on average" in said
    assert title_of_majority(baseline) == "one of the 3 most frequent classes"
    assert title_of_majority(BASELINE) == "most frequent class"


def test_where_no_epoch_is_chosen_the_last_one_counts():
    better = {"epoch": 2, "train_loss": 0.35, "val_loss": 0.39, "val_accuracy": 0.91}
    for by, expected in (("val_loss", []), (None, ["worse-than-logistic"])):
        found = find_classification_signs(
            GOOD | {"val_accuracy": 0.8}, [better], BASELINE, is_last=True, chosen_by=by
        )
        assert [sign["code"] for sign in found] == expected


def test_over_fitting_is_seen_by_the_labels_that_choose():
    """Validation labels beyond the budget rise here, the ones that were set aside do not, and the other way
    round.
    """
    best = {"epoch": 1, "train_loss": 0.5, "val_loss": 0.2, "choice_loss": 0.4}
    row = GOOD | {"epoch": 9, "choice_loss": 0.39}
    for by, expected in (("val_loss", ["over-fitting"]), ("choice_loss", []), (None, [])):
        found = find_classification_signs(row, [best], None, is_last=False, chosen_by=by)
        assert [sign["code"] for sign in found] == expected


def test_worse_than_logistic_regression_counts_the_best_epoch():
    assert codes({"val_accuracy": 0.8}) == ["worse-than-logistic"]
    assert codes({"val_accuracy": 0.885}) == [], "within chance"
    better = {"epoch": 2, "train_loss": 0.35, "val_loss": 0.39, "val_accuracy": 0.91}
    assert codes({"val_accuracy": 0.8}, [better]) == []


def test_over_fitting():
    past = [{"epoch": 1, "train_loss": 0.5, "val_loss": 0.3, "val_accuracy": 0.9}]
    assert codes({"epoch": 9, "val_loss": 0.5}, past) == ["over-fitting"]
