"""Signs of trouble in a language model's numbers, said in words with the remedy."""

from __future__ import annotations

from selfsup_core.evaluate.rows import Baseline, EpochRow, Sign
from selfsup_core.evaluate.words.trouble import diverging, over_fitting, sign
from selfsup_core.translation import tr


def find_language_signs(
    row: EpochRow, past: list[EpochRow], baseline: Baseline | None, *, is_last: bool
) -> list[Sign]:
    """What looks wrong at an epoch: [{"code", "text", "remedy"}, …]; epoch 0, before training, is never
    wrong.

    Args:
        row: the epoch's metrics. past: the rows of the epochs before it.
        baseline: what counting achieves (`ngram_baseline`), or nothing.
    """
    if row["epoch"] < 1:
        return []
    found = (
        diverging(row, past),
        over_fitting(row, past, {"objective_settings": {}}),
        worse_than_counting(row, baseline, is_last=is_last),
        forgot(row, past, is_last=is_last),
    )
    return [one for one in found if one]


def worse_than_counting(row: EpochRow, baseline: Baseline | None, *, is_last: bool) -> Sign | None:
    pairs, loss = (baseline.get("bigram_loss") if baseline else None), row.get("val_loss")
    if not is_last or pairs is None or loss is None or loss <= pairs:
        return None
    return sign(
        "worse-than-counting",
        tr(
            "Worse than a model that only counts pairs of tokens (bigram baseline): "
            "validation loss {loss:.3f} per token, where counting reaches {pairs:.3f}."
        ).format(loss=loss, pairs=pairs),
        tr("Train longer, or raise the learning rate."),
    )


def forgot(row: EpochRow, past: list[EpochRow], *, is_last: bool) -> Sign | None:
    """A loaded model that ends worse than it began."""
    first = next((loss for r in past if r["epoch"] == 0 and (loss := r.get("val_loss"))), None)
    loss = row.get("val_loss")
    if not is_last or first is None or loss is None or loss <= first:
        return None
    return sign(
        "worse-than-before",
        tr(
            "Worse than before training: validation loss {loss:.3f} per token, {first:.3f} at epoch 0."
        ).format(loss=loss, first=first),
        tr("Lower the learning rate, or use more text."),
    )
