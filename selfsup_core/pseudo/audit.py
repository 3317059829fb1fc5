"""What pseudo-labels changed: student against twin on the same test rows, with its uncertainty.

One seed: exact McNemar test on the rows that only one of the two classifies correctly [1], and an interval of
the paired difference that leaves 0 out when the test does [2, 3]. Several seeds: mean difference and
Student's t interval over them.
[1] Dietterich: Approximate statistical tests for comparing supervised classification learning algorithms,
1998
[2] Bonett, Price: Adjusted Wald confidence interval for a difference of binomial proportions based on paired
data, 2012
[3] Clopper, Pearson: The use of confidence or fiducial limits illustrated in the case of the binomial, 1934
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from typing_extensions import TypedDict

from selfsup_core.translation import tr
from selfsup_core.wording import percent

LEVEL = 0.05


FEW_TEST_ROWS = 30


FEW_LABELS = 15


LAX_LEVEL = 0.2


Z = 1.959964  # of a normal interval of 95%


WORTH = 0.03  # a difference of accuracies that a test should be able to show
UNEVEN = 0.2  # total variation of the test classes from even ones, from which accuracy alone says too little


ALARM = 0.25  # by which the largest class's share is above the one that is expected


SWALLOWS = 0.7  # share of one class among the kept labels, with more than two classes


class Verdict(TypedDict):
    """What pseudo-labels brought, and that in a sentence or two."""

    outcome: Literal["helped", "hurt", "no difference", "unknown", "not used"]
    text: str


class Collapse(TypedDict):
    """A sign of trouble, in the form of all the others (`evaluate.rows.Sign`)."""

    code: str
    text: str
    remedy: str


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided exact p of two counts that would be equally likely if the classifiers were equally good."""
    from scipy.special import bdtr

    total = only_first + only_second
    return min(1.0, 2 * float(bdtr(min(only_first, only_second), total, 0.5))) if total else 1.0


def paired_interval(only_first: int, only_second: int, rows: int) -> tuple[float, float]:
    """95% interval of the difference of two shares on the same rows.

    The wider of two at each end: the adjusted Wald interval of [2], which covers as often as it says, and the
    exact one of
    [3] for the rows on which the two differ, which holds 0 whenever McNemar's test finds nothing.
    """
    from scipy.special import betaincinv

    # One row is added to each of the two counts.
    a, b, n = (only_first + 1) / (rows + 2), (only_second + 1) / (rows + 2), rows + 2
    reach = Z * math.sqrt((a + b - (a - b) ** 2) / n)
    low, high = a - b - reach, a - b + reach
    total = only_first + only_second
    if total:
        least = float(betaincinv(only_first, only_second + 1, LEVEL / 2)) if only_first else 0.0
        most = float(betaincinv(only_first + 1, only_second, 1 - LEVEL / 2)) if only_second else 1.0
        low = min(low, total / rows * (2 * least - 1))
        high = max(high, total / rows * (2 * most - 1))
    return max(-1.0, low), min(1.0, high)


def compare(student: np.ndarray, twin: np.ndarray) -> dict[str, float]:
    """student, twin: (T,) whether each test row is classified correctly → difference, low, high (shares), p,
    rows.
    """
    first, second = np.asarray(student, bool), np.asarray(twin, bool)
    count = len(first)
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    low, high = paired_interval(only_first, only_second, count) if count else (-1.0, 1.0)
    return {
        "difference": (only_first - only_second) / max(1, count),
        "low": low,
        "high": high,
        "p": mcnemar(only_first, only_second),
        "rows": count,
    }


def compare_seeds(student: list[float], twin: list[float]) -> dict[str, float]:
    """Accuracies of the same seeds → difference, low, high, p (paired t), seeds. At least two seeds.

    Test rows are counted, so a few seeds can differ by the very same amount. They have no spread then to
    judge it by: p is that of as many equal signs, 2^(1 − seeds), and low and high are the difference itself.
    """
    from scipy import stats

    gain = np.asarray(student, float) - np.asarray(twin, float)
    count, mean = len(gain), float(gain.mean())
    error = float(gain.std(ddof=1) / math.sqrt(count))
    reach = float(stats.t.ppf(1 - LEVEL / 2, count - 1)) * error
    if np.ptp(gain) < 1e-9:
        p = 1.0 if abs(mean) < 1e-9 else 2.0 ** (1 - count)
        return {"difference": mean, "low": mean, "high": mean, "p": p, "seeds": count}
    p = float(2 * stats.t.sf(abs(mean) / error, count - 1))
    return {"difference": mean, "low": mean - reach, "high": mean + reach, "p": p, "seeds": count}


def verdict(found: dict[str, float], student: float, twin: float, ceiling: float | None = None) -> Verdict:
    """{"outcome": helped, hurt, no difference or unknown, "text": a sentence or two}.

    Args:
        found: of `compare` or `compare_seeds`. student, twin, ceiling: accuracies, or their means over seeds.
    """
    # + 0.0 so that a rounded −0.04 is not written as -0.0.
    points, low, high = (round(100 * found[k], 1) + 0.0 for k in ("difference", "low", "high"))
    seeds = int(found.get("seeds", 0))
    over = (
        tr("over {seeds} seeds").format(seeds=seeds)
        if seeds
        else tr("on {rows:,} test rows").format(rows=int(found["rows"]))
    )
    numbers = tr("{student} with pseudo-labels, {twin} with the given labels alone").format(
        student=percent(student, 1), twin=percent(twin, 1)
    )
    if ceiling is not None:
        numbers += tr(", {ceiling} if all labels were known").format(ceiling=percent(ceiling, 1))
    between = tr("{points:+.1f} points, 95% between {low:+.1f} and {high:+.1f}, {over}").format(
        points=points, low=low, high=high, over=over
    )
    if seeds and found["high"] - found["low"] < 1e-9:
        between = tr("{points:+.1f} points with each of {seeds} seeds").format(points=points, seeds=seeds)
    if not seeds and found["rows"] < FEW_TEST_ROWS:
        rows = int(found["rows"])
        text = tr("Too few test rows with labels ({rows}) to decide: {numbers}.").format(
            rows=rows, numbers=numbers
        )
        if rows:
            low, high = share_interval(round(student * rows), rows)
            text += tr(" With so few rows, {student} means {low} to {high} (95% interval).").format(
                student=percent(student, 1), low=percent(low), high=percent(high)
            )
        return {"outcome": "unknown", "text": text}
    if found["p"] >= LEVEL and not seeds and (needed := rows_needed(found)) > found["rows"]:
        return {
            "outcome": "unknown",
            "text": tr(
                "Too few test rows to decide ({between}): {numbers}. About {round_up:,} test "
                "rows would show a difference of {worth:g} points."
            ).format(between=between, numbers=numbers, round_up=round_up(needed), worth=100 * WORTH),
        }
    if found["p"] >= LEVEL:
        return {
            "outcome": "no difference",
            "text": tr("No significant difference ({between}): {numbers}.").format(
                between=between, numbers=numbers
            ),
        }
    outcome: Literal["helped", "hurt"] = "helped" if found["difference"] > 0 else "hurt"
    return {"outcome": outcome, "text": f"Pseudo-labels {outcome} ({between}): {numbers}."}


def rows_needed(found: dict[str, float]) -> int:
    """Test rows on which the 95% interval would reach `WORTH` to either side, with as many differing rows in
    a hundred as now.
    """
    reach = (found["high"] - found["low"]) / 2
    return math.ceil(found["rows"] * (reach / WORTH) ** 2)


def round_up(count: int) -> int:
    """To two digits, upwards: 1,234 is 1,300."""
    unit = int(10 ** max(0, len(str(count)) - 2))
    return -(-count // unit) * unit


def say_uneven(counts: np.ndarray, scores: dict[str, tuple[float | None, float | None]]) -> str:
    """Macro-F1 and balanced accuracy of student and twin, where test classes are uneven; else "".

    Args:
        counts: (C,) test rows of each class. scores: title → (student, twin).
    """
    there = counts[counts > 0]
    if len(there) < 2 or total_variation(there, np.full(len(there), 1 / len(there))) < UNEVEN:
        return ""
    parts = [
        tr("{title} {student} with pseudo-labels, {twin} without").format(
            title=title, student=percent(student, 1), twin=percent(twin, 1)
        )
        for title, (student, twin) in scores.items()
        if student is not None and twin is not None
    ]
    return tr(" The classes are uneven: {parts}.").format(parts="; ".join(parts)) if parts else ""


def say_careless(careless: float, twin: float) -> str:
    """The careless network against the twin in percentage points, both on the same test rows."""
    gap = 100 * (careless - twin)
    beside = (
        tr("level with")
        if abs(gap) < 0.05
        else tr("{gap:.1f} points {value}").format(gap=abs(gap), value="above" if gap > 0 else "below")
    )
    return tr(
        " Without safeguards (even class shares, no check, full weight) the accuracy is "
        "{careless}: {beside} the given labels alone."
    ).format(careless=percent(careless, 1), beside=beside)


def total_variation(counts: np.ndarray, shares: np.ndarray) -> float:
    """(C,) counts and (C,) shares → ½ Σ |counts / Σ counts − shares|, between 0 and 1."""
    total = counts.sum()
    return float(np.abs(counts / total - shares).sum() / 2) if total else 0.0


def find_collapse(
    kept: np.ndarray,
    before: np.ndarray | None,
    classes: tuple[str, ...],
    expected: np.ndarray | None = None,
    *,
    least: np.ndarray | None = None,
    keep: str = "",
    is_aligned: bool = False,
) -> Collapse | None:
    """A sign of trouble when the kept labels concentrate in few classes; uses no true label.

    Args:
        kept: (C,) kept labels per class. before: (C,) of the round before, None in the first.
        expected: (C,) shares that are aimed at or estimated, even ones if None; a class that is to be large
        is not a collapse.
        least: (C,) shares that every estimate grants at least, `expected` if None; a class that one of them
        denies may be empty.
        keep, is_aligned: settings of the run, so that no remedy is named that is in use already.
    """
    count, total = len(classes), int(kept.sum())
    if total < 4 * count or count < 2:
        return None
    wanted = np.full(count, 1 / count) if expected is None else expected / expected.sum()
    top = int(kept.argmax())
    share = kept[top] / total
    # Of a class that is to have fewer than four of the kept rows, none may be there by chance.
    due = (wanted if least is None else least) * total >= 4 - 1e-9
    empty = [classes[c] for c in np.flatnonzero((kept == 0) & due)]
    grows = before is not None and before.sum() and share > before[top] / before.sum() + 0.02
    by_chance = 3 * math.sqrt(wanted[top] * (1 - wanted[top]) / total)
    limit = max(SWALLOWS if count > 2 else 0.9, wanted[top] + max(ALARM, by_chance))
    # A class that is to have nearly all rows may have nearly all, and yet not all where others are due.
    if share >= limit or (share == 1 and np.delete(due, top).any()):
        aim = (
            ""
            if expected is None
            else tr(", where about {wanted} were expected").format(wanted=percent(wanted[top]))
        )
        text = tr("Collapse: {share} of the kept labels are {classes!r}{aim}{value}.").format(
            share=percent(share),
            classes=classes[top],
            aim=aim,
            value=", and more each round" if grows else "",
        )
    elif empty and len(empty) >= due.sum() / 3:
        text = tr("Collapse: no label is kept for {count} of {count_2} classes ({empty}).").format(
            count=len(empty), count_2=count, empty=", ".join(empty[:4])
        )
    else:
        return None
    return {
        "code": "collapse",
        "text": text,
        "remedy": collapse_remedy(
            [classes[c] for c in np.argsort(kept, kind="stable")[:3]], keep, is_aligned
        ),
    }


def collapse_remedy(rarest: list[str], keep: str, is_aligned: bool) -> str:
    """What may help against a collapse and is not in use yet."""
    ways = [] if keep == "top-k" else [tr("keep the surest of each class")]
    if not is_aligned:
        ways.append(tr("switch on distribution alignment"))
    if keep == "top-k":
        ways.append(tr("lower the share kept last"))
    ways.append(tr("label more rows of the rarest classes ({rarest})").format(rarest=", ".join(rarest)))
    text = f"{', '.join(ways[:-1])}, or {ways[-1]}." if len(ways) > 1 else f"{ways[0]}."
    return text[0].upper() + text[1:]


def beats_guessing(right: int, total: int, classes: int) -> bool:
    """Whether `right` of `total` labels are more than guessing among `classes` would name (one-sided binomial
    test).

    True as well where even all being right would prove nothing.
    """
    from scipy.special import bdtrc

    chance = 1.0 / classes
    if total == 0 or chance**total > LEVEL:
        return True
    level = LEVEL if total >= FEW_LABELS else LAX_LEVEL
    return bool(right and bdtrc(right - 1, total, chance) <= level)


def doubt(named: np.ndarray, given: np.ndarray, classes: int) -> str:
    """Why pseudo-labels are not to be trusted here, from the given labels alone; "" when nothing speaks
    against them.

    Self-training rests on similar rows having the same class. Each given label is held against the others:
    when similar rows name no more of them correctly than guessing would (one-sided binomial test at 5%, at
    20% for fewer than 15 labels, which could hardly prove anything), that does not hold. Where even all being
    right would prove nothing, there is no doubt.

    Args:
        named: (L,) class that the other labels name for each, -1 for none. given: (L,) their classes.
    """
    counts = np.bincount(given, minlength=classes)
    seen = max(1, int((counts > 0).sum()))
    tested = (named >= 0) & (counts[given] >= 2)
    total, right = int(tested.sum()), int((named == given)[tested].sum())
    if beats_guessing(right, total, seen):
        return ""
    chance = 1.0 / seen
    return tr(
        "Similar rows predict {right} of {total} given labels correctly, and guessing would predict about "
        "{chance:.0f}: nothing shows that similar rows have the same class here, so no "
        "pseudo-label is kept."
    ).format(right=right, total=total, chance=chance * total)


def share_interval(right: int, rows: int) -> tuple[float, float]:
    """Wilson's 95% interval of a share of which `right` of `rows` were seen."""
    share, z = right / rows, Z**2 / rows
    middle, reach = share + z / 2, Z * math.sqrt(share * (1 - share) / rows + z / (4 * rows))
    return max(0.0, (middle - reach) / (1 + z)), min(1.0, (middle + reach) / (1 + z))
