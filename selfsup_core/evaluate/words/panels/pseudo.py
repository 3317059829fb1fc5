"""The panels of a run with pseudo-labels.

What `say_true_…` say needs the true classes of unlabeled rows: the stage shows it while its switch is on.
Nothing else here reads them.
"""

from __future__ import annotations

import numpy as np

from selfsup_core.evaluate.words.panels.seen import Seen, error_of_share, known
from selfsup_core.wording import counted, percent

TRUTH, PROPOSED, KEPT, GIVEN = range(4)  # rows of `mix`
ONE_CLASS, LEAST_KEPT = 0.95, 10
DRIFT = 0.1  # of the kept labels, more or fewer than of the true classes
SURE = 0.95
UNSETTLED, DROPPED = 0.1, 0.2
DOUBT = 0.05  # between mean confidence of sure proposals and how many of them are right
RIGHT, WRONG = 0, 1


def say_rounds(seen: Seen) -> str:
    """Student beside twin on test rows; two standard errors of a difference of shares tell it from chance."""
    student, twin = known(seen.row.get("accuracy")), known(seen.row.get("twin_accuracy"))
    if student is None or twin is None:
        return ""
    if seen.epoch == 0:
        return "Before the first round, the student and its twin are the same untrained network."
    rows = seen.baseline.get("test_rows", 0)
    gap = student - twin
    points = f"{100 * abs(gap):.1f} points"
    if abs(gap) < 0.0005:
        return "Student and twin are equally accurate: pseudo-labels make no difference so far."
    if not rows:  # a run of an earlier version does not say
        return f"The student is {points} {'above' if gap > 0 else 'below'} its twin, without pseudo-labels."
    if abs(gap) <= 2**0.5 * error_of_share(twin, rows):
        where = f"which may be chance on {rows:,} test rows"
        return f"No clear difference: student and twin are {points} apart, {where}."
    if gap > 0:
        return f"Pseudo-labels help so far: the student is {points} above its twin, without them."
    return f"Pseudo-labels do harm so far: the student is {points} below its twin, without them."


def say_labels(seen: Seen) -> str:
    """How the kept labels are spread over the classes."""
    mix = seen.arrays.get("mix")
    if mix is None:
        return ""
    kept, given = mix[KEPT].astype(np.int64), mix[GIVEN].astype(np.int64)
    total = int(kept.sum())
    if not total:
        return (
            "Nothing is kept before the first round."
            if seen.epoch == 0
            else "No proposal was kept in this round."
        )
    most = int(kept.argmax())
    share, before = kept[most] / total, given[most] / max(1, given.sum())
    if share >= ONE_CLASS and total >= LEAST_KEPT and before < ONE_CLASS and len(kept) > 1:
        return (
            f"Nearly all kept labels are of one class, {seen.name(most)}: {percent(share)}, and "
            f"{percent(before)} of the given ones."
        )
    none = np.flatnonzero((given > 0) & (kept == 0))
    if len(none):
        verb = "has" if len(none) == 1 else "have"
        of = counted(int((given > 0).sum()), "class", "classes")
        return f"{len(none)} of {of} {verb} no kept label, such as {seen.name(int(none[0]))}."
    least = int(np.where(kept > 0, kept, kept.max() + 1).argmin())
    if kept[most] == total:
        return f"All {total:,} kept labels are of {seen.name(most)}."
    if least == most:
        return f"The kept labels are even: {int(kept[most]):,} of each class."
    return (
        f"Kept labels per class: from {int(kept[least]):,} ({seen.name(least)}) to {int(kept[most]):,} "
        f"({seen.name(most)})."
    )


def say_true_labels(seen: Seen) -> str:
    """The class whose share of the kept labels is furthest from its true share."""
    mix = seen.arrays.get("mix")
    if mix is None or not mix[KEPT].sum() or not mix[TRUTH].sum():
        return ""
    kept, truth = (mix[row] / mix[row].sum() for row in (KEPT, TRUTH))
    at = int(np.abs(kept - truth).argmax())
    if abs(kept[at] - truth[at]) < DRIFT:
        return "The kept labels have nearly the same class shares as the true classes."
    which = "too often" if kept[at] > truth[at] else "too seldom"
    shares = f"{percent(kept[at])} of the labels, but {percent(truth[at])} of the true classes"
    return f"{seen.name(at)} is kept {which}: {shares}."


def say_confidence(seen: Seen) -> str:
    """How many proposals are sure."""
    counts = _by_confidence(seen)
    if counts is None:
        return ""
    total = int(counts.sum())
    sure, half = counts[_bin(SURE, counts) :].sum(), counts[: _bin(0.5, counts)].sum()
    low = f"{percent(half / total)} below 50%" if half else "none below 50%"
    if not sure:
        return f"No proposal is at least {percent(SURE)} confident; {low}."
    return (
        f"{percent(sure / total)} of {counted(total, 'proposal')} are at least {percent(SURE)} confident, "
        f"{low}."
    )


def say_true_confidence(seen: Seen) -> str:
    """Whether the sure proposals are as often right as they claim."""
    found = seen.arrays.get("histogram")
    if found is None:
        return ""
    sure = found.sum(axis=0)[_bin(SURE, found.sum(axis=(0, 2))) :]
    known_rows = int(sure[:, RIGHT].sum() + sure[:, WRONG].sum())
    if known_rows < LEAST_KEPT:
        return ""
    right = float(sure[:, RIGHT].sum() / known_rows)
    said = f"of those at least {percent(SURE)} confident, {percent(right)} are correct"
    return f"Confidence misleads: {said}." if right < SURE - DOUBT else f"Confidence holds: {said}."


def _by_confidence(seen: Seen) -> np.ndarray | None:
    found = seen.arrays.get("histogram")
    if found is None or not found.sum():
        return None
    counts: np.ndarray = found.sum(axis=(0, 2))
    return counts


def _bin(confidence: float, counts: np.ndarray) -> int:
    return round(confidence * len(counts))


def say_flow(seen: Seen) -> str:
    """Whether labels settle from round to round."""
    counts = _totals(seen)
    if counts is None:
        return ""
    _, fresh, stayed, changed, dropped = counts
    before, now = stayed + changed + dropped, fresh + stayed + changed
    if not before:
        return f"The first labels: {now:,} rows are kept." if now else ""
    if dropped / before >= DROPPED:
        return f"Unsettled: {percent(dropped / before)} of the labels kept before were dropped in this round."
    if changed / before >= UNSETTLED:
        return f"Unsettled: {percent(changed / before)} of the labels kept before changed their class."
    if fresh > before:
        return f"Growing: {fresh:,} rows are new among the kept ones, {before:,} were there before."
    if stayed == before and not fresh:
        return "Settled: the same rows are kept with the same labels as in the round before."
    if stayed == before:
        return f"Growing: {fresh:,} rows are new among the kept ones; the labels of all others are unchanged."
    return f"Settling: {percent(stayed / before)} of the labels kept before are unchanged."


def _totals(seen: Seen) -> tuple[int, int, int, int, int] | None:
    """Rows that are not kept, newly kept, stayed, changed class, were dropped."""
    told, flow = seen.arrays.get("flow_totals"), seen.arrays.get("flow")
    if told is not None:
        idle, fresh, stayed, changed, dropped = (int(n) for n in told)
        return idle, fresh, stayed, changed, dropped
    if flow is None:
        return None
    flow = flow.astype(np.int64)
    stayed = int(np.trace(flow) - flow[0, 0])
    fresh, dropped = int(flow[0, 1:].sum()), int(flow[1:, 0].sum())
    changed = int(flow.sum() - flow[0, 0]) - stayed - fresh - dropped
    return int(flow[0, 0]), fresh, stayed, changed, dropped


def say_errors(seen: Seen) -> str:
    """How unsure the least certain proposal is, beside guessing."""
    found, labels = seen.arrays.get("unsure_confidence"), seen.arrays.get("unsure_label")
    if found is None or labels is None or len(seen.classes) < 2:
        return ""
    found = found[labels >= 0]  # before the first round rows are shown that have no proposal
    least = known(float(np.nanmin(found))) if np.isfinite(found).any() else None
    if least is None:
        return ""
    chance = 1 / len(seen.classes)
    return (
        f"The least certain proposal has confidence {percent(least)}; guessing among {len(seen.classes):,} "
        f"classes has {percent(chance)}."
    )


def say_true_errors(seen: Seen) -> str:
    """How confident the surest mistake is."""
    found = seen.arrays.get("mistakes_confidence")
    if found is None:
        return ""
    if len(found) == 0:
        mix = seen.arrays.get("mix")
        if mix is None or not mix[PROPOSED].sum() or not mix[TRUTH].sum():
            return ""
        return "No proposal is wrong among the rows whose true class is known."
    if not np.isfinite(found).any():
        return ""
    most = float(np.nanmax(found))
    return f"The most confident mistake has confidence {percent(most)}: sure is not the same as right."
