"""The confusion panel of a classifier: what it does most wrongly."""

from __future__ import annotations

import numpy as np

from selfsup_core.evaluate.words.panels.seen import Seen
from selfsup_core.translation import tr
from selfsup_core.wording import counted, percent

ONE_CLASS = 0.98  # of the predictions


def say_confusion(seen: Seen) -> str:
    """The first that holds: one class for all, no errors, classes never predicted, the worst pair."""
    counts = seen.arrays.get("label_counts")
    if counts is None or counts.ndim != 2 or not counts[0].sum():
        return ""
    true, named = counts.astype(np.int64)
    if seen.epoch == 0:
        return _say_guesses(seen, int(true.sum()))
    most = int(named.argmax())
    share = float(named[most] / max(1, named.sum()))
    if share >= ONE_CLASS and true[most] < ONE_CLASS * true.sum():
        return tr("Nearly everything is predicted as {name} ({share}).").format(
            name=seen.name(most), share=percent(share)
        )
    worst = _worst(seen)
    if worst is None:
        return ""
    wrong, source, target, rows = worst
    if not wrong:
        return tr("All {sum:,} validation rows are classified correctly.").format(sum=int(true.sum()))
    never = np.flatnonzero((true > 0) & (named == 0))
    if len(never):
        of = counted(int((true > 0).sum()), "class", "classes")
        verb, name = "is" if len(never) == 1 else "are", seen.name(int(never[0]))
        return tr("{count} of {of} {verb} never predicted, such as {name}.").format(
            count=len(never), of=of, verb=verb, name=name
        )
    names = seen.name(source), seen.name(target)
    return tr("Confused most often: {names} is taken for {names_2}, {wrong} of its {rows} rows.").format(
        names=names[0], names_2=names[1], wrong=wrong, rows=rows
    )


def _say_guesses(seen: Seen, rows: int) -> str:
    matrix, sums = seen.arrays.get("confusion"), seen.arrays.get("confusion_sums")
    right = np.trace(matrix) if matrix is not None else sums[0].sum() if sums is not None else None
    if right is None:
        return ""
    said = tr("{right} of {rows:,} validation rows are right").format(
        right=percent(int(right) / rows), rows=rows
    )
    return tr("Before training, predictions are guesses: {said}.").format(said=said)


def _worst(seen: Seen) -> tuple[int, int, int, int] | None:
    """(rows, true class, predicted class, rows of the true class) of the pair that is confused most."""
    matrix, sums = seen.arrays.get("confusion"), seen.arrays.get("confusion_sums")
    if matrix is not None:
        wrong = matrix - np.diag(np.diag(matrix))
        source, target = np.unravel_index(wrong.argmax(), wrong.shape)
        return int(wrong.max()), int(source), int(target), int(matrix[source].sum())
    if sums is not None:
        source = int(sums[4].argmax())
        return int(sums[4][source]), source, int(sums[3][source]), int(sums[1][source])
    return None
