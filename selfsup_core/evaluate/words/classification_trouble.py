"""Signs of trouble in a classifier's numbers, said in words with the remedy."""

from __future__ import annotations

from typing import Literal, cast

from selfsup_core.evaluate.rows import Baseline, EpochRow, Sign
from selfsup_core.evaluate.words.trouble import diverging, over_fitting, sign
from selfsup_core.translation import tr
from selfsup_core.wording import percent

Loss = Literal["val_loss", "choice_loss"]
ONE_CLASS = 0.98  # of the predictions
MARGIN = 0.05  # by which the predictions' share is above the truth's
FIRST_EPOCH = 2  # a network that has hardly begun predicts one class


def find_classification_signs(
    row: EpochRow,
    past: list[EpochRow],
    baseline: Baseline | None,
    *,
    is_last: bool,
    chosen_by: str | None = "val_loss",
) -> list[Sign]:
    """What looks wrong at an epoch: [{"code", "text", "remedy"}, …]; epoch 0, before training, is never
    wrong.

    Args:
        row: the epoch's metrics. past: the rows of the epochs before it.
        baseline: `majority_accuracy` and `logistic_accuracy` on the same rows, as far as they are known.
        chosen_by: loss by which the best epoch is chosen; None where the last one is kept.
    """
    if row["epoch"] < 1:
        return []
    found = (
        diverging(row, past),
        over_fitting(row, past, {"objective_settings": {}}, cast("Loss", chosen_by)) if chosen_by else None,
        one_class(row, is_last=is_last),
        no_better_than_majority(row, baseline, is_last=is_last),
        worse_than_logistic(row, past, baseline, is_last=is_last, chosen_by=chosen_by),
    )
    return [one for one in found if one]


def one_class(row: EpochRow, *, is_last: bool) -> Sign | None:
    share, true = row.get("val_largest_share"), row.get("val_largest_true_share")
    if share is None or true is None or (row["epoch"] < FIRST_EPOCH and not is_last):
        return None
    if share < ONE_CLASS or share <= true + MARGIN:
        return None
    return sign(
        "one-class",
        tr(
            "One class for everything: {share} of the validation rows get the same class, but no "
            "class has more than {true} of them."
        ).format(share=percent(share), true=percent(true)),
        tr("Train longer, change the learning rate, or set Class weights to Balanced."),
    )


def no_better_than_majority(row: EpochRow, baseline: Baseline | None, *, is_last: bool) -> Sign | None:
    majority, found = (baseline.get("majority_accuracy") if baseline else None), row.get("val_accuracy")
    if not is_last or majority is None or found is None or found > majority:
        return None
    count = baseline.get("majority_classes", 1) if baseline else 1
    beside = (
        tr("always predicting that class reaches {majority}").format(majority=percent(majority, 1))
        if count == 1
        else tr("always predicting one of the {count} most frequent reaches {majority} on average").format(
            count=count, majority=percent(majority, 1)
        )
    )
    return sign(
        "majority",
        tr(
            "No better than the most frequent class: accuracy {found} on validation rows, where {beside}."
        ).format(found=percent(found, 1), beside=beside),
        tr("Check the labels, use more of them, train longer, or use other features."),
    )


def worse_than_logistic(
    row: EpochRow,
    past: list[EpochRow],
    baseline: Baseline | None,
    *,
    is_last: bool,
    chosen_by: str | None = "val_loss",
) -> Sign | None:
    """The best epoch counts, since that is the one which is kept."""
    logistic = baseline.get("logistic_accuracy") if baseline else None
    rows = baseline.get("validation_rows") if baseline else None
    known = [
        (loss, accuracy)
        for r in ((*past, row) if chosen_by else (row,))
        if (accuracy := r.get("val_accuracy")) is not None
        and (loss := r.get(cast("Loss", chosen_by or "val_loss"))) is not None
    ]
    if not is_last or logistic is None or not rows or not known:
        return None
    _, best = min(known, key=lambda pair: pair[0])
    # Two standard errors of a share, so that chance is not called trouble.
    if best >= logistic - 2 * (logistic * (1 - logistic) / rows) ** 0.5 - 0.01:
        return None
    return sign(
        "worse-than-logistic",
        tr(
            "Worse than logistic regression: accuracy {best} on validation rows, where logistic "
            "regression reaches {logistic} with the same features."
        ).format(best=percent(best, 1), logistic=percent(logistic, 1)),
        tr("Train longer, raise the learning rate, or remove hidden layers."),
    )
