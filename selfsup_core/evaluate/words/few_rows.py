"""How sure an accuracy is that was measured on few rows, in words; said before a run begins, and of its
outcome.
"""

from __future__ import annotations

from typing import Literal, TypedDict

from selfsup_core.data.budget import SplitOutcome
from selfsup_core.pseudo.audit import FEW_TEST_ROWS, share_interval
from selfsup_core.translation import tr
from selfsup_core.wording import percent

FEW = 100  # rows, below which the interval is told: at 80% it is 16 points wide
FEW_PER_CLASS = 30  # test rows
EXAMPLE = 0.8
MOST_FREQUENT = 0.9  # share of the labels, from which accuracy alone misleads
MOST_NAMED = 4  # classes in a sentence


class Warned(TypedDict):
    """What a label budget comes to."""

    tone: Literal["bad", "even"]
    text: str


def interval(share: float, rows: int) -> str:
    """95% interval of a share of rows: "44% to 100%"."""
    low, high = share_interval(round(share * rows), rows)
    return tr("{low} to {high}").format(low=percent(low), high=percent(high))


def share_of(share: float, rows: int | None, noun: str = "rows") -> str:
    """An accuracy and on how many rows, with its interval where they are few; of unknown many the share
    alone.
    """
    if not rows:
        return percent(share, 1)
    beside = f" (95%: {interval(share, rows)})" if rows < FEW else ""
    return tr("{share} on {rows:,} {noun}{beside}").format(
        share=percent(share, 1), rows=rows, noun=noun, beside=beside
    )


def say_few_per_class(counts: dict[str, int]) -> str:
    """Why one split tells little of a comparison: "" where each class has enough test rows.

    Args:
        counts: test rows of each class, by its name.
    """
    there = {name: count for name, count in counts.items() if count}
    few = sorted((count, name) for name, count in there.items() if count < FEW_PER_CLASS)
    if not few:
        return ""
    which = (
        tr("{few} of {few_2!r}").format(few=few[0][0], few_2=few[0][1])
        if len(few) < len(there)
        else tr("{few} to {few_2}").format(few=few[0][0], few_2=max(few)[0])
    )
    if len(few) == len(there) and few[0][0] == max(few)[0]:
        which = f"{few[0][0]}"
    return tr(
        "Few test rows per class ({which}; {few_per_class} or more are better): the outcome may differ on "
        "another split."
    ).format(which=which, few_per_class=FEW_PER_CLASS)


def warn_of_few_labels(outcome: SplitOutcome, *, by_hand: int = 0) -> Warned | None:
    """What should be known before training with these labels; None where there are enough.

    Args:
        by_hand: labels made by hand, which join those that are seen.
    """
    train, validation, test = (
        outcome["labels_seen"],
        outcome["labels_validation"],
        outcome["labels_test"],
    )
    # Validation labels beyond the budget select nothing, so their number matters little.
    is_hidden = outcome["has_budget"]
    if test >= FEW and (is_hidden or validation >= FEW_TEST_ROWS):
        return None
    beside = tr(" and {by_hand:,} by hand").format(by_hand=by_hand) if by_hand else ""
    purpose = tr("beyond the budget to compare with") if is_hidden else tr("for validation")
    text = tr("Labels: {train:,}{beside} for training, {validation:,} {purpose}, {test:,} for test.").format(
        train=train, beside=beside, validation=validation, purpose=purpose, test=test
    )
    if test == 0:
        text += tr(" No test row has a label, so the accuracy of the result cannot be measured.")
    elif test < FEW:
        example = round(EXAMPLE * test) / test
        text += tr(
            " An accuracy measured on {test} test rows is imprecise: a measured {example} would "
            "mean {interval} (95% interval)."
        ).format(test=test, example=percent(example), interval=interval(example, test))
    if 0 < validation < FEW_TEST_ROWS <= test:
        text += tr(" The validation accuracy is even less precise.")
    least = test if is_hidden else min(test, validation)
    return {"tone": "bad" if least < FEW_TEST_ROWS else "even", "text": text}


def say_missing_classes(outcome: SplitOutcome) -> str:
    """Which classes have no label for training or for test; "" where each has both."""
    counts = outcome["classes"]
    unseen = [name for name, parts in counts.items() if not parts["seen"]]
    untested = [name for name, parts in counts.items() if not parts["test"]] if outcome["test"] else []
    said = []
    if unseen:
        said.append(
            tr("{which_classes} no label for training and cannot be learned.").format(
                which_classes=which_classes(unseen, len(counts))
            )
        )
    if untested:
        said.append(
            tr("{which_classes} no test row and cannot be scored.").format(
                which_classes=which_classes(untested, len(counts))
            )
        )
    return " ".join(said)


def which_classes(names: list[str], count: int) -> str:
    """ "Class 'bad' has", "700 of 1,000 classes ('a', 'b' and 698 more) have"."""
    if len(names) == 1:
        return tr("Class {names!r} has").format(names=names[0])
    more = tr(" and {count:,} more").format(count=len(names) - MOST_NAMED) if len(names) > MOST_NAMED else ""
    return tr("{count:,} of {count_2:,} classes ({map}{more}) have").format(
        count=len(names), count_2=count, map=", ".join(map(repr, names[:MOST_NAMED])), more=more
    )


def say_most_frequent(outcome: SplitOutcome) -> str:
    """That accuracy misleads where nearly all labels are of one class; "" elsewhere."""
    rows = {
        name: parts["train"] + parts["validation"] + parts["test"]
        for name, parts in outcome["classes"].items()
    }
    total = sum(rows.values())
    if len(rows) < 2 or not total or max(rows.values()) / total < MOST_FREQUENT:
        return ""
    name = max(rows, key=lambda one: rows[one])
    share = percent(rows[name] / total)
    return tr(
        "{share} of the labels are {name!r}: always predicting it is right as often, so look at "
        "macro-F1 and the score of each class, and set Class weights to Balanced."
    ).format(share=share, name=name)


def warn_of_labels(outcome: SplitOutcome, *, by_hand: int = 0) -> list[str]:
    """All that a split and a label budget let one foresee, a paragraph on each matter; what is to be known of
    the split itself stands with the number of labels.
    """
    if not outcome["classes"]:
        return [outcome["note"]] if outcome["note"] else []
    few = warn_of_few_labels(outcome, by_hand=by_hand)
    numbers = f"{outcome['note']} {few['text'] if few else ''}".strip()
    said = (say_most_frequent(outcome), say_missing_classes(outcome), numbers)
    return [text for text in said if text]
