"""What the test rows say at the end: of a classifier, or of the networks of a run with pseudo-labels and the
verdict in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

import numpy as np

from selfsup_core.evaluate.classification import (
    accuracy,
    balanced_accuracy,
    confusion_matrix,
    macro_f1,
    score_classes,
)
from selfsup_core.evaluate.rows import Metrics
from selfsup_core.evaluate.tested import Tested
from selfsup_core.pseudo.audit import Verdict, compare, say_careless, say_uneven, verdict
from selfsup_core.translation import tr
from selfsup_core.wording import percent

Network = Literal["student", "twin", "ceiling", "careless"]


def describe_tested(found: Metrics, confusion: np.ndarray, classes: tuple[str, ...], rows: int) -> Tested:
    """What the file of the test rows holds of a classifier.

    Args:
        found: loss and scores of these rows. confusion: (C, C) counts, true by predicted.
    """
    scores = score_classes(confusion)
    return {
        "classes": list(classes),
        "rows": rows,
        "loss": found["loss"],
        "accuracy": found["accuracy"],
        "macro_f1": found["macro_f1"],
        "ece": found["ece"],
        "confusion": confusion.tolist(),
        "precision": scores.precision.tolist(),
        "recall": scores.recall.tolist(),
        "f1": scores.f1.tolist(),
        "support": scores.support.tolist(),
    }


def score(
    named: Mapping[Network, np.ndarray], y: np.ndarray, classes: tuple[str, ...]
) -> tuple[Metrics, Tested]:
    """(metrics, what the file of the test rows holds of each network).

    Args:
        named: network → (T,) classes that it predicts; the student's metrics have no prefix. y: (T,) true
        classes.
    """
    metrics: Metrics = {"test_rows": len(y)}
    about: Tested = {"classes": list(classes), "rows": len(y)}
    for name, predicted in named.items():
        confusion = confusion_matrix(y, predicted, len(classes))
        prefix = "" if name == "student" else f"{name}_"
        metrics[f"{prefix}accuracy"] = accuracy(confusion)
        metrics[f"{prefix}macro_f1"] = macro_f1(confusion)
        metrics[f"{prefix}balanced_accuracy"] = balanced_accuracy(confusion)
        about[name] = {"confusion": confusion.tolist(), "is_right": (predicted == y).astype(int).tolist()}
    return metrics, about


def judge_run(
    named: Mapping[Network, np.ndarray],
    y: np.ndarray,
    metrics: Metrics,
    classes: int,
    doubt: str,
    *,
    is_any_kept: bool = True,
) -> Verdict:
    """Whether pseudo-labels helped, from `score` of the same rows.

    Args:
        doubt: why no pseudo-label was used, or "".
        is_any_kept: whether the student learned from any pseudo-label.
    """
    student, twin = (cast("float", metrics[key]) for key in ("accuracy", "twin_accuracy"))
    known = metrics.get("ceiling_accuracy")
    beside = (
        tr(", {known} if all labels were known").format(known=percent(known, 1)) if known is not None else ""
    )
    if doubt:
        text = tr(
            "{doubt} Student and twin are the same: {student}{beside}. "
            "More labels or another encoder may change that; switch Guard off to try it anyway."
        ).format(doubt=doubt, student=percent(student, 1), beside=beside)
        found: Verdict = {"outcome": "not used", "text": text}
    elif not is_any_kept:
        text = tr(
            "No pseudo-label was kept in any round, so student and twin are the same: {student}{beside}."
        ).format(student=percent(student, 1), beside=beside)
        found = {"outcome": "not used", "text": text}
    else:
        found = verdict(compare(named["student"] == y, named["twin"] == y), student, twin, known)
        scores = {
            title: (metrics[key], metrics[f"twin_{key}"])
            for title, key in (("macro-F1", "macro_f1"), (tr("balanced accuracy"), "balanced_accuracy"))
        }
        found["text"] += say_uneven(np.bincount(y[y >= 0], minlength=classes), scores)
    if (careless := metrics.get("careless_accuracy")) is not None:
        found["text"] += say_careless(careless, twin)
    return found
