"""How sure an accuracy is that was measured on few rows, in words; said before a run begins, and of its outcome."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from selfsup_core.pseudo.audit import FEW_TEST_ROWS, share_interval
from selfsup_core.wording import percent

FEW = 100  # rows, below which the interval is told: at 80% it is 16 points wide
EXAMPLE = 0.8


class Warned(TypedDict):
    """What a label budget comes to."""

    tone: Literal["bad", "even"]
    text: str


def interval(share: float, rows: int) -> str:
    """95% interval of a share of rows: "44% to 100%"."""
    low, high = share_interval(round(share * rows), rows)
    return f"{percent(low)} to {percent(high)}"


def share_of(share: float, rows: int | None, noun: str = "rows") -> str:
    """An accuracy and on how many rows, with its interval where they are few; of unknown many the share alone."""
    if not rows:
        return percent(share, 1)
    beside = f" (95%: {interval(share, rows)})" if rows < FEW else ""
    return f"{percent(share, 1)} on {rows:,} {noun}{beside}"


def warn_of_few_labels(outcome: dict[str, Any]) -> Warned | None:
    """What should be known before training with these labels; None where there are enough.

    Args:
        outcome: of `data.budget.describe_split`.
    """
    train, validation, test = (outcome[f"labels_{part}"] for part in ("seen", "validation", "test"))
    if test >= FEW and validation >= FEW_TEST_ROWS:
        return None
    hand = outcome.get("labels_by_hand", 0)
    beside = f" and {hand:,} by hand" if hand else ""
    text = f"Labels: {train:,}{beside} for training, {validation:,} for validation, {test:,} for test."
    if test == 0:
        text += " No test row has a label, so the accuracy of the result cannot be measured."
    elif test < FEW:
        example = round(EXAMPLE * test) / test
        text += f" An accuracy measured on {test} test rows is imprecise: a measured {percent(example)} would mean {interval(example, test)} (95% interval)."
    if 0 < validation < FEW_TEST_ROWS <= test:
        text += " The validation accuracy is even less precise."
    return {"tone": "bad" if min(test, validation) < FEW_TEST_ROWS else "even", "text": text}
