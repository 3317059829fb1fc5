"""By which metric the runs of a sweep are ranked: one that is measured on validation rows and is the same
quantity in all of them, never one of test rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from selfsup_core.data.sources import find_source
from selfsup_core.errors import StudioError
from selfsup_core.evaluate.compared import MEASURES, Measure
from selfsup_core.runs.notes import TOKENS
from selfsup_core.runs.spec import RunSpec, task_of
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import inline

CHOICE = Measure("choice_accuracy", tr_later("Accuracy on labels that are set aside"), "higher")
# Metrics of the labels of validation rows, which a label budget hides from training.
OF_LABELS = ("accuracy", "macro_f1", "ece")
BY_CLASSES = ("knn_accuracy", "probe_accuracy")
NO_QUALITY = ("rankme",)  # more of it is not always better


def candidates(spec: RunSpec, varied: Collection[str]) -> list[Measure]:
    """The metrics that may rank the runs, the best one first.

    Args:
        varied: paths of the settings that are varied. A loss is another quantity under another objective, and
        a number per token with other tokens.
    """
    task = task_of(spec)
    known = [*MEASURES.get(task, ())]
    if task == "pseudo":
        known = [*MEASURES["classify"]]
    if spec.data.has_budget and task == "classify":
        known = [CHOICE, *known]
    is_other_loss = any(path.startswith("objective.") for path in varied)
    has_other_tokens = any(path in TOKENS for path in varied)
    return [
        one
        for one in known
        if one.better
        and not one.name.startswith("test_")
        and one.name not in NO_QUALITY
        and not (one.is_loss and is_other_loss)
        and not (one.by_token and has_other_tokens)
    ]


def foreseen(workspace: Path, spec: RunSpec, varied: Collection[str]) -> Measure | None:
    """The metric that will rank the runs, as far as it can be told before there is one."""
    from selfsup_core.objectives import OBJECTIVES

    try:
        has_classes = find_source(spec.data.source, workspace).classes > 0
    except StudioError:
        has_classes = False
    objective: Any = OBJECTIVES[spec.objective.kind]
    reconstructs = getattr(objective, "has_reconstruction", True)
    for one in candidates(spec, varied):
        if one.name in BY_CLASSES and not has_classes:
            continue
        if one.name == "val_mse" and not reconstructs:
            continue
        return one
    return None


def measured(possible: Iterable[Measure], found: Iterable[Mapping[str, object]]) -> Measure | None:
    """The first metric that the runs have. Args: found: metrics of each run that is finished."""
    runs = list(found)
    return next(
        (one for one in possible if any(score_in(metrics, one) is not None for metrics in runs)), None
    )


def score_in(metrics: Mapping[str, object], one: Measure) -> float | None:
    value = metrics.get(one.name)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number else None  # type: ignore[arg-type]


def say_measure(one: Measure) -> str:
    """ "accuracy on validation rows (higher is better)" """
    better = tr("higher is better") if one.better == "higher" else tr("lower is better")
    return f"{inline(tr(one.title))} ({better})"


def doubt_of(spec: RunSpec, one: Measure | None) -> str:
    """What limits the choice by this metric, as a sentence; "" where nothing does."""
    if one is None or not spec.data.has_budget or one.name == CHOICE.name:
        return ""
    if task_of(spec) in ("classify", "pseudo") and one.name.endswith(OF_LABELS):
        return tr(
            "The recipe hides labels from training, and this choice uses those of the validation rows. With "
            "no more labels than the recipe gives, nobody could choose so well."
        )
    return ""
