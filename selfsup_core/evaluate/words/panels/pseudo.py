"""The panels of a run with pseudo-labels.

What `say_true_…` say needs the true classes of unlabeled rows: the stage shows it while its switch is on.
Nothing else here reads them.
"""

from __future__ import annotations

import numpy as np

from selfsup_core.evaluate.words.panels.seen import Seen, error_of_share, known
from selfsup_core.translation import tr
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
        return tr("Before the first round, the student and its twin are the same untrained network.")
    rows = seen.baseline.get("test_rows", 0)
    gap = student - twin
    points = tr("{gap:.1f} points").format(gap=100 * abs(gap))
    if abs(gap) < 0.0005:
        return tr("Student and twin are equally accurate: pseudo-labels make no difference so far.")
    if not rows:  # a run of an earlier version does not say
        return tr("The student is {points} {value} its twin, without pseudo-labels.").format(
            points=points, value="above" if gap > 0 else "below"
        )
    if abs(gap) <= 2**0.5 * error_of_share(twin, rows):
        where = tr("which may be chance on {rows:,} test rows").format(rows=rows)
        return tr("No clear difference: student and twin are {points} apart, {where}.").format(
            points=points, where=where
        )
    if gap > 0:
        return tr("Pseudo-labels help so far: the student is {points} above its twin, without them.").format(
            points=points
        )
    return tr("Pseudo-labels do harm so far: the student is {points} below its twin, without them.").format(
        points=points
    )


def say_labels(seen: Seen) -> str:
    """How the kept labels are spread over the classes."""
    mix = seen.arrays.get("mix")
    if mix is None:
        return ""
    kept, given = mix[KEPT].astype(np.int64), mix[GIVEN].astype(np.int64)
    total = int(kept.sum())
    if not total:
        return (
            tr("Nothing is kept before the first round.")
            if seen.epoch == 0
            else tr("No proposal was kept in this round.")
        )
    most = int(kept.argmax())
    share, before = kept[most] / total, given[most] / max(1, given.sum())
    if share >= ONE_CLASS and total >= LEAST_KEPT and before < ONE_CLASS and len(kept) > 1:
        return tr(
            "Nearly all kept labels are of one class, {name}: {share}, and {before} of the given ones."
        ).format(name=seen.name(most), share=percent(share), before=percent(before))
    none = np.flatnonzero((given > 0) & (kept == 0))
    if len(none):
        verb = "has" if len(none) == 1 else "have"
        of = counted(int((given > 0).sum()), "class", "classes")
        return tr("{count} of {of} {verb} no kept label, such as {name}.").format(
            count=len(none), of=of, verb=verb, name=seen.name(int(none[0]))
        )
    least = int(np.where(kept > 0, kept, kept.max() + 1).argmin())
    if kept[most] == total:
        return tr("All {total:,} kept labels are of {name}.").format(total=total, name=seen.name(most))
    if least == most:
        return tr("The kept labels are even: {kept:,} of each class.").format(kept=int(kept[most]))
    return tr("Kept labels per class: from {kept:,} ({name}) to {kept_2:,} ({name_2}).").format(
        kept=int(kept[least]), name=seen.name(least), kept_2=int(kept[most]), name_2=seen.name(most)
    )


def say_true_labels(seen: Seen) -> str:
    """The class whose share of the kept labels is furthest from its true share."""
    mix = seen.arrays.get("mix")
    if mix is None or not mix[KEPT].sum() or not mix[TRUTH].sum():
        return ""
    kept, truth = (mix[row] / mix[row].sum() for row in (KEPT, TRUTH))
    at = int(np.abs(kept - truth).argmax())
    if abs(kept[at] - truth[at]) < DRIFT:
        return tr("The kept labels have nearly the same class shares as the true classes.")
    which = tr("too often") if kept[at] > truth[at] else tr("too seldom")
    shares = tr("{kept} of the labels, but {truth} of the true classes").format(
        kept=percent(kept[at]), truth=percent(truth[at])
    )
    return tr("{name} is kept {which}: {shares}.").format(name=seen.name(at), which=which, shares=shares)


def say_confidence(seen: Seen) -> str:
    """How many proposals are sure."""
    counts = _by_confidence(seen)
    if counts is None:
        return ""
    total = int(counts.sum())
    sure, half = counts[_bin(SURE, counts) :].sum(), counts[: _bin(0.5, counts)].sum()
    low = tr("{half} below 50%").format(half=percent(half / total)) if half else tr("none below 50%")
    if not sure:
        return tr("No proposal is at least {sure} confident; {low}.").format(sure=percent(SURE), low=low)
    return tr("{sure} of {total} are at least {sure_2} confident, {low}.").format(
        sure=percent(sure / total), total=counted(total, "proposal"), sure_2=percent(SURE), low=low
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
    said = tr("of those at least {sure} confident, {right} are correct").format(
        sure=percent(SURE), right=percent(right)
    )
    return (
        tr("Confidence misleads: {said}.").format(said=said)
        if right < SURE - DOUBT
        else tr("Confidence holds: {said}.").format(said=said)
    )


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
        return tr("The first labels: {now:,} rows are kept.").format(now=now) if now else ""
    if dropped / before >= DROPPED:
        return tr("Unsettled: {dropped} of the labels kept before were dropped in this round.").format(
            dropped=percent(dropped / before)
        )
    if changed / before >= UNSETTLED:
        return tr("Unsettled: {changed} of the labels kept before changed their class.").format(
            changed=percent(changed / before)
        )
    if fresh > before:
        return tr(
            "Growing: {fresh:,} rows are new among the kept ones, {before:,} were there before."
        ).format(fresh=fresh, before=before)
    if stayed == before and not fresh:
        return tr("Settled: the same rows are kept with the same labels as in the round before.")
    if stayed == before:
        return tr(
            "Growing: {fresh:,} rows are new among the kept ones; the labels of all others are unchanged."
        ).format(fresh=fresh)
    return tr("Settling: {stayed} of the labels kept before are unchanged.").format(
        stayed=percent(stayed / before)
    )


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
    return tr(
        "The least certain proposal has confidence {least}; guessing among {count:,} classes has {chance}."
    ).format(least=percent(least), count=len(seen.classes), chance=percent(chance))


def say_true_errors(seen: Seen) -> str:
    """How confident the surest mistake is."""
    found = seen.arrays.get("mistakes_confidence")
    if found is None:
        return ""
    if len(found) == 0:
        mix = seen.arrays.get("mix")
        if mix is None or not mix[PROPOSED].sum() or not mix[TRUTH].sum():
            return ""
        return tr("No proposal is wrong among the rows whose true class is known.")
    if not np.isfinite(found).any():
        return ""
    most = float(np.nanmax(found))
    return tr("The most confident mistake has confidence {most}: sure is not the same as right.").format(
        most=percent(most)
    )
