"""What pseudo-labels brought, said honestly: against the twin on the same test rows, with how sure that is.

One seed: exact McNemar test on the rows that only one of the two names rightly [1], and a normal interval of the paired
difference. Several seeds: mean difference and Student's t interval over the seeds.
[1] Dietterich: Approximate statistical tests for comparing supervised classification learning algorithms, 1998
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

LEVEL = 0.05
FEW_TEST_ROWS = 30
FEW_LABELS, LAX_LEVEL = 15, 0.2
Z = 1.959964  # of a normal interval of 95 %
ALARM = 0.25  # total variation between the kept labels' mix and the one expected
SWALLOWS = 0.7  # share of one class among the kept labels, with more than two classes


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided exact p of two counts that would be equally likely if the classifiers were equally good."""
    total = only_first + only_second
    if total == 0:
        return 1.0
    tail = sum(math.comb(total, k) for k in range(min(only_first, only_second) + 1))
    return min(1.0, 2 * tail / 2**total)


def compare(student: np.ndarray, twin: np.ndarray) -> dict[str, float]:
    """student, twin: (T,) whether each test row is named rightly → difference, low, high (shares), p, rows."""
    first, second = np.asarray(student, bool), np.asarray(twin, bool)
    count = len(first)
    gain = first.astype(float) - second
    difference = float(gain.mean())
    error = float(gain.std() / math.sqrt(count))
    return {
        "difference": difference, "low": difference - Z * error, "high": difference + Z * error,
        "p": mcnemar(int((first & ~second).sum()), int((second & ~first).sum())), "rows": count,
    }  # fmt: skip


def compare_seeds(student: list[float], twin: list[float]) -> dict[str, float]:
    """Accuracies of the same seeds → difference, low, high, p (paired t), seeds. At least two seeds."""
    from scipy import stats

    gain = np.asarray(student, float) - np.asarray(twin, float)
    count, mean = len(gain), float(gain.mean())
    error = float(gain.std(ddof=1) / math.sqrt(count))
    reach = float(stats.t.ppf(1 - LEVEL / 2, count - 1)) * error
    p = 1.0 if mean == 0 else float(2 * stats.t.sf(abs(mean) / max(error, 1e-12), count - 1))
    return {"difference": mean, "low": mean - reach, "high": mean + reach, "p": p, "seeds": count}


def verdict(
    found: dict[str, float], student: float, twin: float, ceiling: float | None = None
) -> dict[str, str]:
    """{"outcome": helped, hurt, no difference or unknown, "text": a sentence or two}.

    Args:
        found: of `compare` or `compare_seeds`. student, twin, ceiling: accuracies, or their means over seeds.
    """
    points, low, high = (100 * found[k] for k in ("difference", "low", "high"))
    seeds = int(found.get("seeds", 0))
    over = f"over {seeds} seeds" if seeds else f"on {int(found['rows']):,} test rows"
    numbers = f"{student:.1%} with pseudo-labels, {twin:.1%} from the same labels alone"
    if ceiling is not None:
        numbers += f", {ceiling:.1%} if all labels were known"
    between = f"{points:+.1f} points, 95 % between {low:+.1f} and {high:+.1f}, {over}"
    if not seeds and found["rows"] < FEW_TEST_ROWS:
        text = f"Too few test rows with labels ({int(found['rows'])}) to tell: {numbers}."
        return {"outcome": "unknown", "text": text}
    if found["p"] >= LEVEL:
        return {"outcome": "no difference", "text": f"No difference that could be told from chance ({between}): {numbers}."}  # fmt: skip
    outcome = "helped" if points > 0 else "hurt"
    return {"outcome": outcome, "text": f"Pseudo-labels {outcome} ({between}): {numbers}."}


def total_variation(counts: np.ndarray, shares: np.ndarray) -> float:
    """(C,) counts and (C,) shares → ½ Σ |counts / Σ counts − shares|, between 0 and 1."""
    total = counts.sum()
    return float(np.abs(counts / total - shares).sum() / 2) if total else 0.0


def find_collapse(
    kept: np.ndarray, before: np.ndarray | None, classes: tuple[str, ...]
) -> dict[str, str] | None:
    """A sign of trouble when the kept labels run together in few classes; looks at no true label.

    Args:
        kept: (C,) kept labels a class. before: (C,) of the round before, None in the first.
    """
    count, total = len(classes), int(kept.sum())
    if total < 4 * count or count < 2:
        return None
    top = int(kept.argmax())
    share = kept[top] / total
    empty = [classes[c] for c in np.flatnonzero(kept == 0)]
    grows = before is not None and before.sum() and share > before[top] / before.sum() + 0.02
    limit = SWALLOWS if count > 2 else 0.9
    if share >= limit:
        text = f"Collapse: {share:.0%} of the kept labels are {classes[top]!r}{', and more each round' if grows else ''}."
    elif empty and len(empty) >= count / 3:
        text = f"Collapse: no label is kept for {len(empty)} of {count} classes ({', '.join(empty[:4])})."
    else:
        return None
    return {
        "code": "collapse", "text": text,
        "remedy": "Keep the surest of each class (objective.keep top-k), align the distribution, or give more labels.",
    }  # fmt: skip


def doubt(named: np.ndarray, given: np.ndarray, classes: int) -> str:
    """Why pseudo-labels are not to be trusted here, from the given labels alone; "" when nothing speaks against them.

    Self-training rests on similar rows having the same class. Each given label is held against the others: when similar
    rows name no more of them rightly than guessing would (one-sided binomial test at 5 %, at 20 % for fewer than 15
    labels, which could hardly prove anything), that does not hold. Where even all being right would prove nothing,
    there is no doubt.

    Args:
        named: (L,) class that the other labels name for each, -1 for none. given: (L,) their classes.
    """
    counts = np.bincount(given, minlength=classes)
    seen = int((counts > 0).sum())
    tested = (named >= 0) & (counts[given] >= 2)
    total, right = int(tested.sum()), int((named == given)[tested].sum())
    chance = 1.0 / max(seen, 1)
    level = LEVEL if total >= FEW_LABELS else LAX_LEVEL
    if total == 0 or chance**total > LEVEL:
        return ""
    tail = sum(math.comb(total, k) * chance**k * (1 - chance) ** (total - k) for k in range(right, total + 1))  # fmt: skip
    if tail <= level:
        return ""
    return (
        f"Similar rows name {right} of {total} given labels rightly, and guessing would name about {chance * total:.0f}: "
        "nothing shows that similar rows have the same class here, so no pseudo-label is kept."
    )


def reliability(
    confidence: np.ndarray, is_right: np.ndarray, bins: int = 10
) -> list[dict[str, float]]:
    """Bins of equal width that hold rows: [{"from", "to", "rows", "confidence", "accuracy"}]."""
    place = np.minimum((np.asarray(confidence) * bins).astype(int), bins - 1)
    found = []
    for b in range(bins):
        mine = place == b
        if mine.any():
            found.append({
                "from": b / bins, "to": (b + 1) / bins, "rows": int(mine.sum()),
                "confidence": float(np.asarray(confidence)[mine].mean()), "accuracy": float(np.asarray(is_right)[mine].mean()),
            })  # fmt: skip
    return found


def fit_temperature(logits: np.ndarray, y: np.ndarray) -> float:
    """logits: (N, C), y: (N,) → T > 0 that makes softmax(logits / T) likeliest (Guo et al. 2017); 1 without rows."""
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    if len(y) == 0:
        return 1.0

    def loss(log_t: float) -> float:
        scaled = logits / math.exp(log_t)
        return float((logsumexp(scaled, axis=1) - scaled[np.arange(len(y)), y]).mean())

    return math.exp(minimize_scalar(loss, bounds=(-4, 4), method="bounded").x)


def gauge(x: np.ndarray, y: np.ndarray, classes: int, *, seed: int = 0) -> dict[str, Any]:
    """How good the labels given are likely to make a first proposer, from those labels alone.

    Args:
        x: (L, D) features of the labeled rows, y: (L,) their classes.

    Returns:
        accuracy (stratified cross-validation of logistic regression; None where it cannot be known), folds, rows,
        tone ("good", "even", "bad") and text.
    """
    import warnings

    counts = np.bincount(y, minlength=classes)
    seen = counts[counts > 0]
    about: dict[str, Any] = {"accuracy": None, "folds": 0, "rows": len(y)}
    missing = int((counts == 0).sum())
    lacking = f" {missing} of {classes} classes have no label, and will get no pseudo-label either." if missing else ""  # fmt: skip
    if len(seen) < 2 or seen.min() < 2:
        text = f"With one label a class it cannot be told beforehand how good the proposals will be; they are often poor.{lacking}"
        return about | {"tone": "even", "text": text}
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    folds = int(min(5, seen.min()))
    model = make_pipeline(StandardScaler(), LogisticRegression(C=10.0, max_iter=200))
    cut = StratifiedKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        expected = float(cross_val_score(model, x, y, cv=cut).mean())
    chance = float(seen.max() / seen.sum())
    about |= {"accuracy": expected, "folds": folds}
    part = "half of" if folds == 2 else f"{folds - 1} of {folds} parts of"
    said = f"A classifier that learns from {part} your {len(y)} labels names {expected:.0%} of the others rightly (cross-validation)."
    if expected < chance + 0.15:
        return about | {"tone": "bad", "text": f"{said} That is close to guessing, and from there self-training hurts as often as it helps: look at the twin, give more labels, or let neighbors or names propose.{lacking}"}  # fmt: skip
    if seen.max() >= 5 * seen.min():
        return about | {"tone": "even", "text": f"{said} The labels are unbalanced: watch that the large classes do not swallow the small ones.{lacking}"}  # fmt: skip
    return about | {"tone": "good" if expected >= 0.6 else "even", "text": said + lacking}
